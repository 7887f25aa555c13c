"""How a user of a kubeconfig logs in, and by way of which proxy: the second half of kubeconfig_table.py.

A table for two readers: the Python client (tests/unit/test_kubeconfig.py) and the plugin of pulumi-kubernetes
(tests/integration/test_kubeconfig_readers.py). The rules are client-go's tools/clientcmd 0.36: `Load` of
loader.go (L), client_config.go (C), validation.go (V); golang.org/x/net/http/httpproxy (P); the credential
plugins' exec.go (E).
"""

import base64

from tests.unit.kubeconfig_cases import (
    BY_NAME,
    PLUGIN,
    A,
    Case,
    document,
    entry,
    plugin,
    token,
)

LOGINS: dict[str, Case] = {
    "a user name with a password": Case(
        "C",
        {"x": document("a", a=entry("$A", {"username": "u", "password": "p"}))},
        ("A", f"Basic {base64.b64encode(b'u:p').decode()}"),
        "$HERE/x",
    ),
    "an exec plugin in the path": Case(
        "E",
        {"x": document("a", a=entry("$A", plugin())), "bin/plugin": PLUGIN},
        ("A", "Bearer plugged"),
        "$HERE/x",
    ),
    "an exec plugin beside the file": Case(
        "L: a command with a slash is relative to its file",
        {"there/x": document("a", a=entry("$A", plugin("./plug"))), "there/plug": PLUGIN},
        ("A", "Bearer plugged"),
        "$HERE/there/x",
    ),
    "an exec plugin beside the setting's file": Case(
        "L",
        {"there/x": document("a", a=entry("$A", plugin("./plug"))), "there/plug": PLUGIN},
        ("A", "Bearer plugged"),
        None,
        "$HERE/there/x",
    ),
    "an exec plugin beside a token": Case(
        "E: UpdateTransportConfig, the token",
        {"x": document("a", a=entry("$A", {**plugin("none"), "token": "ta"}))},
        ("A", "Bearer ta"),
        "$HERE/x",
    ),
    "impersonation": Case(
        "C: rest.ImpersonationConfig",
        {"x": document("a", a=entry("$A", {"token": "ta", "as": "jane", "as-groups": ["x", "y"]}))},
        ("A", "Bearer ta, Impersonate-Group=x, Impersonate-Group=y, Impersonate-User=jane"),
        "$HERE/x",
    ),
    "another name in the server's certificate": Case(
        "C: tls-server-name",
        {
            "x": document(
                "a", a=entry("https://localhost:$PORT_A", token("ta"), **{"tls-server-name": "a.test"})
            )
        },
        ("A", "Bearer ta"),
        "$HERE/x",
    ),
    "a server that is not verified": Case(
        "C: insecure-skip-tls-verify",
        {
            "x": document(
                "a",
                a=({"server": "https://localhost:$PORT_A", "insecure-skip-tls-verify": True}, token("ta")),
            )
        },
        ("A", "Bearer ta"),
        "$HERE/x",
    ),
    "proxy-url": Case(
        "C: whatever NO_PROXY says",
        {"x": document("a", a=entry("$A", token("ta"), **{"proxy-url": "http://127.0.0.1:$PORT_PROXY"}))},
        ("A", "Bearer ta"),
        "$HERE/x",
        environment={"NO_PROXY": "*"},
        proxied=True,
    ),
    "proxy-url with a password": Case(
        "net/http: Proxy-Authorization",
        {
            "x": document(
                "a", a=entry("$A", token("ta"), **{"proxy-url": "http://u:p%40@127.0.0.1:$PORT_PROXY"})
            )
        },
        ("A", "Bearer ta"),
        "$HERE/x",
        proxied=True,
    ),
    "HTTPS_PROXY": Case(
        "P",
        {"x": BY_NAME},
        ("A", "Bearer ta"),
        "$HERE/x",
        environment={"HTTPS_PROXY": "http://127.0.0.1:$PORT_PROXY"},
        proxied=True,
    ),
    "HTTPS_PROXY without a scheme, beside another one in lower case": Case(
        "P: upper case first",
        {"x": BY_NAME},
        ("A", "Bearer ta"),
        "$HERE/x",
        environment={"HTTPS_PROXY": "127.0.0.1:$PORT_PROXY", "https_proxy": "http://127.0.0.1:1"},
        proxied=True,
    ),
    "HTTPS_PROXY for loopback": Case(
        "P: never", {"x": A}, ("A", "Bearer ta"), "$HERE/x", environment={"HTTPS_PROXY": "http://127.0.0.1:1"}
    ),
    "NO_PROXY that does not mean the server": Case(
        "P: `.a.test` is what is below it",
        {"x": BY_NAME},
        ("A", "Bearer ta"),
        "$HERE/x",
        environment={"HTTPS_PROXY": "http://127.0.0.1:$PORT_PROXY", "NO_PROXY": ".a.test,b.test, 10.0.0.0/8"},
        proxied=True,
    ),
}
