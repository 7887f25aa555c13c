"""How this stack is called in what it makes: our mark, by which a killed run's objects are known again."""

import pulumi

from components.calico.calico_api import API_ANNOTATION, STACK_ANNOTATION, V3, CalicoApi


def stack_name() -> str:
    """`<project>/<stack>`."""
    return f"{pulumi.get_project()}/{pulumi.get_stack()}"


def marked(name: str, api: CalicoApi) -> dict[str, object]:
    """The metadata of an object of Calico's that is ours alone, made by `api`."""
    marks = {STACK_ANNOTATION: stack_name()} | ({API_ANNOTATION: str(api)} if api != V3 else {})
    return {"name": name, "annotations": marks}
