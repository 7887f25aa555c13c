"""What Calico's API server refuses although no schema of it says so: its code knows.

From libcalico-go/lib/validator/v3 and the types' own decoding (numorstring.ASNumber, metav1.Duration) of the
version in lab/engine/calico/go.mod; the tests on the lab show each on a cluster. Only what a type or a JSON
schema can say is here; what two fields mean together is not.
"""

from __future__ import annotations

import copy

from tools.calico_types.schema import Schema

# More than 31 bits the definitions of crd.projectcalico.org refuse (`format: int32`).
AS_NUMBER = {"minimum": 0, "maximum": 2147483647}
_RULE: dict[str, Schema] = {
    "action": {"enum": ["Accept", "Reject"]},
    "matchOperator": {"enum": ["Equal", "In", "NotEqual", "NotIn"]},
    "source": {"enum": ["RemotePeers"]},
    "interface": {"pattern": r"^[a-zA-Z0-9_.*-]{1,15}$"},
}
VALUES: dict[str, dict[str, Schema]] = {
    "BGPConfigurationSpec": {
        "asNumber": AS_NUMBER,
        # Not refused: whatever is not NodeIP means None.
        "bindMode": {"enum": ["None", "NodeIP"]},
        "logSeverityScreen": {"enum": ["Trace", "Debug", "Info", "Warning", "Error", "Fatal"]},
    },
    "BGPPeerSpec": {
        "asNumber": AS_NUMBER,
        "localASNumber": AS_NUMBER,
        "sourceAddress": {"enum": ["UseNodeIP", "None"]},
        "ttlSecurity": {"minimum": 0, "maximum": 255},
    },
    "BGPFilterRuleV4": _RULE,
    "BGPFilterRuleV6": _RULE,
}
"""By definition and field."""
REQUIRED = {"Community": ("name", "value"), "PrefixAdvertisement": ("cidr", "communities")}
"""By definition, the fields that may not be left out."""
# Go's time.ParseDuration.
DURATION = r"^[-+]?(([0-9]+(\.[0-9]*)?|\.[0-9]+)(ns|us|µs|μs|ms|s|m|h))+$|^0$"


def stricter(schema: Schema) -> Schema:
    """The schema with what only Calico's code knows.

    Raises:
        LookupError: when Calico has no such definition or field any more.
    """
    made = copy.deepcopy(schema)
    defs = made["$defs"]
    for name, fields in VALUES.items():
        for field, of in fields.items():
            defs[name]["properties"][field].update(of)
    for name, required in REQUIRED.items():
        if unknown := set(required) - set(defs[name]["properties"]):
            raise LookupError(f"{name} has no {', '.join(sorted(unknown))}")
        defs[name]["required"] = sorted({*defs[name]["required"], *required})
    defs["Duration"]["pattern"] = DURATION
    return made
