"""The lab's cluster: a real Kubernetes API with Calico's, nodes that route as Calico's do, two pods.

There is no kubelet, no scheduler, no container runtime and no Felix: what a node is to the outside
(BGP, forwarding, an overlay, a service's address translation) is real, what runs on it is not.
"""

import shutil
from collections.abc import Callable
from contextlib import AbstractContextManager
from pathlib import Path

from lab.cluster import overlay, pods, service
from lab.cluster.control_plane import ControlPlane
from lab.cluster.node_router import NodeRouter
from lab.cluster.pki import Pki
from lab.debian import Tools
from lab.hosts import Hosts
from lab.layout import Layout
from lab.site import MGMT, NODES


def bring_up(
    layout: Layout,
    hosts: Hosts,
    tools: Tools,
    binaries: Path,
    calico_files: Path,
    step: Callable[[str], AbstractContextManager[None]],
) -> None:
    """Bring the cluster up, from nothing, until all of it answers; about 15 s on two cores.

    `binaries` holds kube-apiserver, kube-controller-manager, calico-apiserver and calico-confd, and perhaps
    calico-node-status, which every node runs then;
    `calico_files` what the build copied of Calico's Go module: `crd/`, `confd/`, `apiserver.yaml`.
    The administrator's kubeconfig is `layout.kubeconfig` afterwards.

    Raises:
        LabError: with what did not come up and the last lines of its log.
    """
    state = layout.folder / "cluster"
    shutil.rmtree(state, ignore_errors=True)
    state.mkdir(parents=True)
    pki = Pki(layout.pki)
    pki.make(layout.kubeconfig)
    plane = ControlPlane(layout, hosts[MGMT], tools, binaries, calico_files, state, pki)
    routers = [
        NodeRouter(layout, hosts[name], address, tools, binaries, calico_files, pki)
        for name, address in NODES.items()
    ]

    with step("cluster: etcd, kube-apiserver, objects, pods"):
        writer = plane.start_kubernetes()
        pods.bring_up(hosts)
        overlay.bring_up(hosts)
        service.bring_up(hosts, tools)
        plane.wait(writer)
    with step("cluster: Calico's API server (projectcalico.org/v3)"):
        writer = plane.start_calico()
        for router in routers:
            router.start()
        plane.wait(writer)
    with step("cluster: kube-controller-manager (garbage collector)"):
        plane.start_controllers()
    with step("cluster: node mesh (confd and BIRD), pods answer"):
        for router in routers:
            router.wait()
        for node in NODES:
            pods.wait_reachable(hosts, node)
