"""The executable file through which the engine starts the stand-in.

The engine looks for `pulumi-resource-command` on PATH or in its plugin folder and runs it with its own
address as argument. Has no part in what the stand-in does.
"""

import shlex
from pathlib import Path


def write_launcher(path: Path, python: Path, project: Path) -> None:
    """Write an executable `path` that runs the stand-in of `project` with the interpreter `python`.

    The interpreter's path is kept as given: a virtual environment's `python` is a link that must not
    be followed. An existing file is replaced.

    Raises:
        OSError: when the file cannot be written.
    """
    script = f"""#!/bin/sh
# The lab's stand-in for pulumi-command's plugin: see lab/command_standin.
PYTHONPATH={shlex.quote(str(project))}${{PYTHONPATH:+:$PYTHONPATH}}
export PYTHONPATH
exec {shlex.quote(str(python))} -P -m lab.command_standin "$@"
"""
    path.unlink(missing_ok=True)
    path.write_text(script)
    path.chmod(0o755)
