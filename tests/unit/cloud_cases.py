"""How a cloud may be configured, and what pulumi-openstack is given for it, or which sentence a person reads.

A table for two tests: of the program with its model of the plugin (test_plugin_cloud.py), and of openstacksdk
and the real plugin side by side (tests/integration/test_openstack_configuration.py). In texts, $URL and $TLS
are the Keystone of recording_keystone.py, $HERE the folder.
"""

import os
import shutil
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from openstack.config import loader

from tests.unit.recording_keystone import Keystone

Given = Mapping[str, str | bool]


@dataclass(frozen=True)
class Case:
    """What is there, and what comes of it."""

    files: Mapping[str, str]
    """By path in $HERE; `home/…` is where HOME says, which is another home than /etc/passwd's."""
    given: Given = field(default_factory=dict)
    """The provider's arguments; nothing with `said`."""
    said: Sequence[str] = ()
    """Of the refusal."""
    cloud: str | None = "a"
    """The setting."""
    environment: Mapping[str, str] = field(default_factory=dict)
    warned: str = ""
    """Why the state has to hold a secret."""
    unseen: bool = False
    """A server does not see that the plugin would differ by the entry's name alone."""


def _entry(
    name: str = "a", auth: str = "", more: str = "", user: str = "alice", password: str = "hidden"
) -> str:
    secret = f"password: {password}, " if password else ""
    return (
        f"  {name}:\n    auth: {{auth_url: $URL, username: {user}, {secret}project_name: p, "
        f"user_domain_name: d, project_domain_name: d{auth}}}\n{more}"
    )


def _clouds(*entries: str) -> dict[str, str]:
    return {"clouds.yaml": "clouds:\n" + "".join(entries)}


REGION = "    region_name: r2\n"
PLAIN = _clouds(_entry(more=REGION), _entry("b", user="bob", more="    region_name: r1\n"))
SECURE = "clouds: {a: {auth: {password: hidden}}}\n"
NO_PASSWORD = _clouds(_entry(more=REGION, password=""))
CREDENTIAL = _clouds(
    "  a: {auth_type: v3applicationcredential, region_name: r1, auth: {auth_url: $URL, "
    "application_credential_id: i, application_credential_secret: hidden}}\n"
)
EXPLICIT: Given = {
    "cloud": "",
    "default_domain": "",
    "auth_url": "$URL",
    "user_name": "alice",
    "user_domain_name": "d",
    "password": "hidden",
    "tenant_name": "p",
    "project_domain_name": "d",
}
IN_R2 = {**EXPLICIT, "region": "r2"}
OPENRC = {
    "OS_AUTH_URL": "$URL",
    "OS_USERNAME": "alice",
    "OS_PASSWORD": "hidden",
    "OS_PROJECT_NAME": "p",
    "OS_USER_DOMAIN_NAME": "d",
    "OS_PROJECT_DOMAIN_NAME": "d",
}

BY_NAME: dict[str, Case] = {
    "an entry": Case(PLAIN, {"cloud": "a"}),
    "an entry in clouds.yml": Case({"clouds.yml": PLAIN["clouds.yaml"]}, {"cloud": "a"}),
    "OS_CLIENT_CONFIG_FILE": Case(
        {"there/x": PLAIN["clouds.yaml"]},
        {"cloud": "a"},
        environment={"OS_CLIENT_CONFIG_FILE": "$HERE/there/x"},
    ),
    "OS_CLOUD": Case(PLAIN, {"cloud": "b"}, cloud=None, environment={"OS_CLOUD": "b"}),
    "OS_CLOUD names another entry": Case(PLAIN, {"cloud": "a"}, environment={"OS_CLOUD": "b"}),
    "OS_CLOUD names an entry that is not there": Case(PLAIN, {"cloud": "a"}, environment={"OS_CLOUD": "c"}),
    "the only entry": Case(_clouds(_entry(more=REGION)), {"cloud": "a"}, cloud=None),
    "secure.yaml beside it": Case({**NO_PASSWORD, "secure.yaml": SECURE}, {"cloud": "a"}),
    "an application credential": Case(CREDENTIAL, {"cloud": "a"}),
    "no region": Case(_clouds(_entry()), {"cloud": "a"}),
    "a number for a password": Case(_clouds(_entry(password="1234")), {"cloud": "a"}),
    "a profile of clouds-public.yaml": Case(
        {
            "clouds.yaml": "clouds: {a: {profile: site, auth: {username: alice, password: hidden, "
            "project_name: p}}}\n",
            "clouds-public.yaml": "public-clouds: {site: {region_name: r2, auth: {auth_url: $URL, "
            "user_domain_id: d, project_domain_id: d}}}\n",
        },
        {"cloud": "a"},
    ),
    "a user by its id": Case(
        _clouds("  a: {auth: {auth_url: $URL, user_id: u, password: hidden, project_id: p}}\n"),
        {"cloud": "a"},
    ),
    "one domain for user and project": Case(
        _clouds(
            "  a: {auth: {auth_url: $URL, username: alice, password: hidden, "
            "project_name: p, domain_id: d}}\n"
        ),
        {"cloud": "a"},
    ),
    "the environment": Case({}, {}, cloud=None, environment={**OPENRC, "OS_REGION_NAME": "r2"}),
    "an application credential in the environment": Case(
        {},
        {},
        cloud=None,
        environment={
            "OS_AUTH_TYPE": "v3applicationcredential",
            "OS_AUTH_URL": "$URL",
            "OS_APPLICATION_CREDENTIAL_ID": "i",
            "OS_APPLICATION_CREDENTIAL_SECRET": "hidden",
        },
    ),
    "verify: false": Case(
        _clouds(_entry(more="    verify: false\n").replace("$URL", "$TLS")), {"cloud": "a"}
    ),
    "authorities of requests that are the machine's": Case(
        _clouds(_entry().replace("$URL", "$TLS")),
        {"cloud": "a"},
        environment={"REQUESTS_CA_BUNDLE": "$HERE/ca.crt", "SSL_CERT_FILE": "$HERE/ca.crt"},
    ),
    "cacert": Case(
        _clouds(_entry(more="    cacert: $HERE/ca.crt\n").replace("$URL", "$TLS")), {"cloud": "a"}
    ),
}
"""By its name alone the plugin logs in as openstacksdk does."""

BESIDE: dict[str, Case] = {
    "regions": Case(_clouds(_entry(more="    regions: [r2, r1]\n")), {"cloud": "a", "region": "r2"}),
    "regions with values": Case(
        _clouds(
            _entry(
                user="nobody",
                more="    regions: [{name: r2, values: {auth: {username: alice}}}, {name: r1, values: {}}]\n",
            )
        ),
        {"cloud": "a", "region": "r2"},
    ),
    "region_name with commas": Case(
        _clouds(_entry(more='    region_name: "r2,r1"\n')), {"cloud": "a", "region": "r2"}
    ),
    "OS_REGION_NAME names another region": Case(
        PLAIN, {"cloud": "a", "region": "r2"}, environment={"OS_REGION_NAME": "r1"}
    ),
    "OS_REGION_NAME without a region": Case(
        _clouds(_entry()), {"cloud": "a", "region": ""}, environment={"OS_REGION_NAME": "r2"}
    ),
    "interface": Case(
        _clouds(_entry(more="    interface: internal\n")), {"cloud": "a", "endpoint_type": "internal"}
    ),
    "endpoint_type": Case(
        _clouds(_entry(more="    endpoint_type: internalURL\n")), {"cloud": "a", "endpoint_type": "internal"}
    ),
    "OS_INTERFACE": Case(
        {}, {"endpoint_type": "admin"}, cloud=None, environment={**OPENRC, "OS_INTERFACE": "admin"}
    ),
    "OS_ENDPOINT_TYPE names another": Case(
        PLAIN, {"cloud": "a", "endpoint_type": "public"}, environment={"OS_ENDPOINT_TYPE": "internal"}
    ),
    "OS_INSECURE beside an entry": Case(
        _clouds(_entry(more="    cacert: $HERE/ca.crt\n").replace("$URL", "$TLS")),
        {"cloud": "a", "insecure": False},
        environment={"OS_INSECURE": "true"},
        unseen=True,
    ),
    "OS_CACERT beside an entry": Case(
        PLAIN, {"cloud": "a", "cacert_file": ""}, environment={"OS_CACERT": "$HERE/nowhere"}
    ),
    "a cacert in another home": Case(
        {
            **_clouds(_entry(more="    cacert: ~/ca.crt\n").replace("$URL", "$TLS")),
            "home/ca.crt": "@ca.crt",
        },
        {"cloud": "a", "cacert_file": "$HERE/home/ca.crt"},
    ),
    "authorities of requests alone": Case(
        _clouds(_entry().replace("$URL", "$TLS")),
        {"cloud": "a", "cacert_file": "$HERE/ca.crt"},
        environment={"REQUESTS_CA_BUNDLE": "$HERE/ca.crt"},
    ),
    "a certificate with its key in one file": Case(
        _clouds(_entry(more="    cert: $HERE/alice.crt\n    cacert: $HERE/ca.crt\n").replace("$URL", "$TLS")),
        {"cloud": "a", "cert": "$HERE/alice.crt", "key": "$HERE/alice.crt"},
    ),
}
"""It needs something that is no secret beside the name."""

EXPLICITLY: dict[str, Case] = {
    "OS_CLIENT_SECURE_FILE": Case(
        {**NO_PASSWORD, "there/s": SECURE},
        IN_R2,
        environment={"OS_CLIENT_SECURE_FILE": "$HERE/there/s"},
        warned="no password",
    ),
    "OS_CLIENT_SECURE_FILE with an application credential": Case(
        {
            "clouds.yaml": CREDENTIAL["clouds.yaml"].replace(", application_credential_secret: hidden", ""),
            "there/s": "clouds: {a: {auth: {application_credential_secret: hidden}}}\n",
        },
        {
            "cloud": "",
            "default_domain": "",
            "auth_url": "$URL",
            "application_credential_id": "i",
            "application_credential_secret": "hidden",
            "region": "r1",
        },
        environment={"OS_CLIENT_SECURE_FILE": "$HERE/there/s"},
        warned="no password",
    ),
    "all of auth in OS_CLIENT_SECURE_FILE, by OS_CLOUD": Case(
        {
            "clouds.yaml": "clouds: {a: {region_name: r2}}\n",
            "there/s": "clouds:\n" + _entry(),
        },
        IN_R2,
        cloud=None,
        environment={"OS_CLIENT_SECURE_FILE": "$HERE/there/s", "OS_CLOUD": "a"},
        warned="auth_url",
    ),
    "a clouds.yaml in another home": Case(
        {"home/.config/openstack/clouds.yaml": PLAIN["clouds.yaml"]}, IN_R2, warned="no clouds.yaml"
    ),
    "clouds.json": Case(
        {
            "clouds.json": '{"clouds": {"a": {"auth": {"auth_url": "$URL", "username": "alice", "password": '
            '"hidden", "project_name": "p", "user_domain_name": "d", "project_domain_name": "d"}, '
            '"region_name": "r2"}}}'
        },
        IN_R2,
        warned="no clouds.yaml",
    ),
    "a vendor of openstacksdk": Case(
        _clouds(_entry(more="    profile: catalyst\n    region_name: r2\n")),
        IN_R2,
        warned="no profile 'catalyst'",
    ),
    "an auth_url with a key of the entry in it": Case(
        _clouds(_entry(more=REGION + "    site: v3\n").replace("$URL", '"$ROOT/{site}"')),
        IN_R2,
        warned="auth_url",
    ),
    "another entry of the file has a list for a region": Case(
        _clouds(_entry(more=REGION), _entry("b", more="    region_name: [r1, r2]\n")),
        IN_R2,
        warned="cannot read",
    ),
    "credentials outside of auth": Case(
        _clouds(
            "  a: {auth: {auth_url: $URL}, username: alice, password: hidden, project_name: p, "
            "user_domain_name: d, project_domain_name: d, region_name: r2}\n"
        ),
        IN_R2,
        warned="no password",
    ),
    "a domain by default_domain_name": Case(
        _clouds(
            "  a: {auth: {auth_url: $URL, username: alice, password: hidden, project_name: p, "
            "default_domain_name: d}, region_name: r2}\n"
        ),
        IN_R2,
        warned="without a domain",
    ),
    "identity_api_version in another spelling": Case(
        _clouds(_entry(more=REGION + '    identity_api_version: "3.0"\n')), IN_R2, warned="identity API"
    ),
}
"""It cannot read the entry: it is given the contents."""

REFUSED: dict[str, Case] = {
    "a token of the environment": Case(
        PLAIN,
        said=["OS_TOKEN", "cloud 'a' of $HERE/clouds.yaml", "unset OS_TOKEN"],
        environment={"OS_TOKEN": "t"},
    ),
    "a project of the environment": Case(
        PLAIN,
        said=["fills in OS_PROJECT_ID of the environment", "unset OS_PROJECT_ID"],
        environment={"OS_PROJECT_ID": "other", "OS_PROJECT_NAME": "p"},
    ),
    "OS_PASSWORD beside an application credential": Case(
        CREDENTIAL,
        said=["unset OS_PASSWORD"],
        environment={"OS_USERNAME": "x", "OS_PASSWORD": "hidden2", "OS_USER_DOMAIN_ID": "d"},
    ),
    "OS_CLIENT_SECURE_FILE with OS_CLOUD": Case(
        {**NO_PASSWORD, "there/s": SECURE},
        said=["unset OS_CLOUD, and set calico-peering:cloud to a"],
        cloud=None,
        environment={"OS_CLIENT_SECURE_FILE": "$HERE/there/s", "OS_CLOUD": "a"},
    ),
    "an auth_type that gophercloud lacks": Case(
        _clouds(_entry(auth=", passcode: '1'", password="", more="    auth_type: v3totp\n")),
        said=["cloud 'a' of $HERE/clouds.yaml has auth_type 'v3totp'", "knows password"],
    ),
    "an endpoint of its own": Case(
        _clouds(_entry(more="    network_endpoint_override: $URL/network\n")),
        said=["network_endpoint_override", "only with its version, /v2.0"],
    ),
    "several interfaces": Case(
        _clouds(_entry(more="    interface: [internal, public]\n")), said=["interface", "one interface"]
    ),
}
"""Nothing makes it log in as openstacksdk does."""

SOUND = {**BY_NAME, **BESIDE, **EXPLICITLY}


def write(case: Case, keystone: Keystone) -> dict[str, str]:
    """Write the case's files, in the place of another one's; the environment in which they are read."""
    here = keystone.folder
    for path in here.iterdir():
        if path.is_dir():
            shutil.rmtree(path)
        elif path.suffix not in (".crt", ".key"):
            path.unlink()
    (here / "home").mkdir()
    for name, text in case.files.items():
        path = here / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text((here / text[1:]).read_text() if text.startswith("@") else keystone.fill_in(text))
    environment = {"HOME": str(here / "home"), "PATH": "/usr/bin:/bin", "NO_PROXY": "*"}
    return {name: keystone.fill_in(value) for name, value in {**environment, **case.environment}.items()}


def enter(case: Case, keystone: Keystone, patch: pytest.MonkeyPatch) -> dict[str, str]:
    """Have this process read the case as one that is started in its folder would; the environment."""
    environment = write(case, keystone)
    for name in [*os.environ]:
        if name.startswith(("OS_", "REQUESTS_CA", "CURL_CA", "SSL_CERT")) or name.upper().endswith("_PROXY"):
            patch.delenv(name)
    for name, value in environment.items():
        if name != "PATH":
            patch.setenv(name, value)
    patch.chdir(keystone.folder)
    folders = [keystone.folder, keystone.folder / "home/.config/openstack"]
    for kind, file in (("CONFIG", "clouds"), ("SECURE", "secure"), ("VENDOR", "clouds-public")):
        ends = (*loader.YAML_SUFFIXES, *loader.JSON_SUFFIXES)
        patch.setattr(loader, f"{kind}_FILES", [str(Path(at, file + end)) for at in folders for end in ends])
    return environment
