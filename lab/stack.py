"""The stack `lab`: its state backend, passphrase, configuration and the environment to run it in.

The stack's configuration begins as config/Pulumi.lab.yaml and is completed in the lab's folder with
this lab's keys, so that nothing outside that folder is written. PULUMI_OPTION_CONFIG_FILE points the engine
at it, and `pulumi up --stack lab` on the management host needs no more options.
"""

import os
import re
import secrets
import shutil
import subprocess
import sys
from pathlib import Path

from lab.command_standin.launcher import write_launcher
from lab.engine.products import COMMAND_PLUGIN_VERSION, PLUGINS, pulumi_on_path
from lab.errors import LabError
from lab.external import External
from lab.hosts import Host
from lab.layout import PROJECT, Layout

STACK = "lab"
COMMAND_PLUGIN = "pulumi-resource-command"
COMMAND_PLUGIN_VARIABLE = "PULUMI_COMMAND_PLUGIN"
# The first with PULUMI_OPTION_… variables for every option (seen in its source).
OLDEST_PULUMI = (3, 215, 0)


def environment(layout: Layout) -> dict[str, str]:
    """What a process on the management host finds in its environment beside the user's own."""
    path = [str(layout.bin), str(PROJECT / ".venv" / "bin"), os.environ.get("PATH", os.defpath)]
    settings = {
        # A proxy of the user's cannot reach the lab.
        "NO_PROXY": "*",
        "no_proxy": "*",
        "CALICO_PEERING_LAB": str(layout.folder),
        "PATH": os.pathsep.join(path),
        # Without the files beside the state's own: an engine killed while it wrote one, which is not
        # done atomically, could not read its state any more.
        "PULUMI_BACKEND_URL": f"file://{layout.state}?metadata=skip",
        "PULUMI_CONFIG_PASSPHRASE_FILE": str(layout.stack / "passphrase"),
        "PULUMI_OPTION_CONFIG_FILE": str(layout.stack / f"Pulumi.{STACK}.yaml"),
        "PULUMI_STACK": STACK,
        "PULUMI_SKIP_UPDATE_CHECK": "true",
        # Plugins leave temporary files with credentials behind.
        "TMPDIR": str(layout.tmp),
        "KUBECONFIG": str(layout.kubeconfig),
        "OS_CLIENT_CONFIG_FILE": str(layout.clouds),
        "OS_CLOUD": STACK,
    }
    if not pulumi_on_path():
        # Our own engine has all its plugins beside it and must not look for others elsewhere.
        settings["PULUMI_HOME"] = str(layout.stack / "home")
        settings["PULUMI_DISABLE_AUTOMATIC_PLUGIN_ACQUISITION"] = "true"
    return settings


def install_own_plugins() -> bool:
    """Let the machine's own engine fetch its plugins; whether it has pulumi-command's then.

    Runs on the machine itself: the lab's management host reaches nothing outside the lab.

    Raises:
        LabError: when the engine is too old, or cannot fetch a plugin that has no stand-in.
    """
    found = _run_pulumi("version").stdout.strip()
    if tuple(map(int, re.findall(r"\d+", found)[:3])) < OLDEST_PULUMI:
        wanted = ".".join(map(str, OLDEST_PULUMI))
        raise LabError(
            f"`pulumi` on PATH is {found or 'of an unknown version'}, {wanted} or newer is needed:"
            " update it, or take it off PATH to have the engine built from Go modules"
        )
    for name, version in PLUGINS.items():
        done = _run_pulumi("plugin", "install", "resource", name, version)
        if done.returncode != 0:
            raise LabError(
                f"`pulumi plugin install resource {name} {version}` failed; take this `pulumi` off PATH to"
                f" have the engine built from Go modules instead:\n{done.stderr.strip()}"
            )
    command = _run_pulumi("plugin", "install", "resource", "command", COMMAND_PLUGIN_VERSION)
    return command.returncode == 0


def _run_pulumi(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(["pulumi", *arguments], capture_output=True, text=True, stdin=subprocess.DEVNULL)


def own_command_plugin() -> Path | None:
    """The real pulumi-command plugin: named by PULUMI_COMMAND_PLUGIN, or on PATH."""
    named = os.environ.get(COMMAND_PLUGIN_VARIABLE)
    if named and not os.access(named, os.X_OK):
        raise LabError(f"{COMMAND_PLUGIN_VARIABLE} names {named}, which is no executable file")
    found = named or shutil.which(COMMAND_PLUGIN)
    return Path(found).resolve() if found else None


def _place_plugins(layout: Layout, command_installed: bool) -> None:
    """Put the plugins where the engine looks first, so that it need not warn about PATH."""
    place = layout.bin
    if not pulumi_on_path():
        home = layout.stack / "home" / "plugins"
        place = home / f"resource-command-v{COMMAND_PLUGIN_VERSION}"
        place.mkdir(parents=True)
        for name, version in PLUGINS.items():
            folder = home / f"resource-{name}-v{version}"
            folder.mkdir()
            program = f"pulumi-resource-{name}"
            (layout.bin / program).rename(folder / program)
    real = own_command_plugin()
    if real:
        (place / COMMAND_PLUGIN).symlink_to(real)
    elif not command_installed:
        write_launcher(place / COMMAND_PLUGIN, Path(sys.executable), PROJECT)


def prepare(layout: Layout, host: Host, command_installed: bool) -> None:
    """Make the stack ready for `pulumi up --stack lab`; `command_installed` as install_own_plugins says.

    Raises:
        LabError: when the engine refuses.
    """
    _place_plugins(layout, command_installed)
    passphrase = layout.stack / "passphrase"
    passphrase.touch(mode=0o600)
    passphrase.write_text(secrets.token_urlsafe(32))
    # A project of the same name: `pulumi stack init` writes its salt beside it, not into the clone.
    (layout.stack / "Pulumi.yaml").write_text("name: calico-peering\nruntime: python\n")
    shutil.copy(PROJECT / "config" / f"Pulumi.{STACK}.yaml", layout.stack)
    machine = External(layout, host)
    own = environment(layout)
    own.pop("PULUMI_OPTION_CONFIG_FILE")
    for arguments, stdin in (
        (("stack", "init", STACK), None),
        (("config", "set", "sshHostKey", machine.host_key.read_text().strip()), None),
        (("config", "set", "--secret", "sshPrivateKey"), machine.login_key.read_text()),
    ):
        host.run("pulumi", *arguments, stdin=stdin, env=own, cwd=layout.stack)
