"""The stack `lab`: its state backend, passphrase, configuration and the environment to run it in.

The stack's configuration begins as config/Pulumi.lab.yaml and is completed in the lab's folder with
this lab's keys, so that nothing outside that folder is written. PULUMI_OPTION_CONFIG_FILE points the engine
at it, and `pulumi up --stack lab` on the management host needs no more options.
"""

import os
import secrets
import shutil
import subprocess
import sys
from pathlib import Path

from lab.command_standin.launcher import write_launcher
from lab.engine.products import (
    COMMAND_PLUGIN_VERSION,
    KUBERNETES_PLUGIN_VERSION,
    pulumi_on_path,
)
from lab.errors import LabError
from lab.external import External
from lab.hosts import Host
from lab.layout import PROJECT, Layout

STACK = "lab"
COMMAND_PLUGIN = "pulumi-resource-command"
COMMAND_PLUGIN_VARIABLE = "PULUMI_COMMAND_PLUGIN"


def environment(layout: Layout) -> dict[str, str]:
    """What a process on the management host finds in its environment beside the user's own."""
    path = [str(layout.bin), str(PROJECT / ".venv" / "bin"), os.environ.get("PATH", os.defpath)]
    settings = {
        # A proxy of the user's cannot reach the lab.
        "NO_PROXY": "*",
        "no_proxy": "*",
        "CALICO_PEERING_LAB": str(layout.folder),
        "PATH": os.pathsep.join(path),
        "PULUMI_BACKEND_URL": f"file://{layout.state}",
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
    """Let the machine's own engine fetch its plugins; False where it cannot fetch pulumi-command.

    Runs on the machine itself: the lab's management host reaches nothing outside the lab.

    Raises:
        LabError: when it cannot fetch the Kubernetes plugin, which has no stand-in.
    """
    wanted = {"kubernetes": KUBERNETES_PLUGIN_VERSION, "command": COMMAND_PLUGIN_VERSION}
    for name, version in wanted.items():
        command = ["pulumi", "plugin", "install", "resource", name, version]
        done = subprocess.run(command, capture_output=True, text=True, stdin=subprocess.DEVNULL)
        if done.returncode != 0 and name == "command":
            return False
        if done.returncode != 0:
            raise LabError(
                f"`{' '.join(command)}` failed; take this `pulumi` off PATH to have the engine built"
                f" from Go modules instead:\n{done.stderr.strip()}"
            )
    return True


def own_command_plugin() -> Path | None:
    """The real pulumi-command plugin: named by PULUMI_COMMAND_PLUGIN, or on PATH."""
    named = os.environ.get(COMMAND_PLUGIN_VARIABLE)
    if named and not os.access(named, os.X_OK):
        raise LabError(f"{COMMAND_PLUGIN_VARIABLE} names {named}, which is no executable file")
    found = named or shutil.which(COMMAND_PLUGIN)
    return Path(found).resolve() if found else None


def _place_plugins(layout: Layout) -> None:
    """Put the plugins where the engine looks first, so that it need not warn about PATH."""
    real = own_command_plugin()
    home = layout.stack / "home" / "plugins"
    if not pulumi_on_path():
        kubernetes = home / f"resource-kubernetes-v{KUBERNETES_PLUGIN_VERSION}"
        kubernetes.mkdir(parents=True)
        program = "pulumi-resource-kubernetes"
        (layout.bin / program).rename(kubernetes / program)
        command = home / f"resource-command-v{COMMAND_PLUGIN_VERSION}"
        command.mkdir(parents=True)
    elif real or (layout.run / "command-plugin-installed").exists():
        return
    else:
        command = layout.bin
    if real:
        (command / COMMAND_PLUGIN).symlink_to(real)
    else:
        write_launcher(command / COMMAND_PLUGIN, Path(sys.executable), PROJECT)


def prepare(layout: Layout, host: Host) -> None:
    """Make the stack ready for `pulumi up --stack lab`.

    Raises:
        LabError: when the engine refuses.
    """
    _place_plugins(layout)
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
