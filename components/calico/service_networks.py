"""Our entries in `serviceClusterIPs` of Calico's BGPConfiguration `default`.

`default` belongs to the cluster: calico-node or the administrator may have made it, and others
keep fields and entries in it. Server-side apply loses those (its lists are atomic, and a destroy
deletes the object), so: read, merge, PUT the whole object with the resourceVersion that was read.
No Pulumi here; the state is service_networks_provider.py's.
"""

from __future__ import annotations

import copy
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Any, cast

import tenacity
from kubernetes.client import ApiClient, CustomObjectsApi, V1DeleteOptions, V1Preconditions

from components.calico.calico_api import (
    GROUP,
    REQUEST_TIMEOUT,
    VERSION,
    ChangedMeanwhileError,
    NotServedError,
    check_calico,
    clear_errors,
)
from components.shared.shared_list import Entry, Shape, plan, present
from components.shared.this_run import THIS_RUN

PLURAL = "bgpconfigurations"
NAME = "default"
FIELD = "serviceClusterIPs"
# What Calico 3.31 sets in a new object. Its aggregated API server does not say so in a dry run.
DEFAULTS = {"serviceLoadBalancerAggregation": "Enabled"}
# The object itself among the things of one run (this_run.py).
OBJECT = "the object"
ATTEMPTS = 12

_SHAPE = Shape(lambda entry: str(entry.get("cidr")), lambda network: {"cidr": network})


@dataclass(frozen=True)
class Ours:
    """What of `default` is ours.

    `added`: canonical networks that were not there before us. `uid`: the object that this was
    true of ("" for none): in an object made anew since, or in another cluster, nothing is ours.
    `made_default`: the object itself is ours. `filled_in`: what the API server set in the spec of
    the object that we made (Calico 3.31: serviceLoadBalancerAggregation), so nobody's wish.
    """

    added: list[str]
    uid: str = ""
    made_default: bool = False
    filled_in: dict[str, Any] = field(default_factory=dict)


NOTHING = Ours([])


@dataclass(frozen=True)
class Before:
    """One network before us: whether `default` listed it, and that object's uid ("": there was none)."""

    network: str
    uid: str
    listed: bool


def look(client: ApiClient, network: str) -> Before:
    """How it is with a network (canonical) in `default` now. Raises ProviderError."""
    check_calico(client)
    found = _read(client)
    if found is None:
        return Before(network, "", False)
    return Before(network, found["metadata"]["uid"], bool(present(_entries(found), [network], _SHAPE)))


def change_networks(
    client: ApiClient, wanted: Sequence[str], ours: Ours, before: Sequence[Before] = ()
) -> Ours:
    """Make `default` list `wanted`, drop what of `ours` is not wanted; return what is ours now.

    Networks are canonical. `before`: what is known of networks that `ours` does not know yet; what was
    not there then is ours, since a run that was killed may have written it. `default` is made when it
    is missing and something is wanted, and deleted when we made it, nothing is wanted and nothing of
    others is in its spec. Raises ProviderError when the cluster does not answer, serve v3 or allow it.
    """
    check_calico(client)
    # We looked in this very run and wrote nothing since: what is there now came from somebody else.
    absent = THIS_RUN.absent_before_us(NAME, [OBJECT, *wanted])
    for attempt in tenacity.Retrying(
        retry=tenacity.retry_if_exception_type(ChangedMeanwhileError),
        stop=tenacity.stop_after_attempt(ATTEMPTS),
        wait=tenacity.wait_random_exponential(multiplier=0.1, max=2),
        reraise=True,
    ):
        with attempt:
            return _change_once(client, wanted, ours, before, absent)
    raise AssertionError("unreachable: the last attempt raises")


def present_networks(client: ApiClient, networks: Sequence[str]) -> list[str] | None:
    """Those of `networks` (canonical) that `default` lists; None when it is not there at all."""
    check_calico(client)
    found = _read(client)
    return None if found is None else present(_entries(found), networks, _SHAPE)


def take_off(client: ApiClient, before: Before) -> None:
    """Leave nothing of ours of one network, whatever a run that was killed has written."""
    found = _read(client)
    if found is not None and not before.listed:
        mine = _known(client, found, NOTHING, [before], set())
        if mine.added:
            change_networks(client, [], mine)


def _known(
    client: ApiClient, found: dict[str, Any], ours: Ours, before: Sequence[Before], absent: set[str]
) -> Ours:
    """What of the object found is ours, by the state and by what was before us."""
    uid = found["metadata"]["uid"]
    mine = ours if ours.uid == uid else NOTHING
    theirs = absent.intersection(present(_entries(found), absent, _SHAPE))
    new = [
        one.network for one in before if not one.listed and one.uid in ("", uid) and one.network not in theirs
    ]
    made = bool(new) and not ours.uid and OBJECT not in absent and all(one.uid == "" for one in before)
    if made:
        mine = Ours([], uid, True, _filled_in(client))
    return replace(mine, added=[*mine.added, *new], uid=uid)


def _change_once(
    client: ApiClient, wanted: Sequence[str], ours: Ours, before: Sequence[Before], absent: set[str]
) -> Ours:
    found = _read(client)
    if found is None:
        if not wanted:
            return NOTHING
        made = _create(client, [_SHAPE.make(network) for network in wanted])
        filled_in = _with_entries(made, [])["spec"]
        return Ours(list(wanted), made["metadata"]["uid"], True, filled_in)
    uid = found["metadata"]["uid"]
    mine = _known(client, found, ours, before, absent)
    step = plan(_entries(found), wanted, mine.added, _SHAPE)
    changed = _with_entries(found, step.entries)
    if mine.made_default and not wanted and _only(changed["spec"], mine.filled_in):
        _delete(client, found)
        return NOTHING
    if step.changed:
        _replace(client, changed)
    return replace(mine, added=step.added, uid=uid)


def _only(spec: dict[str, Any], known: dict[str, Any]) -> bool:
    """Whether every field of `spec` is one of `known`, with its value."""
    return all(known.get(name) == value for name, value in spec.items())


def _entries(found: dict[str, Any]) -> list[Entry]:
    return list((found.get("spec") or {}).get(FIELD) or [])


def _with_entries(found: dict[str, Any], entries: list[Entry]) -> dict[str, Any]:
    """A copy with another list; an empty list is no key, as in an object that never had one."""
    changed = copy.deepcopy(found)
    spec = {**(changed.get("spec") or {}), FIELD: entries}
    if not entries:
        del spec[FIELD]
    changed["spec"] = spec
    return changed


def _read(client: ApiClient) -> dict[str, Any] | None:
    try:
        with clear_errors(client, f"reading BGPConfiguration {NAME}"):
            found = CustomObjectsApi(client).get_cluster_custom_object(
                GROUP, VERSION, PLURAL, NAME, _request_timeout=REQUEST_TIMEOUT
            )
            return cast("dict[str, Any]", found)
    except NotServedError:
        return None


def _create(client: ApiClient, entries: list[Entry]) -> dict[str, Any]:
    THIS_RUN.wrote(NAME)
    return _made(client, NAME, {FIELD: entries})


def _filled_in(client: ApiClient) -> dict[str, Any]:
    """What the API server sets by itself in the spec of a new object; nothing is made."""
    asked = _made(client, "calico-peering-asks", {}, dry_run="All").get("spec") or {}
    return {**DEFAULTS, **asked}


def _made(client: ApiClient, name: str, spec: dict[str, Any], dry_run: str | None = None) -> dict[str, Any]:
    body = {
        "apiVersion": f"{GROUP}/{VERSION}",
        "kind": "BGPConfiguration",
        "metadata": {"name": name},
        "spec": spec,
    }
    with clear_errors(client, f"making BGPConfiguration {name}"):
        made = CustomObjectsApi(client).create_cluster_custom_object(
            GROUP, VERSION, PLURAL, body, dry_run=dry_run, _request_timeout=REQUEST_TIMEOUT
        )
        return cast("dict[str, Any]", made)


def _replace(client: ApiClient, changed: dict[str, Any]) -> None:
    THIS_RUN.wrote(NAME)
    try:
        with clear_errors(client, f"changing {FIELD} of BGPConfiguration {NAME}"):
            CustomObjectsApi(client).replace_cluster_custom_object(
                GROUP, VERSION, PLURAL, NAME, changed, _request_timeout=REQUEST_TIMEOUT
            )
    except NotServedError as error:
        raise ChangedMeanwhileError(str(error)) from error


def _delete(client: ApiClient, found: dict[str, Any]) -> None:
    metadata = found["metadata"]
    unchanged = V1Preconditions(uid=metadata["uid"], resource_version=metadata["resourceVersion"])
    try:
        with clear_errors(client, f"deleting BGPConfiguration {NAME}"):
            CustomObjectsApi(client).delete_cluster_custom_object(
                GROUP,
                VERSION,
                PLURAL,
                NAME,
                body=V1DeleteOptions(preconditions=unchanged),
                _request_timeout=REQUEST_TIMEOUT,
            )
    except NotServedError:
        # Somebody else deleted it first: what was wanted is so.
        return
