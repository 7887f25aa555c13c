"""What the router script answers, among whatever else a login prints.

Pure. A shell's start files, a banner or a forced command print into the same output, before and after ours.
So each line of an answer begins with a mark (`framed` in router_script/router.sh), and nothing else is read.
What is read is checked here: nothing foreign gets into another command line, and no output ends a preview.
"""

import re

MARK = "calico-peering: "
NEWEST = "newest"
"""For `router deliver` in the place of a generation: that of the password's newest file."""


def answers(output: str) -> list[str]:
    """The lines of the answer, without their mark."""
    return [line.removeprefix(MARK) for line in output.splitlines() if line.startswith(MARK)]


def password_generation(output: str) -> str:
    """The generation that `router password` answered: a number.

    NEWEST where there is none, as in a state that another program wrote: the file was made by the command
    before, so the newest one is its.
    """
    numbers = [line for line in answers(output) if re.fullmatch(r"[0-9]{1,20}", line)]
    return numbers[-1] if numbers else NEWEST
