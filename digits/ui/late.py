"""The assembly, imported when a page first asks for it: nobody waits for it before."""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from digits.assembly import ModelCard
    from digits.corrections import Corrections
    from digits.reader import Reader


def current_reader(model: str | None = None) -> "Reader":
    """Return the reader to use now, as `digits.assembly.current_reader`."""
    from digits import assembly

    return assembly.current_reader(model)


def available_models() -> "list[ModelCard]":
    """Return the models to choose among, as `digits.assembly.available_models`."""
    from digits import assembly

    return assembly.available_models()


def current_corrections() -> "Corrections":
    """Return the store of corrections, as `digits.assembly.current_corrections`."""
    from digits import assembly

    return assembly.current_corrections()
