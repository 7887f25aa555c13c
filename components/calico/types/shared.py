"""What more than one of Calico's BGP kinds has, as a type checker knows it.

Made by `make types` from Calico's own schema, whose words these are; do not edit.
"""

from __future__ import annotations

from typing import NotRequired, TypedDict


class SecretKeySelector(TypedDict):
    """SecretKeySelector selects a key of a Secret."""

    key: str
    """The key of the secret to select from. Must be a valid secret key."""
    name: NotRequired[str]
    """Name of the referent. This field is effectively required, but due to backwards compatibility is allowed
    to be empty. Instances of this type with an empty value here are almost certainly wrong. More info:
    https://kubernetes.io/docs/concepts/overview/working-with-objects/names/#names.
    """
    optional: NotRequired[bool]
    """Specify whether the Secret or its key must be defined."""


class BGPPassword(TypedDict):
    """BGPPassword contains ways to specify a BGP password."""

    secretKeyRef: NotRequired[SecretKeySelector]
    """Selects a key of a secret in the node pod's namespace."""
