"""The cluster's certificates and kubeconfigs, made anew for every lab.

Three authorities as in any cluster: the API's own, the front proxy's (with which kube-apiserver speaks
to Calico's API server for its users) and that of Calico's API server. Their keys never leave this
process. Who a client is stands in its certificate: the service accounts of Calico get the user name
that Kubernetes gives them, so that roles are bound to them as on a real site.

All files are 0600 and hold for `LIFETIME`: a lab is never older.
"""

import base64
import os
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from ipaddress import IPv4Address
from pathlib import Path

import yaml
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from lab.site import HOSTS, MGMT, NODES, SERVICE_NETWORK

LIFETIME = timedelta(days=365)
API_ADDRESS = HOSTS[MGMT]
API_PORT = 6443
CALICO_NAMESPACE = "calico-system"
CALICO_API_NAMESPACE = "calico-apiserver"
LOCALHOST = IPv4Address("127.0.0.1")


def write_private(path: Path, content: bytes) -> None:
    """Write a file that only its owner may read, also while it is being written."""
    path.unlink(missing_ok=True)
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
        file.write(content)


def _name(common: str, organization: str | None = None) -> x509.Name:
    parts = [x509.NameAttribute(NameOID.COMMON_NAME, common)]
    if organization:
        parts.insert(0, x509.NameAttribute(NameOID.ORGANIZATION_NAME, organization))
    return x509.Name(parts)


def _key_pem(key: ec.EllipticCurvePrivateKey) -> bytes:
    # PKCS#8 is what Go's parsers of service account keys and of TLS keys both take.
    return key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )


@dataclass(frozen=True)
class Pair:
    """A certificate and its key, both PEM."""

    certificate: bytes
    key: bytes


class Authority:
    """A certificate authority that lives as long as this object."""

    def __init__(self, name: str) -> None:
        self._key = ec.generate_private_key(ec.SECP256R1())
        self._name = _name(name)
        usage = x509.KeyUsage(
            digital_signature=True,
            key_cert_sign=True,
            crl_sign=False,
            content_commitment=False,
            key_encipherment=False,
            data_encipherment=False,
            key_agreement=False,
            encipher_only=False,
            decipher_only=False,
        )
        self._own = (
            self._builder(self._name, self._key)
            .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
            .add_extension(usage, critical=True)
            .sign(self._key, hashes.SHA256())
        )
        self.certificate = self._own.public_bytes(serialization.Encoding.PEM)

    def _builder(self, subject: x509.Name, key: ec.EllipticCurvePrivateKey) -> x509.CertificateBuilder:
        now = datetime.now(UTC)
        return (
            x509.CertificateBuilder()
            .subject_name(subject)
            .issuer_name(self._name)
            .public_key(key.public_key())
            .serial_number(x509.random_serial_number())
            # The clock of a virtual machine may step back a little.
            .not_valid_before(now - timedelta(minutes=5))
            .not_valid_after(now + LIFETIME)
        )

    def _issue(
        self, subject: x509.Name, usage: x509.ObjectIdentifier, names: x509.GeneralNames | None
    ) -> Pair:
        key = ec.generate_private_key(ec.SECP256R1())
        builder = self._builder(subject, key).add_extension(x509.ExtendedKeyUsage([usage]), critical=False)
        if names is not None:
            builder = builder.add_extension(x509.SubjectAlternativeName(names), critical=False)
        certificate = builder.sign(self._key, hashes.SHA256())
        return Pair(certificate.public_bytes(serialization.Encoding.PEM), _key_pem(key))

    def server(self, name: str, dns: Sequence[str], addresses: Sequence[IPv4Address]) -> Pair:
        """A server's certificate, good for these DNS names and addresses."""
        names = [*map(x509.DNSName, dns), *map(x509.IPAddress, addresses)]
        return self._issue(_name(name), ExtendedKeyUsageOID.SERVER_AUTH, x509.GeneralNames(names))

    def client(self, user: str, group: str | None = None) -> Pair:
        """A client's certificate: Kubernetes takes the common name as user, O as group."""
        return self._issue(_name(user, group), ExtendedKeyUsageOID.CLIENT_AUTH, None)


def kubeconfig(authority: Authority, client: Pair, namespace: str = "default") -> bytes:
    """A kubeconfig that needs no other file; the server is the lab's kube-apiserver."""

    def data(content: bytes) -> str:
        return base64.b64encode(content).decode()

    server = {
        "server": f"https://{API_ADDRESS}:{API_PORT}",
        "certificate-authority-data": data(authority.certificate),
    }
    user = {
        "client-certificate-data": data(client.certificate),
        "client-key-data": data(client.key),
    }
    context = {"cluster": "lab", "user": "lab", "namespace": namespace}
    content = {
        "apiVersion": "v1",
        "kind": "Config",
        "clusters": [{"name": "lab", "cluster": server}],
        "users": [{"name": "lab", "user": user}],
        "contexts": [{"name": "lab", "context": context}],
        "current-context": "lab",
    }
    return yaml.safe_dump(content, sort_keys=False).encode()


def service_account(namespace: str, name: str) -> str:
    """The user name of a service account."""
    return f"system:serviceaccount:{namespace}:{name}"


@dataclass(frozen=True)
class Pki:
    """Where the files are; `make` writes them."""

    folder: Path

    def path(self, name: str) -> Path:
        """`NAME.crt`, `NAME.key`, `NAME.kubeconfig`."""
        return self.folder / name

    def confd_kubeconfig(self, node: str) -> Path:
        """For Calico's confd on that node."""
        return self.path(f"confd-{node}.kubeconfig")

    def make(self, admin_kubeconfig: Path) -> None:
        """Write everything, over what an earlier lab left."""
        api, front, calico = (Authority(f"lab-{name}") for name in ("api", "front-proxy", "calico"))
        for name, authority in (("api-ca", api), ("front-proxy-ca", front), ("calico-ca", calico)):
            write_private(self.path(f"{name}.crt"), authority.certificate)

        api_names = ["localhost", "kubernetes", "kubernetes.default", "kubernetes.default.svc"]
        addresses = [API_ADDRESS, LOCALHOST, SERVICE_NETWORK[1]]
        calico_names = ["localhost", f"calico-api.{CALICO_API_NAMESPACE}.svc"]
        for name, pair in (
            ("api", api.server("kube-apiserver", api_names, addresses)),
            ("calico", calico.server("calico-apiserver", calico_names, [LOCALHOST])),
            ("front-proxy", front.client("front-proxy-client")),
        ):
            write_private(self.path(f"{name}.crt"), pair.certificate)
            write_private(self.path(f"{name}.key"), pair.key)

        tokens = ec.generate_private_key(ec.SECP256R1())
        write_private(self.path("tokens.key"), _key_pem(tokens))
        public = tokens.public_key().public_bytes(
            serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
        )
        write_private(self.path("tokens.pub"), public)

        calico_api = service_account(CALICO_API_NAMESPACE, "calico-apiserver")
        for path, client in (
            (admin_kubeconfig, api.client("admin", "system:masters")),
            (self.path("controllers.kubeconfig"), api.client("system:kube-controller-manager")),
            (self.path("calico.kubeconfig"), api.client(calico_api)),
        ):
            write_private(path, kubeconfig(api, client))
        for node in NODES:
            client = api.client(service_account(CALICO_NAMESPACE, "calico-node"))
            write_private(self.confd_kubeconfig(node), kubeconfig(api, client, CALICO_NAMESPACE))
