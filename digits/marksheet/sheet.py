"""A sheet: the rows and columns that were read, and what a person said about them."""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import PurePath
from typing import Any

from digits.marksheet.cell import KINDS, Column, Edit, to_number
from digits.marksheet.names import parse_names
from digits.marksheet.propose import (
    ROW_KINDS,
    Row,
    are_tables,
    build_rows,
    propose_columns,
    propose_rows,
    propose_total_row,
    settle_totals,
)
from digits.marksheet.scan import Entry, Scan

Place = tuple[int, int]  # row and column of the table
Said = Mapping[str, Any]  # what a person said, as JSON, by what it is about (see `apply`)

LAYOUTS: dict[str, bool | None] = {"auto": None, "row": True, "table": False}
LONGEST_TEXT = 100  # characters of a cell, a column's name or a title
LONGEST_LIST = 20_000  # characters of a class list
CELL_KEY = re.compile(r"cell (\d{1,6}) (\d{1,6}) (\d{1,6})")  # scan, row of its table, column
ROW_KEY = re.compile(r"row (\d{1,6}) (\d{1,6})")  # scan, row of its table
COLUMN_KEY = re.compile(r"column (\d{1,6})")
FILE_KEY = re.compile(r"file (\d{1,6})")  # scan


@dataclass(frozen=True, slots=True)
class Sheet:
    """The table, and what the person has said about it."""

    rows: tuple[Row, ...]
    columns: tuple[Column, ...]
    edits: Mapping[Place, Edit] = field(default_factory=dict)  # confirmed or typed
    names: tuple[str, ...] = ()  # the class list
    title: str = "Marks"

    @property
    def data(self) -> list[int]:
        """The rows that hold somebody's marks."""
        return [index for index, row in enumerate(self.rows) if row.kind == "data"]

    @property
    def named(self) -> dict[int, str]:
        """The class list's name for each row of data, in order."""
        return dict(zip(self.data, self.names, strict=False))

    def heading(self, column: int) -> tuple[int, Entry] | None:
        """Return the scan and the entry of what stands above a column, if anything."""
        for row in self.rows:
            entry = row.entries[column] if row.kind == "heading" else None
            if entry is not None:
                return row.scan, entry
        return None


def propose_sheet(scans: Sequence[Scan], *, one_each: bool | None = None) -> Sheet:
    """Return the table of all pictures, with proposals for what its rows and columns hold.

    Parameters
    ----------
    one_each : as `build_rows`; None where the pictures are to tell
    """
    each = not are_tables(scans) if one_each is None else one_each
    rows = propose_rows(build_rows(scans, one_each=each))
    columns = propose_columns(rows)
    return Sheet(propose_total_row(rows, columns), columns, title=propose_title(scans))


def propose_title(scans: Sequence[Scan]) -> str:
    """Return a sheet's title: its first file's name without the ending."""
    return (PurePath(scans[0].file).stem if scans else "")[:LONGEST_TEXT] or "Marks"


def build_sheet(scans: Sequence[Scan], said: Said | None = None) -> Sheet:
    """Return the table of all pictures with what a person said about it.

    Parameters
    ----------
    said : see `apply`
    """
    said = said or {}
    kept = [
        replace(scan, reading=None, rows=(), error="") if f"file {index}" in said else scan
        for index, scan in enumerate(scans)
    ]  # one that was removed is as if it still waited; the others keep their places
    layout = LAYOUTS.get(str(said.get("layout", "auto")))
    return apply(propose_sheet(kept, one_each=layout), said)


def apply(sheet: Sheet, said: Said) -> Sheet:
    """Return a proposed sheet with what a person said about it.

    Parameters
    ----------
    said : ``cell SCAN ROW COLUMN`` has the fields of an `Edit`, ``row SCAN ROW`` its kind,
        ``column I`` the fields of a `Column`, ``file SCAN`` "removed", ``names`` the class list as
        text, ``layout`` one of `LAYOUTS`, ``title`` a text. What is about no row or column of this
        table is ignored.
    """
    columns = _columns(sheet.columns, said)
    return Sheet(
        _rows(sheet.rows, said),
        settle_totals(columns),
        _edits(sheet.rows, len(columns), said),
        parse_names(said.get("names", "")),
        said.get("title") or sheet.title,
    )


def _rows(rows: Sequence[Row], said: Said) -> tuple[Row, ...]:
    """Return the rows, each of the kind that was said."""
    return tuple(
        row if row.error else replace(row, kind=said.get(row_key(row), row.kind)) for row in rows
    )


def _columns(columns: Sequence[Column], said: Said) -> list[Column]:
    """Return the columns, each as it was said."""
    told = [said.get(f"column {index}") for index in range(len(columns))]
    return [
        Column(new["name"], new["kind"], to_number(new["maximum"])) if new else column
        for column, new in zip(columns, told, strict=True)
    ]


def _edits(rows: Sequence[Row], n_columns: int, said: Said) -> dict[Place, Edit]:
    """Return what was said of cells, by their places in the table."""
    places = {(row.scan, row.place): index for index, row in enumerate(rows)}
    edits = {}
    for key, value in said.items():
        if found := CELL_KEY.fullmatch(key):
            scan, place, column = map(int, found.groups())
            if (scan, place) in places and column < n_columns:
                edits[places[scan, place], column] = Edit(**value)
    return edits


def row_key(row: Row) -> str:
    """Return the key under which the kind of a row is said."""
    return f"row {row.scan} {row.place}"


def place_key(sheet: Sheet, place: Place) -> str:
    """Return the key under which something is said of a cell."""
    row = sheet.rows[place[0]]
    return f"cell {row.scan} {row.place} {place[1]}"


def column_said(column: Column) -> dict[str, str]:
    """Return a column as it is said."""
    maximum = "" if column.maximum is None else str(column.maximum)
    return {"name": column.name, "kind": column.kind, "maximum": maximum}


def clean_change(change: Mapping[str, Any]) -> dict[str, Any]:
    """Return the parts of a change from a browser that make sense; None unsays something.

    Parameters
    ----------
    change : as the argument of `apply`
    """
    cleaned = {}
    for key, value in change.items():
        clean = next((c for pattern, c in CLEANERS.items() if re.fullmatch(pattern, key)), None)
        made = None if clean is None or value is None else clean(value)
        if clean is not None and (value is None or made is not None):
            cleaned[key] = made
    return cleaned


def _clean_edit(value: Any) -> dict[str, Any] | None:  # noqa: ANN401  # a browser sends anything
    if not isinstance(value, Mapping):
        return None
    return {
        "text": _clean_text(value.get("text", "")),
        "kept": value.get("kept") is True,
        "is_reading": value.get("is_reading") is not False,
    }


def _clean_column(value: Any) -> dict[str, Any] | None:  # noqa: ANN401
    if not isinstance(value, Mapping) or value.get("kind") not in KINDS:
        return None
    maximum = to_number(str(value.get("maximum", "")))
    return {
        "name": _clean_text(value.get("name", "")) or "Column",
        "kind": value["kind"],
        "maximum": "" if maximum is None or maximum < 0 else str(maximum),
    }


def _clean_text(value: Any) -> str:  # noqa: ANN401
    return " ".join(str(value).replace("\0", "").split())[:LONGEST_TEXT]


CLEANERS: dict[str, Callable[[Any], Any]] = {
    CELL_KEY.pattern: _clean_edit,
    ROW_KEY.pattern: lambda value: value if value in ROW_KINDS else None,
    COLUMN_KEY.pattern: _clean_column,
    FILE_KEY.pattern: lambda value: "removed" if value == "removed" else None,
    "names": lambda value: str(value).replace("\0", "")[:LONGEST_LIST],
    "layout": lambda value: value if value in tuple(LAYOUTS) else None,
    "title": lambda value: _clean_text(value) or None,
}  # what may be said, and what makes sense of it
