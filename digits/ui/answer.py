"""The answer in large type, with what can be done with it: copy, confirm, fix, choose."""

from dataclasses import dataclass
from typing import Literal

from digits.ui.acts import UserAnswer, new_answers
from digits.ui.component import component

_HTML = """
<div class="answer"><div class="head">
<div data-testid="answer" aria-live="polite"></div>
<div class="candidates" role="group" aria-label="Other readings" hidden></div></div>
<p class="status" role="status"></p><ul class="notes"></ul>
<div class="actions">
<button type="button" data-act="copy"></button><div class="copies"></div>
<button type="button" data-act="right"></button>
<button type="button" data-act="fix">Fix</button>
</div></div>
"""

Kind = Literal["fine", "check", "none", "error"]


@dataclass(frozen=True, slots=True)
class ShownNumber:
    """One number of the answer."""

    id: str | None  # of its box on the picture; None where it has none
    parts: tuple[tuple[str, bool], ...]  # text, and whether it is to be checked


@dataclass(frozen=True, slots=True)
class AnswerCard:
    """What the card shows."""

    epoch: str  # the id of the reading
    rows: tuple[tuple[ShownNumber | None, ...], ...] = ()  # None: an empty cell of a table
    table: bool = False
    long: bool = False  # in smaller type
    steady: bool = False  # as high when it is empty: what stands below it stays where it is
    status: str = ""
    kind: Kind = "fine"
    notes: tuple[str, ...] = ()
    copies: tuple[tuple[str, str], ...] = ()  # label and text; the first one is the main button
    candidates: tuple[str, ...] = ()  # other readings of the whole, one press each
    confirm: bool = False  # "Looks right" is offered
    confirmed: bool = False  # and was pressed
    fix: str | None = None  # id of the box that "Fix" opens; None where it is not offered
    group: str = ""  # of components that follow each other's selection


def answer_card(card: AnswerCard, *, key: str) -> tuple[UserAnswer, ...]:
    """Show the answer; return the user's answers about it since the last run.

    Returns
    -------
    tuple of Answer
        With an empty id: "confirmed" for the reading as a whole, "chosen" with a candidate's text.
    """
    result = component("answer", _HTML, modules=("acts", "buttons"))(
        key=key,
        data={
            "epoch": card.epoch,
            "rows": [[_plain(number) for number in row] for row in card.rows],
            "table": card.table,
            "long": card.long,
            "steady": card.steady,
            "status": {"text": card.status, "kind": card.kind},
            "notes": list(card.notes),
            "copies": [{"label": label, "text": text} for label, text in card.copies],
            "candidates": list(card.candidates),
            "confirm": card.confirm,
            "confirmed": card.confirmed,
            "fix": card.fix,
            "group": card.group,
        },
        on_answers_change=lambda: None,
    )
    return new_answers(result.answers, card.epoch, key)


def _plain(number: ShownNumber | None) -> dict[str, object] | None:
    return None if number is None else {"id": number.id, "parts": [list(p) for p in number.parts]}
