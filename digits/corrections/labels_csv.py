"""Read ``labels.csv`` and the files that it lists, from a folder or archive.

This needs no database libraries, since training uses it.
"""

import csv
import io
from collections.abc import Callable
from pathlib import Path

from digits.errors import CorrectionsError
from digits.io.csv_escape import FORMULA, QUOTE

LABELS = "labels.csv"
MOST = 100_000  # rows of one folder
LARGEST = 20_000_000  # bytes of one picture in it

Open = Callable[[str], bytes]  # a file's name inside the folder to its content


def open_folder(folder: Path) -> Open:
    """Return a function that reads files inside the folder only.

    That function raises `CorrectionsError` for a file that is missing, too large or outside.
    """
    inside = folder.resolve()

    def read(name: str) -> bytes:
        path = (inside / name).resolve()
        if not path.is_relative_to(inside):
            raise CorrectionsError(f"{name} lies outside the folder")
        try:
            if path.stat().st_size > LARGEST:
                raise CorrectionsError(f"{name} is larger than {LARGEST // 10**6} MB")
            return path.read_bytes()
        except OSError as error:
            raise CorrectionsError(f"{name} cannot be read ({error.strerror})") from error

    return read


def read_rows(read: Open) -> list[dict[str, str]]:
    """Return the rows of ``labels.csv``, each cell as it was before `escape_cell`.

    Raises
    ------
    CorrectionsError
        There is no such table, it lacks the columns file and text, or it has no or too many rows.
    """
    try:
        rows = list(csv.DictReader(io.StringIO(read(LABELS).decode("utf-8-sig"), newline="")))
    except (UnicodeDecodeError, csv.Error) as error:
        raise CorrectionsError(f"{LABELS} is not a table of comma-separated text") from error
    if not rows or not {"file", "text"} <= rows[0].keys():
        raise CorrectionsError(
            f"{LABELS} needs the columns file and text, and a row for each picture"
        )
    if len(rows) > MOST:
        raise CorrectionsError(f"{LABELS} names {len(rows)} pictures; at most {MOST} are taken")
    return [{name: _unescape(value or "") for name, value in row.items() if name} for row in rows]


def escape_cell(value: str) -> str:
    """Escape formulas of spreadsheets."""
    return QUOTE + value if value.startswith((*FORMULA, QUOTE)) else value


def _unescape(value: str) -> str:
    return value[1:] if value.startswith(QUOTE) else value
