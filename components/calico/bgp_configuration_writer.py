"""Reading and writing our part of a BGPConfiguration in the cluster.

The object belongs to the cluster: calico-node or the administrator may have made it. Server-side apply loses
others' fields (its lists are atomic, and a destroy deletes the object), so: read, merge, PUT the whole object
with the resourceVersion that was read, and again when somebody was quicker.
No Pulumi here; the state is bgp_configuration_provider.py's, the merging bgp_configuration_part.py's.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import replace
from typing import Any, cast

from kubernetes.client import ApiException, CustomObjectsApi, V1DeleteOptions, V1Preconditions

from components.calico.bgp_configuration_conflicts import Conflict, conflicts, told
from components.calico.bgp_configuration_fields import FILLED_IN
from components.calico.bgp_configuration_part import (
    NOTHING,
    OBJECT,
    Before,
    Ours,
    Part,
    Wish,
    listed,
    made_anew,
    merged,
    there,
    without_ours,
)
from components.calico.calico_api import (
    CRD_V1,
    REQUEST_TIMEOUT,
    CalicoClient,
    ChangedMeanwhileError,
    NotServedError,
    check_calico,
    clear_errors,
    in_cluster,
)
from components.calico.field_owner import NOBODY
from components.calico.stack_names import StackNames
from components.calico.unchanged_meanwhile import unless_changed_meanwhile
from components.shared.provider_errors import ProviderError
from components.shared.shared_value import OthersValueError
from components.shared.this_run import THIS_RUN

PLURAL = "bgpconfigurations"
# Who the object's managedFields say wrote our part.
FIELD_MANAGER = "calico-peering"


def look(client: CalicoClient, name: str, place: str) -> Before:
    """How it is with a place of the object now. Raises ProviderError."""
    check_calico(client)
    found = read_configuration(client, name)
    if found is None:
        return Before(place, "", False)
    return Before(place, found["metadata"]["uid"], listed(found, place))


def change(client: CalicoClient, name: str, wish: Wish) -> Ours:
    """Make the object have what is wished for, drop what of ours is not; return what is ours now.

    `wish.absent` is known here. The object is made when it is missing and something is wanted, and deleted
    when we made it, nothing is wanted and nothing of others is in its spec. Raises ProviderError when the
    cluster does not answer, serve Calico's API or allow it, and when another's value is in the way.
    """
    check_calico(client)
    # We looked in this very run and wrote nothing since: what is there now came from somebody else.
    absent = THIS_RUN.absent_before_us(in_cluster(client, name), [OBJECT, *wish.part.places()])
    return unless_changed_meanwhile(lambda: _change_once(client, name, replace(wish, absent=absent)))


def part_there(client: CalicoClient, name: str, part: Part) -> Part:
    """What of a part is there, whoever wrote it."""
    check_calico(client)
    found = read_configuration(client, name)
    return Part() if found is None else there(found, part)


def take_off(client: CalicoClient, name: str, before: Before, stack: str) -> None:
    """Leave nothing of ours at one place, whatever a run that was killed has written."""
    if read_configuration(client, name) is not None:
        change(client, name, Wish(Part(), stack, before=[before]))


def read_configuration(client: CalicoClient, name: str) -> dict[str, Any] | None:
    """The object, or None. Raises ProviderError."""
    try:
        with clear_errors(client, f"reading BGPConfiguration {name}"):
            found = CustomObjectsApi(client).get_cluster_custom_object(
                *client.calico, PLURAL, name, _request_timeout=REQUEST_TIMEOUT
            )
            return cast("dict[str, Any]", found)
    except NotServedError:
        return None


def others_values(
    client: CalicoClient,
    found: Mapping[str, Any],
    values: Mapping[str, Any],
    take_over: Collection[str],
    stack: StackNames,
    ours: Collection[str] = (),
) -> list[Conflict]:
    """The values of others that are in the way (bgp_configuration_conflicts.conflicts)."""
    in_the_way = conflicts(found, values, take_over, stack, ours)
    if any(NOBODY in one.whose for one in in_the_way):
        beneath = _beneath(client, found["metadata"]["name"])
        in_the_way = conflicts(found, values, take_over, stack, ours, beneath)
    return in_the_way


def _beneath(client: CalicoClient, name: str) -> dict[str, Any] | None:
    """The object as Calico keeps it, if it can be had: it only helps to tell whose something is."""
    try:
        found = CustomObjectsApi(client).get_cluster_custom_object(
            *CRD_V1, PLURAL, name, _request_timeout=REQUEST_TIMEOUT
        )
    except ApiException:
        return None
    return cast("dict[str, Any]", found)


def _change_once(client: CalicoClient, name: str, wish: Wish) -> Ours:
    found = read_configuration(client, name)
    if found is None:
        if not wish.part:
            return NOTHING
        spec, annotations, ours = made_anew(wish)
        THIS_RUN.wrote(in_cluster(client, name), OBJECT, *wish.part.places())
        made = _made(client, name, spec, annotations)
        return replace(ours, uid=made["metadata"]["uid"], filled_in=without_ours(made["spec"], ours))
    # Asked for only where it decides something: it is a request of its own.
    unknown = bool(wish.before) and not any(one.uid for one in wish.before) and not wish.ours.uid
    try:
        step = merged(found, wish, _filled_in(client) if unknown else {})
    except OthersValueError:
        in_the_way = others_values(
            client, found, wish.part.values, wish.take_over, wish.stacks, wish.ours.values
        )
        raise ProviderError(told(client.configuration.host, in_the_way)) from None
    if step.gone:
        _delete(client, name, found)
        return NOTHING
    if step.changed:
        THIS_RUN.wrote(in_cluster(client, name), *wish.part.places())
        _replace(client, name, step.found)
    return step.ours


def _filled_in(client: CalicoClient) -> dict[str, Any]:
    """What the API server sets by itself in the spec of a new object; nothing is made."""
    asked = _made(client, "calico-peering-asks", {}, {}, dry_run="All").get("spec") or {}
    return {**FILLED_IN, **asked}


def _made(
    client: CalicoClient,
    name: str,
    spec: Mapping[str, Any],
    annotations: Mapping[str, str],
    dry_run: str | None = None,
) -> dict[str, Any]:
    body = {
        "apiVersion": str(client.calico),
        "kind": "BGPConfiguration",
        "metadata": {"name": name, **({"annotations": {**annotations}} if annotations else {})},
        "spec": {**spec},
    }
    with clear_errors(client, f"making BGPConfiguration {name}"):
        made = CustomObjectsApi(client).create_cluster_custom_object(
            *client.calico,
            PLURAL,
            body,
            dry_run=dry_run,
            field_manager=FIELD_MANAGER,
            _request_timeout=REQUEST_TIMEOUT,
        )
        return cast("dict[str, Any]", made)


def _replace(client: CalicoClient, name: str, changed: dict[str, Any]) -> None:
    try:
        with clear_errors(client, f"changing our part of BGPConfiguration {name}"):
            CustomObjectsApi(client).replace_cluster_custom_object(
                *client.calico,
                PLURAL,
                name,
                changed,
                field_manager=FIELD_MANAGER,
                _request_timeout=REQUEST_TIMEOUT,
            )
    except NotServedError as error:
        raise ChangedMeanwhileError(str(error)) from error


def _delete(client: CalicoClient, name: str, found: Mapping[str, Any]) -> None:
    metadata = found["metadata"]
    unchanged = V1Preconditions(uid=metadata["uid"], resource_version=metadata["resourceVersion"])
    try:
        with clear_errors(client, f"deleting BGPConfiguration {name}"):
            CustomObjectsApi(client).delete_cluster_custom_object(
                *client.calico,
                PLURAL,
                name,
                body=V1DeleteOptions(preconditions=unchanged),
                _request_timeout=REQUEST_TIMEOUT,
            )
    except NotServedError:
        # Somebody else deleted it first: what was wanted is so.
        return
