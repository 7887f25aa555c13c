"""How fast this machine is for what the tests do most: the engine's time for an empty Python program.

Run on a lab's management host, where the engine is: `python -m lab exec mgmt -- python -m
tests.suite.machine_speed`. It prints one line and needs nothing of the lab's site.
"""

import os
import subprocess
import sys
import time
from pathlib import Path
from tempfile import TemporaryDirectory

from lab.layout import PROJECT

# Seconds on machines that were measured with nothing else to do.
FAST, SLOW = 1.4, 2.8
RUNS = 3
PROGRAM = f"""name: empty
runtime:
  name: python
  options: {{toolchain: pip, virtualenv: {PROJECT / ".venv"}}}
"""


def preview_seconds(folder: Path) -> float:
    """The shortest of some previews of an empty program: the first one also fills the kernel's caches."""
    (folder / "Pulumi.yaml").write_text(PROGRAM)
    (folder / "__main__.py").write_text("import pulumi\n")
    (folder / "state").mkdir()
    own = {
        "PULUMI_BACKEND_URL": f"file://{folder / 'state'}",
        "PULUMI_CONFIG_PASSPHRASE": "empty",
        "PULUMI_STACK": "empty",
    }
    dropped = ("PULUMI_CONFIG_PASSPHRASE_FILE", "PULUMI_OPTION_CONFIG_FILE")
    environment = {**{key: text for key, text in os.environ.items() if key not in dropped}, **own}

    def pulumi(*words: str) -> float:
        start = time.monotonic()
        command = ["pulumi", *words, "--non-interactive"]
        subprocess.run(command, cwd=folder, env=environment, check=True, capture_output=True)
        return time.monotonic() - start

    pulumi("stack", "init", "empty")
    return min(pulumi("preview") for _ in range(RUNS))


def main() -> int:
    """Measure and print."""
    with TemporaryDirectory() as folder:
        try:
            seconds = preview_seconds(Path(folder))
        except subprocess.CalledProcessError as error:
            print(f"error: an empty program fails:\n{error.stderr.decode()}", file=sys.stderr)
            return 1
    print(
        f"an empty preview takes {seconds:.1f} s on {os.cpu_count()} cores with load {os.getloadavg()[0]:.1f}"
        f" ({FAST} s is a fast machine, {SLOW} s a slow one)"
    )
    return 0


if __name__ == "__main__":
    sys.exit(main())
