"""The provider of pulumi-openstack with what plugin_cloud.py found, its secrets kept as such in the state."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pulumi
from pulumi_openstack import Provider

from components.ports.plugin_cloud import SECRET_ARGUMENTS


def openstack_provider(name: str, arguments: Mapping[str, Any], opts: pulumi.ResourceOptions) -> Provider:
    """`arguments`: of the class Provider, by its Python names."""
    hidden = {key: pulumi.Output.secret(value) for key, value in arguments.items() if key in SECRET_ARGUMENTS}
    secret = pulumi.ResourceOptions(additional_secret_outputs=["applicationCredentialSecret", "token"])
    return Provider(name, **{**arguments, **hidden}, opts=pulumi.ResourceOptions.merge(opts, secret))
