"""What becomes of an answer that a person puts right: it is stored, and they are told."""

from collections.abc import Callable
from typing import TYPE_CHECKING

from digits.types import Picture, Reading
from digits.ui.read import Keep

if TYPE_CHECKING:
    from digits.corrections.store import Corrections, Source


def keep_in(store: Callable[[], "Corrections"], source: "Source") -> Keep:
    """Return what stores a line's truth and says in a sentence what was stored.

    Parameters
    ----------
    store : gives the store when there is something to keep, and not before
    source : the page from which corrections come
    """

    def keep(picture: Picture, reading: Reading, line: int, truth: str, file: str) -> str:
        from digits.corrections.from_reading import to_corrections

        made = to_corrections(picture, reading, truth, line=line, source=source, file=file or None)
        store().add(made)
        right, read = made[0].truth or "no number", reading.lines[line].text
        if right == read:
            return f"Saved: {right} is right."
        n_digits = len(made) - 1
        each = ", each of its digits too" if n_digits > 1 else ""
        return f"Saved: {right}, where {read} was read{each}."

    return keep
