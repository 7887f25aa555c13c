"""The one exception that becomes an answer: its text is what the engine shows for the resource."""

from typing import Final

_ESCAPES: Final = {7: "a", 8: "b", 9: "t", 10: "n", 11: "v", 12: "f", 13: "r", 34: '"', 92: "\\"}


class CommandError(Exception):
    """A command or a copy failed; worded as pulumi-command words it, never with secrets or stdin."""


def quoted(text: str) -> str:
    """`text` in double quotes as Go's %q prints it, which is how commands stand in errors."""
    result = ""
    for character in text:
        code = ord(character)
        if code in _ESCAPES:
            result += "\\" + _ESCAPES[code]
        elif character.isprintable():
            result += character
        elif code < 128:
            result += f"\\x{code:02x}"
        else:
            result += f"\\u{code:04x}" if code < 0x10000 else f"\\U{code:08x}"
    return f'"{result}"'
