"""The table to check, with a picture above every field: a small component of our own."""

import base64
from pathlib import Path
from typing import Any

import streamlit as st

from digits.marksheet.cell import Checked, written_text
from digits.marksheet.scan import Entry
from digits.marksheet.sheet import Sheet, Sum, check_row, match_names

HERE = Path(__file__).parent
KEY = "grid"

_HTML = """
<div class="grid"><div class="tools">
<button type="button" data-next>Next cell to check</button><span role="status"></span>
</div><div class="scroll" tabindex="0" role="region" aria-label="Table to check">
<table></table></div></div>
"""


def check_grid(sheet: Sheet, order: list[int], epoch: int) -> None:
    """Show the sheet's rows in an order, to be checked cell by cell.

    What the person says is given by `said_in_grid` in the next run.
    """
    grid = st.components.v2.component(
        "digits_grid",
        html=_HTML,
        css=(HERE / "grid.css").read_text(encoding="utf-8"),
        js=(HERE / "grid.js").read_text(encoding="utf-8"),
    )
    grid(key=KEY, data=to_grid(sheet, order, epoch), on_said_change=lambda: None)


def said_in_grid(epoch: int) -> dict[str, Any] | None:
    """Return what the person last said of the sheet of this epoch, if anything."""
    said = st.session_state.get(KEY, {}).get("said")
    return said if said and said["epoch"] == epoch else None


def to_grid(sheet: Sheet, order: list[int], epoch: int) -> dict[str, Any]:
    """Return what the browser is to show, as plain values."""
    names = match_names(sheet)
    columns = [
        {
            "name": column.name,
            "kind": column.kind,
            "maximum": "" if column.maximum is None else str(column.maximum),
            "decimals": column.decimals,
        }
        for column in sheet.columns
    ]
    edits = {f"{row},{column}": text for (row, column), text in sheet.edits.items()}
    said = {"edits": edits, "columns": columns, "left": sorted(sheet.left_out)}
    return {
        "epoch": epoch,
        "said": said,
        "columns": columns,
        "rows": [_row(sheet, row, names.get(row, "")) for row in order],
    }


def _row(sheet: Sheet, index: int, name: str) -> dict[str, Any]:
    cells, summed = check_row(sheet, index)
    row, left = sheet.rows[index], index in sheet.left_out
    return {
        "index": index,
        "name": name,
        "label": row.label if len({other.label for other in sheet.rows}) > 1 else "",
        "error": row.error,
        "left": left,
        "sum": _sum(summed),
        "cells": [
            None if entry is None else _cell(entry, Checked(cell.text) if left else cell)
            for entry, cell in zip(row.entries, cells, strict=True)
        ],
    }


def _cell(entry: Entry, cell: Checked) -> dict[str, Any]:
    return {
        "image": "data:image/jpeg;base64," + base64.b64encode(entry.thumbnail).decode(),
        "read": written_text(entry.line),
        "text": cell.text,
        "doubts": list(cell.doubts),
        "offers": list(cell.offers),
        "confirmed": cell.confirmed,
    }


def _sum(summed: Sum | None) -> dict[str, str] | None:
    if summed is None:
        return None
    if summed.state == "open":
        return {"state": "open", "text": "not all numbers"}
    if summed.state == "agrees":
        return {"state": "agrees", "text": f"sum {summed.reckoned}"}
    return {"state": "differs", "text": f"sum {summed.reckoned}, written {summed.written}"}
