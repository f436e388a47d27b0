"""Store sheets: their files, readings and the steps of the user.

They are stored in the database of corrections: SQLite in the user's data folder, or PostgreSQL. A
sheet is rebuilt from its readings and its steps, so that all steps can be undone after a reload.
"""

import json
import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection
from sqlalchemy.exc import IntegrityError

from digits.errors import SheetsError
from digits.io.database import Database, as_utc
from digits.marksheet.changes import Step
from digits.marksheet.packing import PackedScan, pack_scan, unpack_scan
from digits.marksheet.scan import Scan

metadata = sa.MetaData()
sheets = sa.Table(
    "sheets",
    metadata,
    sa.Column("id", sa.String(32), primary_key=True),
    sa.Column("title", sa.Text, nullable=False),
    sa.Column("summary", sa.Text, nullable=False),
    sa.Column("changed", sa.DateTime(timezone=True), nullable=False, index=True),
    sa.Column("form", sa.String(32), nullable=False, server_default=""),
)
files = sa.Table(
    "sheet_files",
    metadata,
    sa.Column("sheet", sa.String(32), primary_key=True),
    sa.Column("number", sa.Integer, primary_key=True),
    sa.Column("name", sa.Text, nullable=False),
    sa.Column("content", sa.LargeBinary, nullable=False),
)
scans = sa.Table(
    "sheet_scans",
    metadata,
    sa.Column("sheet", sa.String(32), primary_key=True),
    sa.Column("number", sa.Integer, primary_key=True),
    sa.Column("file", sa.Integer, nullable=False),
    sa.Column("page", sa.Integer, nullable=True),
    sa.Column("reading", sa.Text, nullable=True),
    sa.Column("frames", sa.LargeBinary, nullable=True),
    sa.Column("view", sa.LargeBinary, nullable=False),
    sa.Column("error", sa.Text, nullable=False),
)
steps = sa.Table(
    "sheet_steps",
    metadata,
    sa.Column("sheet", sa.String(32), primary_key=True),
    sa.Column("number", sa.Integer, primary_key=True),
    sa.Column("label", sa.Text, nullable=False),
    sa.Column("before", sa.Text, nullable=False),
    sa.Column("after", sa.Text, nullable=False),
)
ELSEWHERE = "this sheet was changed in another window: reload the page to go on"
GONE = "this sheet was deleted: start a new one"


@dataclass(frozen=True, slots=True)
class SheetSummary:
    """The entry of a saved sheet in a list."""

    id: str
    title: str
    summary: str  # number of checks left, in words
    changed: datetime  # aware, UTC


@dataclass(frozen=True, slots=True)
class SavedSheet:
    """A saved sheet."""

    scans: tuple[Scan, ...]  # without the bytes of their files
    steps: tuple[Step, ...]


class SheetStore:
    """A store of sheets. Threads and processes may share one database.

    Parameters
    ----------
    url : as SQLAlchemy takes it, ``sqlite:///file`` or ``postgresql+psycopg://...``

    Raises
    ------
    SheetsError
        Of every method too: the database cannot be reached, read or written, is newer than this
        program, or has no such sheet.
    """

    def __init__(self, url: str) -> None:
        self._database = Database(url, SheetsError, "sheet")

    def create(self, title: str, form: str = "") -> str:
        """Save an empty sheet and return its id.

        Parameters
        ----------
        form : the id of the form that its pages belong to; empty if none
        """
        sheet = secrets.token_hex(16)
        now = datetime.now(UTC)
        row = {"id": sheet, "title": _storable(title), "summary": "", "changed": now, "form": form}
        with self._database.transaction(writes=True) as connection:
            connection.execute(sa.insert(sheets), [row])
        return sheet

    def add_scans(self, sheet: str, added: Sequence[Scan]) -> None:
        """Save further pages with the bytes of their files."""
        with self._database.transaction(writes=True) as connection:
            self._touch(connection, sheet)
            file = _next(connection, files, sheet) - 1
            number = _next(connection, scans, sheet)
            content = None
            for scan in added:
                if scan.content is not content or not _is_same_file(scan):
                    content, file = scan.content, file + 1
                    row = {"sheet": sheet, "number": file, "name": _storable(scan.file)}
                    connection.execute(sa.insert(files), [{**row, "content": content}])
                row = {"sheet": sheet, "number": number, "file": file, "page": scan.page}
                connection.execute(sa.insert(scans), [{**row, **_read_columns(scan)}])
                number += 1

    def save_scan(self, sheet: str, number: int, scan: Scan) -> None:
        """Save the reading of a page."""
        with self._database.transaction(writes=True) as connection:
            self._touch(connection, sheet)
            which = (scans.c.sheet == sheet) & (scans.c.number == number)
            connection.execute(sa.update(scans).where(which).values(**_read_columns(scan)))

    def add_step(self, sheet: str, number: int, step: Step) -> None:
        """Save a step of the user.

        Parameters
        ----------
        number : of the step, from 0

        Raises
        ------
        SheetsError
            Another window has saved a step with this number.
        """
        row = {
            "sheet": sheet,
            "number": number,
            "label": step.label,
            "before": json.dumps(dict(step.before)),
            "after": json.dumps(dict(step.after)),
        }
        try:
            with self._database.transaction(writes=True) as connection:
                self._touch(connection, sheet)
                if _next(connection, steps, sheet) != number:
                    raise SheetsError(ELSEWHERE)
                connection.execute(sa.insert(steps), [row])
        except SheetsError as error:
            if isinstance(error.__cause__, IntegrityError):  # of two windows
                raise SheetsError(ELSEWHERE) from error
            raise

    def remove_step(self, sheet: str, number: int) -> None:
        """Delete the last step, which was undone."""
        with self._database.transaction(writes=True) as connection:
            self._touch(connection, sheet)
            if _next(connection, steps, sheet) != number + 1:
                raise SheetsError(ELSEWHERE)
            which = (steps.c.sheet == sheet) & (steps.c.number == number)
            connection.execute(sa.delete(steps).where(which))

    def describe(self, sheet: str, title: str, summary: str) -> None:
        """Save the entry of a sheet in the list."""
        with self._database.transaction(writes=True) as connection:
            self._touch(connection, sheet, title=_storable(title), summary=summary)

    def list(self, *, form: str = "", limit: int = 50) -> list[SheetSummary]:
        """Return the saved sheets of a form, or of none, the one changed last first."""
        mine = sa.select(sheets).where(sheets.c.form == form)
        query = mine.order_by(sheets.c.changed.desc(), sheets.c.id).limit(limit)
        with self._database.transaction() as connection:
            return [
                SheetSummary(row["id"], row["title"], row["summary"], as_utc(row["changed"]))
                for row in connection.execute(query).mappings()
            ]

    def load(self, sheet: str) -> SavedSheet:
        """Return a saved sheet."""
        with self._database.transaction() as connection:
            self._check(connection, sheet)
            columns = (*scans.c, files.c.name)
            same = (files.c.sheet == scans.c.sheet) & (files.c.number == scans.c.file)
            query = sa.select(*columns).join(files, same).where(scans.c.sheet == sheet)
            rows = connection.execute(query.order_by(scans.c.number)).mappings().all()
            query = sa.select(steps).where(steps.c.sheet == sheet).order_by(steps.c.number)
            saved_steps = connection.execute(query).mappings().all()
        return SavedSheet(
            tuple(_to_scan(row) for row in rows),
            tuple(
                Step(row["label"], json.loads(row["before"]), json.loads(row["after"]))
                for row in saved_steps
            ),
        )

    def content(self, sheet: str, number: int) -> bytes:
        """Return the bytes of the file that a page comes from."""
        same = (files.c.sheet == scans.c.sheet) & (files.c.number == scans.c.file)
        which = (scans.c.sheet == sheet) & (scans.c.number == number)
        query = sa.select(files.c.content).join(scans, same).where(which)
        with self._database.transaction() as connection:
            found = connection.execute(query).scalar_one_or_none()
        if found is None:
            raise SheetsError(GONE)
        return bytes(found)

    def remove(self, sheet: str) -> None:
        """Delete a sheet with its files."""
        with self._database.transaction(writes=True) as connection:
            for table in (steps, scans, files):
                connection.execute(sa.delete(table).where(table.c.sheet == sheet))
            connection.execute(sa.delete(sheets).where(sheets.c.id == sheet))
        self._database.forget()

    def close(self) -> None:
        """Close the connections."""
        self._database.close()

    def _touch(self, connection: Connection, sheet: str, **values: str) -> None:
        """Set the time of the last change of a sheet to now."""
        change = sa.update(sheets).where(sheets.c.id == sheet)
        if not connection.execute(change.values(changed=datetime.now(UTC), **values)).rowcount:
            raise SheetsError(GONE)

    def _check(self, connection: Connection, sheet: str) -> None:
        query = sa.select(sheets.c.id).where(sheets.c.id == sheet)
        if connection.execute(query).scalar_one_or_none() is None:
            raise SheetsError(GONE)


def _next(connection: Connection, table: sa.Table, sheet: str) -> int:
    """Return the number that the next row of a sheet has in a table."""
    query = sa.select(sa.func.max(table.c.number)).where(table.c.sheet == sheet)
    last = connection.execute(query).scalar_one()
    return 0 if last is None else last + 1


def _is_same_file(scan: Scan) -> bool:
    """Return whether a page belongs to the same file as the page before it."""
    return scan.page is not None and scan.page > 1


def _read_columns(scan: Scan) -> dict[str, Any]:
    packed = pack_scan(scan)
    return {
        "reading": None if packed is None else packed.reading,
        "frames": None if packed is None else packed.frames,
        "view": scan.view,
        "error": _storable(scan.error),
    }


def _to_scan(row: Any) -> Scan:  # noqa: ANN401  # a mapping of SQLAlchemy's
    scan = Scan(row["name"], b"", row["page"], view=bytes(row["view"]), error=row["error"])
    if row["reading"] is None:
        return scan
    return unpack_scan(scan, PackedScan(row["reading"], bytes(row["frames"])))


def _storable(text: str) -> str:
    """Return text without NUL and lone surrogates, which databases reject."""
    return text.replace("\0", "").encode(errors="replace").decode()
