"""Which objects of a cluster a stack takes for its own, and which stop it before anything is written."""

from typing import Any

import pytest
from kubernetes.client import ApiException, Configuration

from components import preflight
from components.calico import own_objects
from components.calico.calico_api import V3, CalicoClient
from components.calico.stack_names import StackNames
from components.settings.site import read_site
from components.shared.provider_errors import ProviderError
from tests.unit.example import values

STACK = "project/stack"
MACHINES, REFLECTORS = "bgppeer-external", "route-reflectors-10.0.0.1"
There = dict[str, dict[str, str]]


@pytest.fixture
def there(monkeypatch: pytest.MonkeyPatch) -> There:
    """The annotations of what the cluster has, by name; empty at first."""
    objects: There = {}

    class Api:
        def __init__(self, _client: CalicoClient) -> None: ...

        def get_cluster_custom_object(self, *words: str, **_: Any) -> dict[str, Any]:
            if words[-1] not in objects:
                raise ApiException(status=404)
            return {"metadata": {"name": words[-1], "annotations": objects[words[-1]]}}

    monkeypatch.setattr(own_objects, "CustomObjectsApi", Api)
    monkeypatch.setattr(preflight, "cluster_client", lambda _: CalicoClient(Configuration(), V3))
    return objects


def found(**settings: str) -> frozenset[str]:
    """What is the stack's own, by an installation of one machine with these settings."""
    site = read_site(values(**settings))
    return preflight.left_over(site, StackNames(STACK), {}).cluster[""]


REFLECTED = {"reflectorNodes": '["a", "b"]', "reflectorClusterId": "10.0.0.1"}


def test_nothing_is_there_at_first(there: There) -> None:
    assert found(**REFLECTED) == frozenset()


def test_what_has_the_stacks_mark_is_its_own(there: There) -> None:
    there |= {name: {"calico-peering/stack": STACK} for name in (MACHINES, REFLECTORS)}
    assert found(**REFLECTED) == {f"BGPPeer/{MACHINES}", f"BGPPeer/{REFLECTORS}"}
    assert found() == {f"BGPPeer/{MACHINES}"}


@pytest.mark.parametrize("name", [MACHINES, REFLECTORS])
def test_what_another_made_stops_it_with_the_way_out(there: There, name: str) -> None:
    there[name] = {"calico-peering/stack": "project/other"}
    with pytest.raises(ProviderError) as caught:
        found(**REFLECTED)
    said = str(caught.value)
    assert f"BGPPeer {name}, of this program's stack project/other" in said
    assert (
        f"`kubectl annotate bgppeers.projectcalico.org {name} --overwrite calico-peering/stack={STACK}`"
        in said
    )
    assert "calico-peering:machineName" in said and "calico-peering:reflectorClusterId" in said


def test_reflectors_of_another_cluster_id_are_not_in_the_way(there: There) -> None:
    there[REFLECTORS] = {}
    assert found(**{**REFLECTED, "reflectorClusterId": "10.0.0.2"}) == frozenset()
    assert found() == frozenset()
