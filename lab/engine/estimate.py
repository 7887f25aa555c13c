"""How long what is left of a build will take, from what has been compiled so far.

Pure arithmetic. It begins with a usual speed and trusts the machine's own more and more.
"""

from dataclasses import dataclass, field

# Bytes of Go source that one processor compiles and links in a second, on a machine of middling speed.
SPEED = 180_000
# Seconds after which the machine's own speed counts as much as SPEED.
TRUST = 60


@dataclass
class Work:
    """The packages to compile, by path: their sizes in bytes; `processors` compile at the same time."""

    sizes: dict[str, int]
    processors: int
    done: set[str] = field(default_factory=set)

    @property
    def total(self) -> int:
        """Bytes of all."""
        return sum(self.sizes.values())

    @property
    def finished(self) -> int:
        """Bytes of those that are done."""
        return sum(self.sizes[path] for path in self.done)

    def finish(self, path: str) -> bool:
        """Note that a package is done; False when it is none of these."""
        if path not in self.sizes:
            return False
        self.done.add(path)
        return True

    def left(self, elapsed: float) -> float:
        """Seconds until the rest is done, `elapsed` seconds after the beginning."""
        usual = 1 / (SPEED * self.processors)
        own = elapsed / self.finished if self.finished else usual
        trust = elapsed / (elapsed + TRUST)
        return (self.total - self.finished) * (trust * own + (1 - trust) * usual)


def minutes(seconds: float) -> str:
    """Words for a duration: `less than a minute`, `about a minute`, `about 7 minutes`."""
    if seconds < 40:
        return "less than a minute"
    rounded = max(1, round(seconds / 60))
    return "about a minute" if rounded == 1 else f"about {rounded} minutes"
