"""Component: the sessions' password on Calico's side, as the Secret that BGPPeers name.

calico-node reads it with its own service account, which needs the Role and the RoleBinding beside it. All
three are ours alone. It deliberately does not hold the machine's side (components/bird/). The Secret has to
be in the namespace that calico-node runs in.
"""

from __future__ import annotations

from collections.abc import Collection
from typing import NotRequired, TypedDict

import pulumi
import pulumi_kubernetes as kubernetes

from components.calico.calico_api import STACK_ANNOTATION
from components.calico.own_objects import PASSWORD_KEY, password_name
from components.calico.stack_name import stack_name
from components.calico.types.shared import BGPPassword

SERVICE_ACCOUNT = "calico-node"


class SessionPasswordArgs(TypedDict):
    """The password, whose it is, and where calico-node runs."""

    machine_name: str
    password: pulumi.Input[str]
    """At most 80 characters (Calico's BGPPeer, TCP_MD5SIG); a secret whether it comes as one or not."""
    namespace: str
    """Of calico-node."""
    left_over: NotRequired[Collection[str]]
    """What this stack has made already, as `<kind>/<name>`. Default: nothing."""


class SessionPassword(pulumi.ComponentResource):
    """Secret, Role and RoleBinding."""

    reference: pulumi.Output[BGPPassword]
    """What a BGPPeer has as its password, once calico-node may read it."""
    written: pulumi.Output[str | None]
    """Changes whenever the Secret was written."""

    def __init__(
        self, name: str, args: SessionPasswordArgs, opts: pulumi.ResourceOptions | None = None
    ) -> None:
        super().__init__("calico-peering:index:SessionPassword", name, {}, opts)
        called, namespace = password_name(args["machine_name"]), args["namespace"]
        metadata = {"name": called, "namespace": namespace, "annotations": {STACK_ANNOTATION: stack_name()}}

        def own(kind: str, ignored: list[str] | None = None) -> pulumi.ResourceOptions:
            known = f"{kind}/{called}" in args.get("left_over", ())
            import_ = f"{namespace}/{called}" if known else None
            return pulumi.ResourceOptions(parent=self, import_=import_, ignore_changes=ignored)

        secret = kubernetes.core.v1.Secret(
            name,
            metadata=metadata,
            string_data={PASSWORD_KEY: pulumi.Output.secret(args["password"])},
            # Kubernetes fills it in. An import reads it, and would have to replace the Secret to take it out.
            # Naming it here would replace the Secrets of stacks that did not.
            opts=own("Secret", ignored=["type"]),
        )
        role = kubernetes.rbac.v1.Role(
            f"{name}-role",
            metadata=metadata,
            # A watch on one name, as calico-node does it.
            rules=[
                {
                    "api_groups": [""],
                    "resources": ["secrets"],
                    "resource_names": [called],
                    "verbs": ["get", "list", "watch"],
                }
            ],
            opts=own("Role"),
        )
        binding = kubernetes.rbac.v1.RoleBinding(
            f"{name}-role-binding",
            metadata=metadata,
            role_ref={"api_group": "rbac.authorization.k8s.io", "kind": "Role", "name": called},
            subjects=[{"kind": "ServiceAccount", "name": SERVICE_ACCOUNT, "namespace": namespace}],
            opts=own("RoleBinding"),
        )
        self.reference = pulumi.Output.all(secret.id, role.id, binding.id).apply(
            lambda _made: BGPPassword(secretKeyRef={"name": called, "key": PASSWORD_KEY})
        )
        self.written = secret.metadata.apply(lambda known: known.resource_version)
        self.register_outputs({"reference": self.reference})
