"""The programs of a lab as a person sees them: what is built, how far it is, and what `pulumi` on PATH saves.

How they are built is in lab/engine.
"""

from collections.abc import Iterable
from pathlib import Path

from lab.engine.build import build, is_built
from lab.engine.products import ENGINE, EXTRAS, Product, needed, pulumi_on_path
from lab.layout import Layout
from lab.progress import Steps


def wanted(extras: Iterable[str] = ()) -> tuple[Product, ...]:
    """The programs that a lab on this machine needs, and those of the extras that are programs."""
    return (*needed(), *(EXTRAS[name] for name in extras if name in EXTRAS))


def programs(layout: Layout, steps: Steps, extras: Iterable[str] = ()) -> dict[str, Path]:
    """The folder of each program, by its name; built now where the cache has it not.

    Raises:
        LabError: when Go is missing or a build fails.
    """
    products = wanted(extras)
    missing = [product.program for product in products if not is_built(layout.cache, product)]
    if not missing:
        return build(layout.cache, products)
    own = pulumi_on_path()
    if own:
        steps.say(f"{own} is used with its own plugins, which saves building them: most of the time")
    elif missing_engine := [product.program for product in ENGINE if product.program in missing]:
        steps.say(
            f"no `pulumi` on PATH: {', '.join(missing_engine)} are built as well, which is most of the time"
        )
    with steps.measured(f"build {len(missing)} programs from Go modules, once") as told:
        return build(layout.cache, products, told, steps.say)
