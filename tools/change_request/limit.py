"""Sections of a text that has to stay below a number of characters: cut by whole lines, and said so.

What is important is given room first, whatever its place in the text is. A section that is cut ends with
the number of lines that were left out, and one for which there is no room is named with all of its lines.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from tools.change_request.markdown import fence_for

# For the sentence on what was left out of a section.
NOTE = 200
# Fewer characters of a section are not worth its title.
WORTHWHILE = 400


@dataclass(frozen=True)
class Part:
    """Lines, in a code block of a language or as they are."""

    lines: tuple[str, ...]
    language: str | None = None
    """Of the code block, such as `diff` or `text`; None is Markdown, one paragraph or list."""

    def render(self, count: int) -> str:
        """The first lines of it."""
        text = "\n".join(self.lines[:count])
        if self.language is None:
            return text
        # The fence of all of it, so that the length of a cut part never grows.
        fence = fence_for("\n".join(self.lines))
        return f"{fence}{self.language}\n{text}\n{fence}"


@dataclass(frozen=True)
class Section:
    """Parts under a title; `title` and `summary` are Markdown and text of this program's own."""

    parts: tuple[Part, ...]
    importance: int
    """The lowest is given room first."""
    title: str = ""
    """A heading; empty: none."""
    summary: str = ""
    """Not empty: folded, with this to be seen."""
    kept: bool = False
    """Whether it is never cut."""

    @property
    def called(self) -> str:
        """What it is called in a sentence."""
        return self.summary or self.title

    @property
    def size(self) -> int:
        """How many lines it has."""
        return sum(len(part.lines) for part in self.parts)

    def render(self, lines: int) -> str:
        """It with its first `lines` lines, and how many were left out."""
        left, texts = lines, []
        for part in self.parts:
            if left <= 0:
                break
            texts.append(part.render(left))
            left -= len(part.lines)
        if (omitted := self.size - lines) > 0:
            texts.append(f"… {omitted} of {self.size} lines are left out here; the full text has them.")
        body = "\n\n".join(texts)
        if self.summary:
            return f"<details><summary>{self.summary}</summary>\n\n{body}\n\n</details>"
        return f"#### {self.title}\n\n{body}" if self.title else body


@dataclass(frozen=True)
class Limited:
    """A text within the limit; `omitted` says what is not in it, in sentences."""

    text: str
    omitted: tuple[str, ...] = field(default=())


def join_within(sections: Sequence[Section], limit: int) -> Limited:
    """The sections in their order, in at most `limit` characters.

    Sections that are `kept` are never cut; they have to fit by themselves.
    """
    kept: dict[int, str] = {place: each.render(each.size) for place, each in enumerate(sections) if each.kept}
    omitted: list[str] = []
    others = [place for place, each in enumerate(sections) if not each.kept and each.size]
    room = limit - sum(len(text) + 2 for text in kept.values()) - NOTE * len(others)
    for place in sorted(others, key=lambda each: (sections[each].importance, each)):
        section = sections[place]
        text = section.render(section.size)
        if len(text) + 2 > room:
            lines = _fitting(section, room)
            text = section.render(lines) if lines else ""
            omitted.append(
                f"{section.called}: {section.size - lines} of {section.size} lines"
                if lines
                else f"{section.called}: all"
            )
        if text:
            kept[place] = text
            room -= len(text) + 2
    return Limited("\n\n".join(kept[place] for place in sorted(kept)), tuple(omitted))


def _fitting(section: Section, room: int) -> int:
    """The most lines of a section that fit into so many characters; 0 where it is not worth it."""
    if room < WORTHWHILE:
        return 0
    low, high = 0, section.size
    while low < high:
        middle = (low + high + 1) // 2
        low, high = (middle, high) if len(section.render(middle)) + 2 <= room else (low, middle - 1)
    return low
