"""The one exception of the lab: a message for a person, printed without a traceback."""


class LabError(Exception):
    """Something the lab needs is missing or went wrong; the message says what, where, what to do."""
