"""Runs a piece of Pulumi program on Pulumi's mocks and keeps what it declared.

Resources answer with their inputs, and in a preview ids are unknown, as with the real engine.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from typing import Any, cast
from unittest import mock

import pulumi
import pulumi.resource_hooks
from pulumi.runtime.mocks import MockCallArgs, MockMonitor, MockResourceArgs, Mocks

Outputs = Mapping[str, Mapping[str, Any]]


class Recorder(Mocks):
    """`outputs`: by resource type, what a resource answers beside its inputs."""

    def __init__(self, outputs: Outputs, preview: bool) -> None:
        self.outputs = outputs
        # pulumi.runtime.is_dry_run() says False on the mocks' own threads.
        self.preview = preview
        self.made: list[MockResourceArgs] = []

    def new_resource(self, args: MockResourceArgs) -> tuple[str | None, dict[str, Any]]:
        self.made.append(args)
        unknown = self.preview and args.custom
        identity = None if unknown else f"{args.name}-id"
        return identity, {**args.inputs, **self.outputs.get(args.typ, {})}

    def call(self, args: MockCallArgs) -> tuple[dict[str, Any], list[tuple[str, str]] | None]:
        raise AssertionError(f"no call was expected, found {args.token}")

    def of(self, kind: str) -> dict[str, dict[str, Any]]:
        """Inputs by name of the resources of a type."""
        return {each.name: each.inputs for each in self.made if each.typ == kind}

    def urns(self, kind: str) -> list[str]:
        """URNs, which tell the parents' types, of the resources of a type."""
        monitor = cast("MockMonitor", pulumi.runtime.settings.get_monitor())
        return [urn for urn in monitor.get_registered_resources() if f"{kind}::" in urn]


def recorded(
    program: Callable[[], object], *, preview: bool = False, outputs: Outputs | None = None
) -> Recorder:
    """Run `program` until everything that it declared is registered."""
    recorder = Recorder(outputs or {}, preview)
    pulumi.runtime.set_mocks(recorder, project="project", stack="stack", preview=preview)

    def no_hook(hook: pulumi.ResourceHook | pulumi.ErrorHook) -> asyncio.Future[None]:
        # The mocks have no server for callbacks; what hooks do is tested on the lab.
        done: asyncio.Future[None] = asyncio.get_event_loop().create_future()
        done.set_result(None)
        return done

    @pulumi.runtime.test  # type: ignore[untyped-decorator]
    def run() -> None:
        program()

    with (
        mock.patch.object(pulumi.resource_hooks, "register_resource_hook", no_hook),
        mock.patch.object(pulumi.resource_hooks, "register_error_hook", no_hook),
    ):
        run()
    return recorder
