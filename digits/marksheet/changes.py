"""Changes of a sheet by the user, as steps that can be undone."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from digits.corrections.from_reading import to_corrections
from digits.corrections.store import Correction
from digits.marksheet.audit import Audit, Group
from digits.marksheet.cell import ABSENT, to_truth
from digits.marksheet.scan import Scan
from digits.marksheet.sheet import Place, Sheet, UserInput, column_said, place_key
from digits.types import Picture

TABLE_KEYS = ("cell ", "row ", "column ")  # how keys begin that are about one layout's table


@dataclass(frozen=True, slots=True)
class Step:
    """A change of the user input, with the values before; None for no value."""

    label: str  # for the button that undoes it
    before: Mapping[str, Any]
    after: Mapping[str, Any]


def make_step(user_input: UserInput, label: str, change: Mapping[str, Any]) -> Step | None:
    """Return a change as a step, or None if it changes nothing.

    Parameters
    ----------
    user_input : before the change
    change : new values by key; None removes a key
    """
    after = {key: value for key, value in change.items() if user_input.get(key) != value}
    return Step(label, {key: user_input.get(key) for key in after}, after) if after else None


def take_step(user_input: UserInput, step: Step) -> dict[str, Any]:
    """Return the user input after a step."""
    return _merged(user_input, step.after)


def undo_step(user_input: UserInput, step: Step) -> dict[str, Any]:
    """Return the user input before a step."""
    return _merged(user_input, step.before)


def replay(steps: Iterable[Step]) -> dict[str, Any]:
    """Return the user input after all steps."""
    user_input: dict[str, Any] = {}
    for step in steps:
        user_input = take_step(user_input, step)
    return user_input


def _merged(user_input: UserInput, change: Mapping[str, Any]) -> dict[str, Any]:
    merged = {**user_input, **change}
    return {key: value for key, value in merged.items() if value is not None}


def confirm_alike(sheet: Sheet, audit: Audit, group: Group) -> dict[str, Any]:
    """Return the change that confirms a group of cells with the same doubt.

    Decimals are confirmed as they were read, and their columns become decimal; dashes become
    absences.
    """
    change: dict[str, Any] = {}
    for row, column in group.places:
        is_dash = group.kind == "dash"
        text = ABSENT if is_dash else audit.cells[row][column].text
        change[place_key(sheet, (row, column))] = {
            "text": text, "kept": False, "is_reading": not is_dash,
        }  # fmt: skip
        about = sheet.columns[column]
        if group.kind == "decimal" and about.kind == "points":
            change[f"column {column}"] = {**column_said(about), "kind": "decimal"}
    return change


def change_layout(user_input: UserInput, layout: str) -> dict[str, Any]:
    """Return the change to another layout; input about rows and columns is removed."""
    forgotten = {key: None for key in user_input if key.startswith(TABLE_KEYS)}
    return {**forgotten, "layout": layout}


def corrected_digits(sheet: Sheet, place: Place) -> str | None:
    """Return the digits of a cell where the user changed what was read; None elsewhere.

    Words such as "absent" and totals that were replaced by the sum are no corrections.
    """
    entry, edit = sheet.rows[place[0]].entries[place[1]], sheet.edits[place]
    truth = to_truth(edit.text)
    is_changed = entry is not None and edit.is_reading and truth != entry.line.text
    return truth if is_changed else None


def sheet_corrections(
    sheet: Sheet,
    scans: Sequence[Scan],
    picture: Callable[[int], Picture],
    truth_of: Callable[[Sheet, Place], str | None] = corrected_digits,
) -> list[Correction]:
    """Return the cells that the user corrected, as corrections to store.

    Parameters
    ----------
    picture : returns the page of a scan
    truth_of : returns the digits of a corrected cell, or None
    """
    found: list[Correction] = []
    for row, column in sorted(sheet.edits):
        scan, entry = scans[sheet.rows[row].scan], sheet.rows[row].entries[column]
        truth = truth_of(sheet, (row, column))
        if truth is None or scan.reading is None or entry is None:
            continue
        found += to_corrections(
            picture(sheet.rows[row].scan),
            scan.reading,
            truth,
            line=entry.index,
            source="sheet",
            act="typed",
            file=scan.file,
        )
    return found
