"""The sheet: a table of all readings with the input of the user."""

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
UserInput = Mapping[str, Any]  # JSON values by key, see `apply`

LAYOUTS: dict[str, bool | None] = {"auto": None, "row": True, "table": False}
LONGEST_TEXT = 100  # characters of a cell, a column's name or a title
LONGEST_LIST = 20_000  # characters of a class list
CELL_KEY = re.compile(r"cell (\d{1,6}) (\d{1,6}) (\d{1,6})")  # scan, row of its table, column
ROW_KEY = re.compile(r"row (\d{1,6}) (\d{1,6})")  # scan, row of its table
COLUMN_KEY = re.compile(r"column (\d{1,6})")
FILE_KEY = re.compile(r"file (\d{1,6})")  # scan


@dataclass(frozen=True, slots=True)
class Sheet:
    """The table with the input of the user."""

    rows: tuple[Row, ...]
    columns: tuple[Column, ...]
    edits: Mapping[Place, Edit] = field(default_factory=dict)  # confirmed or typed
    names: tuple[str, ...] = ()  # the class list
    title: str = "Marks"

    @property
    def data(self) -> list[int]:
        """The rows with marks."""
        return [index for index, row in enumerate(self.rows) if row.kind == "data"]

    @property
    def named(self) -> dict[int, str]:
        """The class list's name for each row of data, in order."""
        return dict(zip(self.data, self.names, strict=False))

    def heading(self, column: int) -> tuple[int, Entry] | None:
        """Return scan and entry of the heading of a column, if there is one."""
        for row in self.rows:
            entry = row.entries[column] if row.kind == "heading" else None
            if entry is not None:
                return row.scan, entry
        return None


def propose_sheet(scans: Sequence[Scan], *, one_each: bool | None = None) -> Sheet:
    """Return the table of all pictures with proposed kinds of rows and columns.

    Parameters
    ----------
    one_each : as `build_rows`; None to decide by the pictures
    """
    each = not are_tables(scans) if one_each is None else one_each
    rows = propose_rows(build_rows(scans, one_each=each))
    columns = propose_columns(rows)
    return Sheet(propose_total_row(rows, columns), columns, title=propose_title(scans))


def propose_title(scans: Sequence[Scan]) -> str:
    """Return a sheet's title: its first file's name without the ending."""
    return (PurePath(scans[0].file).stem if scans else "")[:LONGEST_TEXT] or "Marks"


def build_sheet(scans: Sequence[Scan], user_input: UserInput | None = None) -> Sheet:
    """Return the table of all pictures with the input of the user.

    Parameters
    ----------
    user_input : see `apply`
    """
    user_input = user_input or {}
    kept = [
        replace(scan, reading=None, rows=(), error="") if f"file {index}" in user_input else scan
        for index, scan in enumerate(scans)
    ]  # a removed scan counts as unread; the others keep their numbers
    layout = LAYOUTS.get(str(user_input.get("layout", "auto")))
    return apply(propose_sheet(kept, one_each=layout), user_input)


def apply(sheet: Sheet, user_input: UserInput) -> Sheet:
    """Return a proposed sheet with the input of the user.

    Parameters
    ----------
    user_input : ``cell SCAN ROW COLUMN`` has the fields of an `Edit`, ``row SCAN ROW`` its kind,
        ``column I`` the fields of a `Column`, ``file SCAN`` "removed", ``names`` the class list as
        text, ``layout`` one of `LAYOUTS`, ``title`` a text. Keys of rows or columns that do not
        exist are ignored.
    """
    columns = _columns(sheet.columns, user_input)
    return Sheet(
        _rows(sheet.rows, user_input),
        settle_totals(columns),
        _edits(sheet.rows, len(columns), user_input),
        parse_names(user_input.get("names", "")),
        user_input.get("title") or sheet.title,
    )


def _rows(rows: Sequence[Row], user_input: UserInput) -> tuple[Row, ...]:
    """Return the rows with the kinds set by the user."""
    return tuple(
        row if row.error else replace(row, kind=user_input.get(row_key(row), row.kind))
        for row in rows
    )


def _columns(columns: Sequence[Column], user_input: UserInput) -> list[Column]:
    """Return the columns as set by the user."""
    given = [user_input.get(f"column {index}") for index in range(len(columns))]
    return [
        Column(new["name"], new["kind"], to_number(new["maximum"])) if new else column
        for column, new in zip(columns, given, strict=True)
    ]


def _edits(rows: Sequence[Row], n_columns: int, user_input: UserInput) -> dict[Place, Edit]:
    """Return the edits of cells by their positions in the table."""
    places = {(row.scan, row.place): index for index, row in enumerate(rows)}
    edits = {}
    for key, value in user_input.items():
        if found := CELL_KEY.fullmatch(key):
            scan, place, column = map(int, found.groups())
            if (scan, place) in places and column < n_columns:
                edits[places[scan, place], column] = Edit(**value)
    return edits


def row_key(row: Row) -> str:
    """Return the key of a row's kind."""
    return f"row {row.scan} {row.place}"


def place_key(sheet: Sheet, place: Place) -> str:
    """Return the key of a cell's edit."""
    row = sheet.rows[place[0]]
    return f"cell {row.scan} {row.place} {place[1]}"


def column_said(column: Column) -> dict[str, str]:
    """Return a column as a JSON value."""
    maximum = "" if column.maximum is None else str(column.maximum)
    return {"name": column.name, "kind": column.kind, "maximum": maximum}


def clean_change(change: Mapping[str, Any]) -> dict[str, Any]:
    """Return the valid parts of a change from a browser; None removes a key.

    Parameters
    ----------
    change : values by key, as in `apply`
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
}  # patterns of keys, and the functions that validate their values
