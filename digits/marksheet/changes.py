"""What a person says about a sheet: one step after another, each of which can be undone."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from digits.corrections.from_reading import to_corrections
from digits.corrections.store import Correction
from digits.io.document import load_picture
from digits.marksheet.audit import Audit, Group
from digits.marksheet.cell import ABSENT, to_truth
from digits.marksheet.scan import Scan
from digits.marksheet.sheet import Place, Said, Sheet, column_said, place_key

TABLE_KEYS = ("cell ", "row ", "column ")  # how keys begin that are about one layout's table


@dataclass(frozen=True, slots=True)
class Step:
    """One change of what was said, with what stood there before; None where nothing did."""

    label: str  # for people: what undoing it takes back
    before: Mapping[str, Any]
    after: Mapping[str, Any]


def make_step(said: Said, label: str, change: Mapping[str, Any]) -> Step | None:
    """Return a change as a step, or None where it changes nothing.

    Parameters
    ----------
    said : before the change
    change : what is said by key; None unsays something
    """
    after = {key: value for key, value in change.items() if said.get(key) != value}
    return Step(label, {key: said.get(key) for key in after}, after) if after else None


def take_step(said: Said, step: Step) -> dict[str, Any]:
    """Return what is said after a step."""
    return _merged(said, step.after)


def undo_step(said: Said, step: Step) -> dict[str, Any]:
    """Return what was said before a step."""
    return _merged(said, step.before)


def replay(steps: Iterable[Step]) -> dict[str, Any]:
    """Return what is said after all steps."""
    said: dict[str, Any] = {}
    for step in steps:
        said = take_step(said, step)
    return said


def _merged(said: Said, change: Mapping[str, Any]) -> dict[str, Any]:
    merged = {**said, **change}
    return {key: value for key, value in merged.items() if value is not None}


def confirm_alike(sheet: Sheet, audit: Audit, group: Group) -> dict[str, Any]:
    """Return the change that settles a group of cells with the same doubt.

    Decimals are confirmed as they were read, and their columns may have decimals from now on;
    dashes stand for somebody who was absent.
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


def change_layout(said: Said, layout: str) -> dict[str, Any]:
    """Return the change to another layout, whose table has other rows and columns."""
    forgotten = {key: None for key in said if key.startswith(TABLE_KEYS)}
    return {**forgotten, "layout": layout}


def sheet_corrections(
    sheet: Sheet, scans: Sequence[Scan], content: Callable[[int], bytes]
) -> list[Correction]:
    """Return what a person put right on a sheet, to be stored when they ask for it.

    Words such as "absent" are no corrections, nor is a total that was replaced by the sum.

    Parameters
    ----------
    content : gives the bytes of a scan's file
    """
    found: list[Correction] = []
    for (row, column), edit in sorted(sheet.edits.items()):
        scan, entry = scans[sheet.rows[row].scan], sheet.rows[row].entries[column]
        if not is_correction(sheet, (row, column)) or scan.reading is None or entry is None:
            continue
        found += to_corrections(
            load_picture(content(sheet.rows[row].scan), scan.page),
            scan.reading,
            to_truth(edit.text) or "",
            line=entry.index,
            source="sheet",
            act="typed",
            file=scan.file,
        )
    return found


def is_correction(sheet: Sheet, place: Place) -> bool:
    """Return whether a person gave other digits than were read on the paper."""
    entry, edit = sheet.rows[place[0]].entries[place[1]], sheet.edits[place]
    truth = to_truth(edit.text)
    return entry is not None and edit.is_reading and truth not in (None, entry.line.text)
