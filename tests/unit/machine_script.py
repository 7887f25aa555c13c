"""Functions of the router script, run by this machine's sh (dash on Debian).

The line that starts it is left out."""

import subprocess
from pathlib import Path

from components.bird.bird_router import router_script


def script(
    commands: str, folder: Path, stdin: str = "", path: Path | None = None
) -> subprocess.CompletedProcess[str]:
    """Run commands after the script's functions, with its own folder in `folder`.

    `path`: the only folder of programs. Default: the script's own.
    """
    own = folder / "own"
    own.mkdir(exist_ok=True)
    variables = f"FOLDER={own} NEW={own}/packages FILES={folder}/files PASSWORD={folder}/bird/password\n"
    if path:
        variables += f"PATH={path}\n"
    whole = router_script().removesuffix('main "$@"\n') + variables + commands
    return subprocess.run(["/bin/sh", "-c", whole], input=stdin, cwd=folder, capture_output=True, text=True)
