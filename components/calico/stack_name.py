"""How this stack is called in what it makes: our mark, by which a killed run's objects are known again."""

import pulumi


def stack_name() -> str:
    """`<project>/<stack>`."""
    return f"{pulumi.get_project()}/{pulumi.get_stack()}"
