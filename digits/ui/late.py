"""The registry, imported on first use to start the app quickly."""

import gc
from functools import cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from digits.corrections.store import Corrections
    from digits.forms.store import FormStore
    from digits.marksheet.store import SheetStore
    from digits.reader import Reader
    from digits.registry import ModelCard


def current_reader(model: str | None = None) -> "Reader":
    """Return the reader to use now, as `digits.registry.current_reader`."""
    from digits import registry

    reader = registry.current_reader(model)
    _spare_what_stays()
    return reader


@cache
def _spare_what_stays() -> None:
    """Exempt what is loaded from garbage collection, once: modules and networks stay loaded.

    Streamlit collects all of it after each run, which keeps every visitor waiting for 60 ms.
    """
    gc.collect()
    gc.freeze()


def available_models() -> "list[ModelCard]":
    """Return the models to choose among, as `digits.registry.available_models`."""
    from digits import registry

    return registry.available_models()


def current_corrections() -> "Corrections":
    """Return the store of corrections, as `digits.registry.current_corrections`."""
    from digits import registry

    return registry.current_corrections()


def current_sheets() -> "SheetStore":
    """Return the store of sheets, as `digits.registry.current_sheets`."""
    from digits import registry

    return registry.current_sheets()


def current_forms() -> "FormStore":
    """Return the store of forms, as `digits.forms.store.current_forms`."""
    from digits.forms import store

    return store.current_forms()
