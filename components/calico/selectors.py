"""Calico's selector language: which labels an expression such as `has(edge) && zone in {'a', 'b'}` matches.

Pure. It takes and refuses what Calico 3.31's own parser does (libcalico-go/lib/selector), but for parentheses
nested without end, and says where in the text what was expected. It deliberately looks nothing up: whose
labels they are is cluster_nodes.py's.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import NoReturn

Labels = Mapping[str, str]
Matcher = Callable[[Labels], bool]

# Calico's own limit of a label's name.
LONGEST_NAME = 512
# Nobody's selector has as many; it is for Python's stack.
DEEPEST = 50
# A text has no escapes: it ends at the next quotation mark of the kind that it began with.
_TOKEN = re.compile(
    r"""(?P<blank>[ \t]+) | (?P<name>[A-Za-z0-9_./-]+) | (?P<text>"[^"]*"|'[^']*')"""
    r"""| (?P<sign>==|!=|&&|\|\||[!(){},])""",
    re.X,
)
OPERATORS = "==, !=, in, not in, contains, starts with or ends with"
COMPARISONS: dict[str, Callable[[str, str], bool]] = {
    "contains": lambda value, text: text in value,
    "starts with": str.startswith,
    "ends with": str.endswith,
}


class SelectorError(ValueError):
    """What is wrong with a selector and where, for a person."""


@dataclass(frozen=True)
class _Token:
    kind: str
    """`name`, `text` (without its quotation marks), the sign itself, or `end`."""
    value: str
    start: int
    """Its place in the selector, from 0."""
    end: int


@dataclass(frozen=True)
class Selector:
    """A selector that was understood."""

    text: str
    _matches: Matcher

    def matches(self, labels: Labels) -> bool:
        """Whether it matches what has these labels."""
        return self._matches(labels)


def parse_selector(text: str) -> Selector:
    """Understand a selector. An empty one matches everything, as in Calico.

    Raises:
        SelectorError: with the place (characters, from 1) and what was expected there.
    """
    return Selector(text, _Parser(text).whole())


def _wrong(text: str, place: int, expected: str) -> NoReturn:
    found = repr(text[place : place + 20]) if place < len(text) else "its end"
    raise SelectorError(f"found {found} at character {place + 1} of {text[:200]!r}; expected {expected}")


def _tokens(text: str) -> list[_Token]:
    tokens, place = [], 0
    while place < len(text):
        found = _TOKEN.match(text, place)
        if found is None:
            if text[place] in "\"'":
                _wrong(text, place, f"a text that ends with {text[place]}")
            doubled = text[place] if text[place] in "=&|" else ""
            _wrong(text, place, doubled * 2 or "a label, an operator or a text in quotes")
        kind, value = str(found.lastgroup), found[0]
        if kind == "name" and len(value) > LONGEST_NAME:
            _wrong(text, place, f"a label's name of at most {LONGEST_NAME} characters")
        if kind != "blank":
            own = {"text": value[1:-1], "name": value}.get(kind, value)
            tokens.append(_Token(value if kind == "sign" else kind, own, place, found.end()))
        place = found.end()
    return [*tokens, _Token("end", "", len(text), len(text))]


class _Parser:
    """Reads the tokens from left to right; each method takes what it is named for."""

    def __init__(self, text: str) -> None:
        self.text, self.tokens, self.depth = text, _tokens(text), 0

    def whole(self) -> Matcher:
        if self.tokens[0].kind == "end":
            return lambda _labels: True
        matches = self._either()
        if self.tokens[0].kind != "end":
            self._expected("&&, || or the end")
        return matches

    def _either(self) -> Matcher:
        parts = [self._both()]
        while self._took("||"):
            parts.append(self._both())
        return lambda labels: any(part(labels) for part in parts)

    def _both(self) -> Matcher:
        parts = [self._one()]
        while self._took("&&"):
            parts.append(self._one())
        return lambda labels: all(part(labels) for part in parts)

    def _one(self) -> Matcher:
        negated = False
        while self._took("!"):
            negated = not negated
        matches = self._plain()
        return (lambda labels: not matches(labels)) if negated else matches

    def _plain(self) -> Matcher:
        if self._took("("):
            self.depth += 1
            if self.depth > DEEPEST:
                self._expected(f"at most {DEEPEST} parentheses within each other")
            matches = self._either()
            self.depth -= 1
            self._take(")", "&&, || or )")
            return matches
        if self.tokens[0].kind != "name":
            self._expected("a label, has(…), all(), ! or (")
        first, after = self.tokens[0], self.tokens[1]
        self.tokens.pop(0)
        # With a blank in between, it would be a label.
        if first.value in ("has", "all", "global") and after.kind == "(" and after.start == first.end:
            return self._function(first.value)
        return self._comparison(first.value)

    def _function(self, called: str) -> Matcher:
        self._take("(", "(")
        if called == "has":
            name = self._take("name", "a label's name").value
            self._take(")", ")")
            return lambda labels: name in labels
        self._take(")", ")")
        # `global()` is of use where there are namespaces; otherwise it matches as `all()` does.
        return lambda _labels: True

    def _comparison(self, name: str) -> Matcher:
        if self._took("=="):
            text = self._text()
            return lambda labels: labels.get(name) == text
        if self._took("!="):
            text = self._text()
            return lambda labels: labels.get(name) != text
        operator = self._operator()
        if operator in ("in", "not in"):
            texts = self._set()
            if operator == "in":
                return lambda labels: labels.get(name) in texts
            return lambda labels: labels.get(name) not in texts
        compare, text = COMPARISONS[operator], self._text()
        return lambda labels: name in labels and compare(labels[name], text)

    def _operator(self) -> str:
        """The word or words between a label and what it is compared with."""
        words = [token.value for token in self.tokens[:2] if token.kind == "name"]
        for operator in ("in", "not in", *COMPARISONS):
            # Calico takes `notin` as well, for instance.
            for spelled in (operator.split(), [operator.replace(" ", "")]):
                if words[: len(spelled)] == spelled:
                    del self.tokens[: len(spelled)]
                    return operator
        self._expected(OPERATORS)

    def _text(self) -> str:
        return self._take("text", "a text in quotes").value

    def _set(self) -> frozenset[str]:
        self._take("{", "a set such as {'a', 'b'}")
        texts: list[str] = []
        while self.tokens[0].kind == "text":
            texts.append(self._text())
            if not self._took(","):
                break
        self._take("}", "a text in quotes or }" if not texts else ", or }")
        return frozenset(texts)

    def _took(self, kind: str) -> bool:
        if self.tokens[0].kind != kind:
            return False
        self.tokens.pop(0)
        return True

    def _take(self, kind: str, expected: str) -> _Token:
        if self.tokens[0].kind != kind:
            self._expected(expected)
        return self.tokens.pop(0)

    def _expected(self, what: str) -> NoReturn:
        _wrong(self.text, self.tokens[0].start, what)
