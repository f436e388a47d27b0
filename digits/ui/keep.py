"""Store the user's answers as corrections."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from digits.types import Picture, Reading
from digits.ui.acts import AnswerKind

if TYPE_CHECKING:
    from digits.corrections.store import Corrections, Source


@dataclass(frozen=True, slots=True)
class LineTruth:
    """The truth of one line of a reading."""

    line: int  # from 0
    text: str
    how: AnswerKind


Keep = Callable[[Picture, Reading, Sequence[LineTruth], str], str]  # the last is the file's name


def keep_in(store: Callable[[], "Corrections"], source: "Source") -> Keep:
    """Return a function that stores truths, all or none, and returns a message.

    Parameters
    ----------
    store : returns the store; called only when there is something to store
    source : page of the corrections
    """

    def keep(picture: Picture, reading: Reading, truths: Sequence[LineTruth], file: str) -> str:
        from digits.corrections.from_reading import to_corrections

        made = [
            to_corrections(
                picture,
                reading,
                truth.text,
                line=truth.line,
                source=source,
                act=truth.how,
                file=file or None,
            )
            for truth in truths
        ]
        store().add([correction for each in made for correction in each])
        if len(truths) > 1:
            return f"{len(truths)} numbers saved as right"
        whole, read = made[0][0], reading.lines[truths[0].line].text
        right = whole.written or whole.truth or "nothing"
        return f"{right} saved as right" if whole.truth == read else f"Saved: {right}, not {read}"

    return keep
