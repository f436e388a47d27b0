"""Component that shows the table of a sheet in the browser."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import streamlit as st

from digits.marksheet.audit import Audit
from digits.marksheet.cell import Checked, Column, shown_text
from digits.marksheet.propose import Row
from digits.marksheet.scan import Scan
from digits.marksheet.sheet import Place, Sheet, place_key, row_key
from digits.types import Box
from digits.ui.component import component
from digits.ui.media import picture_address
from digits.ui.viewer import BoxState, ShownBox

KEY = "sheet table"
GROUP = "sheet"  # photograph and table share a selection
MODULES = ("sheet_state", "buttons", "sheet_crop", "sheet_settings", "sheet_strip")

HTML = """
<div class="sheet"><div class="bar">
<span role="status"></span><span class="groups"></span>
<button type="button" data-do="undo">Undo</button>
<button type="button" data-do="next">Next<kbd>N</kbd></button>
<button type="button" data-do="order" aria-pressed="false" hidden>Uncertain first</button>
<button type="button" data-do="table" aria-pressed="false">Table</button>
</div>
<div class="scroll" tabindex="0" role="region" aria-label="Table to check"><table></table></div>
<button type="button" data-do="headings" aria-pressed="false" hidden>Show headings</button>
<div class="strip" role="group" aria-label="Cell to check" hidden>
<span class="crop" role="img"></span>
<div class="head"><span class="title"></span><span class="place"></span></div>
<p class="why" aria-live="polite"></p>
<div class="candidates"></div>
<div class="entry"><input inputmode="decimal" enterkeyhint="next" autocomplete="off">
<button type="button" class="primary" data-do="right">Right<kbd>Enter</kbd></button>
<button type="button" data-do="absent">Absent<kbd>A</kbd></button>
<button type="button" data-do="skip">Skip row<kbd>S</kbd></button></div>
</div>
<div class="pop" role="dialog" aria-label="Settings" hidden></div>
</div>
"""


@dataclass(frozen=True, slots=True)
class TableEvents:
    """Events of the table in the browser."""

    changes: tuple[Mapping[str, Any], ...] = ()  # not confirmed yet
    scan: int | None = None  # whose photograph is shown
    selected: str = ""  # cell


@dataclass(frozen=True, slots=True)
class TableState:
    """State of the table in the browser besides the sheet."""

    epoch: str  # identifies the sheet
    seen: int  # number of the last change that was applied
    undo: str  # label of the step to undo; empty if none
    scan: int  # whose photograph is shown
    selected: str  # first selected cell; empty if none
    order: Sequence[str] | None = None  # keys of a form's pages, uncertain first; None: of marks


def sheet_table(sheet: Sheet, audit: Audit, scans: Sequence[Scan], state: TableState) -> None:
    """Show the table of a sheet; `table_events` returns its events in the next run."""
    mount = component("sheet_grid", HTML, modules=MODULES)
    data = {**to_data(sheet, audit, scans), **asdict(state), "group": GROUP}
    mount(key=KEY, data=data, on_said_change=lambda: None, on_scan_change=lambda: None)


def table_events(epoch: str) -> TableEvents:
    """Return the events of the sheet of this epoch."""
    state = st.session_state.get(KEY, {})
    said, scan = state.get("said"), state.get("scan")
    changes = tuple(said["changes"]) if said and said["epoch"] == epoch else ()
    if not scan or scan["epoch"] != epoch:
        return TableEvents(changes)
    return TableEvents(changes, int(scan["scan"]), str(scan["id"]))


def to_data(sheet: Sheet, audit: Audit, scans: Sequence[Scan]) -> dict[str, Any]:
    """Return a sheet as JSON-serializable values for the browser."""
    numbers = {row: i for i, row in enumerate(sheet.data, start=1)}
    return {
        "pictures": {
            index: picture for index, scan in enumerate(scans) if (picture := _picture(scan, index))
        },
        "columns": [_column(sheet, index, column) for index, column in enumerate(sheet.columns)],
        "rows": [
            {
                "key": row_name(row),
                "scan": row.scan,
                "number": numbers.get(index, ""),
                "name": _row_name(sheet, index),
                "label": row.label,
                "kind": row.kind,
                "error": row.error,
                "cells": [] if row.error else _cells(row, audit.cells[index]),
            }
            for index, row in enumerate(sheet.rows)
        ],
        "open": {"sums": audit.n_sums, "names": audit.names},
        "groups": [{"kind": group.kind, "label": group.label} for group in audit.groups],
    }


def _picture(scan: Scan, index: int) -> dict[str, Any] | None:
    if scan.reading is None or not scan.view:
        return None
    width, height = scan.reading.size
    address = picture_address(scan.view, f"sheet {index}")
    return {"url": address, "width": width, "height": height}


def _column(sheet: Sheet, index: int, column: Column) -> dict[str, Any]:
    heading = sheet.heading(index)
    return {
        "name": column.name,
        "kind": column.kind,
        "maximum": "" if column.maximum is None else str(column.maximum),
        "heading": None if heading is None else [heading[0], *_sides(heading[1].box)],
    }


def _row_name(sheet: Sheet, index: int) -> str:
    kind = sheet.rows[index].kind
    if kind == "data":
        return sheet.named.get(index, "")
    return {"heading": "Heading", "total": "Total", "failed": "Failed", "skipped": "Skipped"}[kind]


def _cells(row: Row, cells: Sequence[Checked]) -> list[dict[str, Any]]:
    return [
        {
            "text": cell.text,
            "read": shown_text(entry),
            "doubts": [[doubt.kind, doubt.text] for doubt in cell.doubts],
            "candidates": list(cell.candidates),
            "confirmed": cell.confirmed,
            "box": None if entry is None else _sides(entry.box),
        }
        for entry, cell in zip(row.entries, cells, strict=True)
    ]


def _sides(box: Box) -> list[int]:
    return [box.x, box.y, box.width, box.height]


def uncertain_first(sheet: Sheet, audit: Audit) -> list[int]:
    """Return the rows, the one with the least confident cell to check first, then failed rows."""

    def urgency(row: int) -> tuple[int, float]:
        if sheet.rows[row].error:
            return 1, 0.0
        pairs = zip(sheet.rows[row].entries, audit.cells[row], strict=True)
        unsure = [0.0 if e is None else e.line.confidence for e, cell in pairs if cell.doubts]
        return (0, min(unsure)) if unsure else (2, 0.0)

    return sorted(range(len(sheet.rows)), key=urgency)


def first_open(sheet: Sheet, audit: Audit, order: Sequence[int] | None = None) -> str:
    """Return the first cell to check, or the first cell; empty if there is none.

    Parameters
    ----------
    order : of the rows; that of the sheet if not given
    """
    rows = range(len(sheet.rows)) if order is None else order
    counted = [i for i in rows if sheet.rows[i].kind in ("data", "total")]
    places = [(row, column) for row in counted for column in range(len(sheet.columns))]
    is_open = [place for place in places if audit.cells[place[0]][place[1]].doubts]
    return next((cell_id(sheet, place) for place in is_open + places), "")


def row_name(row: Row) -> str:
    """Return the name of a row in the browser."""
    return row_key(row)[len("row ") :]


def cell_id(sheet: Sheet, place: Place) -> str:
    """Return the name of a cell in the browser."""
    return place_key(sheet, place)[len("cell ") :]


def boxes_of(sheet: Sheet, audit: Audit, scan: int) -> list[ShownBox]:
    """Return the cells of one photograph as boxes for the viewer."""
    boxes = []
    for index, row in enumerate(sheet.rows):
        if row.scan != scan or row.error or row.kind == "skipped":
            continue
        name = sheet.named.get(index) or f"Row {index + 1}"
        for column, (entry, cell) in enumerate(zip(row.entries, audit.cells[index], strict=True)):
            about = sheet.columns[column]
            if entry is None or about.kind == "ignore":
                continue
            boxes.append(
                ShownBox(
                    id=cell_id(sheet, (index, column)),
                    box=entry.box,
                    label=cell.text,
                    state=_state(cell),
                    reason=", ".join(doubt.text for doubt in cell.doubts),
                    name=f"{name}, {about.name}",
                    note=_note(cell),
                )
            )
    return boxes


def _note(cell: Checked) -> str:
    """Return what is drawn on the photograph at a cell whose sum does not agree."""
    reasons = {doubt.kind: doubt.text for doubt in cell.doubts}
    if "suspect" in reasons:
        return f"Is this {cell.candidates[0]}?"
    return reasons.get("sum", "")


def _state(cell: Checked) -> BoxState:
    kinds = {doubt.kind for doubt in cell.doubts}
    if "sum" in kinds:
        return "wrong"
    if kinds:
        return "check"
    return "confirmed" if cell.confirmed else "quiet"
