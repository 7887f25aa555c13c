"""Starts the pack; the engine runs this folder with its address as the argument."""

import sys
from pathlib import Path

# The rules share networks and settings with the program.
sys.path[0] = str(Path(__file__).resolve().parents[1])

from policies.pack import serve  # noqa: E402  # found by the line above

serve()
