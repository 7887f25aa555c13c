"""What a kubeconfig, the environment and the settings say, and which cluster and user that means to kubectl.

A table for two readers: the Python client (tests/unit/test_kubeconfig.py) and the plugin of pulumi-kubernetes
(tests/integration/test_kubeconfig_readers.py). The rules are client-go's tools/clientcmd 0.36: `Load` of
loader.go (L), client_config.go (C), validation.go (V); golang.org/x/net/http/httpproxy (P); the credential
plugins' exec.go (E). kubectl 1.36.0, built from the module k8s.io/kubernetes, reached the same cluster as the
same user in every case, and none where LOST of test_kubeconfig.py and NO_LOGIN of login_cases.py say so.
"""

from tests.unit.kubeconfig_cases import (
    ALICE,
    PKI,
    RELATIVE,
    A,
    B,
    Case,
    document,
    entry,
    token,
)

FILES: dict[str, Case] = {
    "the first current-context of a list": Case(
        "L: non-map values, the first file wins", {"x": A, "y": B}, ("A", "Bearer ta"), "$HERE/x:$HERE/y"
    ),
    "an empty current-context in the second file": Case(
        "L: zero values overwrite nothing",
        {"x": A, "y": document("", b=entry("$B", token("tb")))},
        ("A", "Bearer ta"),
        "$HERE/x:$HERE/y",
    ),
    "an empty current-context in the first file": Case(
        "L: zero values overwrite nothing",
        {"x": document("", a=entry("$A", token("ta"))), "y": B},
        ("B", "Bearer tb"),
        "$HERE/x:$HERE/y",
    ),
    "no current-context in the first file": Case(
        "L", {"x": document(None, a=entry("$A", token("ta"))), "y": B}, ("B", "Bearer tb"), "$HERE/x:$HERE/y"
    ),
    "one name in both files": Case(
        "L: the first file to set a map key wins, and the whole entry with it",
        {"x": document("c", c=entry("$A", token("first"))), "y": document("c", c=entry("$B", ALICE))},
        ("A", "Bearer first"),
        "$HERE/x:$HERE/y",
    ),
    "a context whose cluster and user are in another file": Case(
        "L",
        {
            "x": '{"contexts": [{"name": "x", "context": {"cluster": "b", "user": "b"}}],'
            '"current-context": "x"}',
            "y": B,
        },
        ("B", "Bearer tb"),
        "$HERE/x:$HERE/y",
    ),
    "missing files, empty files and empty entries of the list": Case(
        "L: skipped",
        {"x": "", "y": "# nothing yet\n", "z": A},
        ("A", "Bearer ta"),
        ":$HERE/no:$HERE/x::$HERE/y:$HERE/z:",
    ),
    "a file twice": Case("L: deduplicate", {"x": A}, ("A", "Bearer ta"), "$HERE/x:$HERE/x"),
    "the home's": Case("L: $HOME/.kube/config", {"home/.kube/config": A}, ("A", "Bearer ta")),
    "an empty KUBECONFIG": Case("L: as if unset", {"home/.kube/config": A}, ("A", "Bearer ta"), ""),
    "KUBECONFIG beside the home's": Case(
        "L: instead of it", {"home/.kube/config": A, "y": B}, ("B", "Bearer tb"), "$HERE/y"
    ),
    "the setting beside KUBECONFIG": Case(
        "L: ExplicitPath, unmerged", {"x": A, "y": B}, ("A", "Bearer ta"), "$HERE/y", "$HERE/x"
    ),
    "the setting with a tilde": Case(
        "a shell's `kubectl --kubeconfig ~/site`: HOME, whatever /etc/passwd has",
        {"home/site": A},
        ("A", "Bearer ta"),
        None,
        "~/site",
    ),
    "another context": Case(
        "C: CurrentContext of the overrides",
        {"x": document("a", a=entry("$A", token("ta")), b=entry("$B", token("tb")))},
        ("B", "Bearer tb"),
        "$HERE/x",
        context="b",
    ),
    "another context in the setting's file": Case(
        "C",
        {"x": document("a", a=entry("$A", token("ta")), b=entry("$B", token("tb")))},
        ("B", "Bearer tb"),
        None,
        "$HERE/x",
        "b",
    ),
    "a context beside a current one that is not there": Case(
        "C: only the chosen one has to exist",
        {"x": document("gone", b=entry("$B", token("tb")))},
        ("B", "Bearer tb"),
        "$HERE/x",
        context="b",
    ),
    "a context beside a current one that is not there, in the setting's file": Case(
        "C: kubectl takes it; the plugin, given a file, does not, so it gets a copy",
        {"x": document("gone", b=entry("$B", token("tb")))},
        ("B", "Bearer tb"),
        None,
        "$HERE/x",
        "b",
    ),
    "relative paths": Case(
        "L: ResolveLocalPaths, by the file's folder",
        {"there/x": RELATIVE, **PKI},
        ("A", "cert alice"),
        "$HERE/there/x",
    ),
    "relative paths in the second file": Case(
        "L: each by its own file's folder",
        {"x": '{"current-context": "a"}', "there/x": RELATIVE, **PKI},
        ("A", "cert alice"),
        "$HERE/x:$HERE/there/x",
    ),
    "relative paths in the setting's file": Case(
        "L; the plugin takes them by its working directory, so it gets a copy",
        {"there/x": RELATIVE, **PKI},
        ("A", "cert alice"),
        None,
        "$HERE/there/x",
    ),
    "relative paths in the setting's file below the home": Case(
        "L",
        {f"home/{name}": text for name, text in {"there/x": RELATIVE, **PKI}.items()},
        ("A", "cert alice"),
        None,
        "~/there/x",
    ),
    "inline data": Case(
        "C",
        {
            "x": document(
                "a",
                a=(
                    {"server": "$A", "certificate-authority-data": "%ca.crt"},
                    {"client-certificate-data": "%alice.crt", "client-key-data": "%alice.key"},
                ),
            )
        },
        ("A", "cert alice"),
        "$HERE/x",
    ),
    "a token file with a newline, by a relative path": Case(
        "transport/token_source.go: TrimSpace",
        {"there/x": document("a", a=entry("$A", {"tokenFile": "word"})), "there/word": "written\n"},
        ("A", "Bearer written"),
        "$HERE/there/x",
    ),
    "a token beside a token file": Case(
        "transport/round_trippers.go: the file's",
        {"x": document("a", a=entry("$A", {"token": "old", "tokenFile": "$HERE/word"})), "word": "new\n"},
        ("A", "Bearer new"),
        "$HERE/x",
    ),
    "a token beside a token file that is not there": Case(
        "transport/round_trippers.go: the entry's",
        {"x": document("a", a=entry("$A", {"token": "old", "tokenFile": "$HERE/none"}))},
        ("A", "Bearer old"),
        "$HERE/x",
    ),
    "a token beside a certificate": Case(
        "C: both",
        {"x": document("a", a=entry("$A", {**ALICE, "token": "ta"}))},
        ("A", "Bearer ta, cert alice"),
        "$HERE/x",
    ),
}
