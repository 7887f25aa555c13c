"""The cluster's control plane on the management host: etcd, API servers, controllers.

kube-apiserver listens on the node network, etcd and Calico's API server on the host's own loopback.
Of the controllers only two run: the garbage collector, without which no foreground delete (all of
Pulumi's are) ever ends, and that of namespaces. There is no scheduler and no kubelet.
"""

import sys
from dataclasses import dataclass, field
from pathlib import Path

from lab.cluster.direct import DIRECT
from lab.cluster.objects import CALICO_API_PORT
from lab.cluster.pki import API_ADDRESS, API_PORT, Pki
from lab.debian import Tools
from lab.errors import LabError
from lab.hosts import Host, Service
from lab.layout import PROJECT, Layout
from lab.site import SERVICE_NETWORK, SERVICE_NETWORK6
from lab.waiting import wait_for

ETCD = "http://127.0.0.1:2379"
ETCD_PEER = "http://127.0.0.1:2380"
# kube-controller-manager serves no health here; this is what its garbage collector logs once.
COLLECTING = "all resource monitors have synced"
# Seconds. The writer itself gives up earlier, with a better reason.
PATIENCE = 150


@dataclass
class ControlPlane:
    """The processes, to be started in the order of the methods."""

    layout: Layout
    host: Host
    tools: Tools
    binaries: Path
    calico_files: Path
    state: Path
    pki: Pki
    services: list[Service] = field(default_factory=list)

    def _start(self, name: str, *command: str, env: dict[str, str] | None = None) -> Service:
        # Logs are appended to, and what an earlier lab logged must not count.
        (self.layout.log / f"{name}.log").unlink(missing_ok=True)
        service = self.host.start(name, *command, env={**DIRECT, **(env or {})}, cwd=self.state)
        self.services.append(service)
        return service

    def _check(self) -> None:
        for service in self.services:
            if not service.alive():
                raise LabError(f"{service.name} has ended; {service.tail()}")

    def start_kubernetes(self) -> Service:
        """Start etcd and kube-apiserver, and what writes the objects as soon as they are ready."""
        self._start(
            "etcd",
            str(self.tools.path("etcd")),
            f"--data-dir={self.state / 'etcd'}",
            f"--listen-client-urls={ETCD}",
            f"--advertise-client-urls={ETCD}",
            f"--listen-peer-urls={ETCD_PEER}",
            f"--initial-advertise-peer-urls={ETCD_PEER}",
            f"--initial-cluster=default={ETCD_PEER}",
            "--logger=zap",
            env=self.tools.environment(),
        )
        path = self.pki.path
        self._start(
            "kube-apiserver",
            str(self.binaries / "kube-apiserver"),
            f"--etcd-servers={ETCD}",
            f"--bind-address={API_ADDRESS}",
            f"--advertise-address={API_ADDRESS}",
            f"--secure-port={API_PORT}",
            f"--tls-cert-file={path('api.crt')}",
            f"--tls-private-key-file={path('api.key')}",
            f"--client-ca-file={path('api-ca.crt')}",
            f"--service-cluster-ip-range={SERVICE_NETWORK},{SERVICE_NETWORK6}",
            f"--service-account-key-file={path('tokens.pub')}",
            f"--service-account-signing-key-file={path('tokens.key')}",
            "--service-account-issuer=https://kubernetes",
            "--authorization-mode=RBAC",
            "--disable-admission-plugins=ServiceAccount",
            "--endpoint-reconciler-type=none",
            f"--requestheader-client-ca-file={path('front-proxy-ca.crt')}",
            "--requestheader-allowed-names=front-proxy-client",
            "--requestheader-username-headers=X-Remote-User",
            "--requestheader-group-headers=X-Remote-Group",
            "--requestheader-extra-headers-prefix=X-Remote-Extra-",
            f"--proxy-client-cert-file={path('front-proxy.crt')}",
            f"--proxy-client-key-file={path('front-proxy.key')}",
        )
        return self._writer("objects", str(self.calico_files), str(path("calico-ca.crt")))

    def _writer(self, *arguments: str) -> Service:
        words = ["-m", "lab.cluster.writer", str(self.layout.kubeconfig), *arguments]
        environment = {**DIRECT, "PYTHONPATH": str(PROJECT)}
        return self.host.start(f"writer-{arguments[0]}", sys.executable, *words, env=environment)

    def wait(self, writer: Service) -> None:
        """Wait for a writer to end well.

        Raises:
            LabError: with its words, or those of a process of the control plane that ended.
        """

        def ended() -> bool:
            self._check()
            return not writer.alive()

        wait_for(f"{writer.name} to end", ended, PATIENCE, hint=writer.tail)
        if writer.process.returncode != 0:
            raise LabError(f"the cluster's API: {writer.name} failed; {writer.tail()}")

    def start_calico(self) -> Service:
        """Start Calico's API server, and what waits for projectcalico.org/v3."""
        kubeconfig = self.pki.path("calico.kubeconfig")
        self._start(
            "calico-apiserver",
            str(self.binaries / "calico-apiserver"),
            "--bind-address=127.0.0.1",
            f"--secure-port={CALICO_API_PORT}",
            f"--kubeconfig={kubeconfig}",
            f"--authentication-kubeconfig={kubeconfig}",
            f"--authorization-kubeconfig={kubeconfig}",
            f"--tls-cert-file={self.pki.path('calico.crt')}",
            f"--tls-private-key-file={self.pki.path('calico.key')}",
            env={"DATASTORE_TYPE": "kubernetes", "KUBECONFIG": str(kubeconfig)},
        )
        return self._writer("served")

    def start_controllers(self) -> None:
        """Start kube-controller-manager and wait until it collects garbage.

        After v3 is served: started earlier it misses Calico's kinds, and the first delete takes 20 s.
        """
        service = self._start(
            "kube-controller-manager",
            str(self.binaries / "kube-controller-manager"),
            f"--kubeconfig={self.pki.path('controllers.kubeconfig')}",
            "--controllers=garbage-collector-controller,namespace-controller",
            "--use-service-account-credentials=true",
            "--leader-elect=false",
            "--secure-port=0",
        )

        def collecting() -> bool:
            self._check()
            return COLLECTING in service.log.read_text(errors="replace")

        wait_for("kube-controller-manager to collect garbage", collecting, 60, hint=service.tail)
