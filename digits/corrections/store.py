"""Store corrections in SQLite in the user's data folder, or in PostgreSQL.

Corrections are on the disk when `Corrections.add` returns. A correction belongs to a place, a crop
with its box: storing it again changes nothing, and a new truth for the same place replaces the old
one.
"""

import hashlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any, Literal

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.engine import Connection

from digits.errors import CorrectionsError
from digits.io.database import Database
from digits.types import Box, ModelName

Source = Literal["read", "draw", "sheet", "api", "import"]
# How a correction was made: typed, chosen among candidates, confirmed, sent to the API, imported.
Act = Literal["typed", "chosen", "confirmed", "sent", "imported"]

CHUNK = 200  # corrections in one statement; SQLite takes 32,766 parameters

metadata = sa.MetaData()
table = sa.Table(
    "corrections",
    metadata,
    sa.Column("id", sa.String(64), primary_key=True),
    sa.Column("reading", sa.String(64), nullable=False),
    sa.Column("line", sa.Integer, nullable=False),
    sa.Column("digit", sa.Integer, nullable=True),
    sa.Column("x", sa.Integer, nullable=False),
    sa.Column("y", sa.Integer, nullable=False),
    sa.Column("width", sa.Integer, nullable=False),
    sa.Column("height", sa.Integer, nullable=False),
    sa.Column("crop", sa.LargeBinary, nullable=False),
    sa.Column("frame", sa.LargeBinary, nullable=True),
    sa.Column("read", sa.Text, nullable=False),
    sa.Column("model_name", sa.Text, nullable=False),
    sa.Column("model_sha256", sa.String(64), nullable=False),
    sa.Column("truth", sa.Text, nullable=False),
    sa.Column("source", sa.String(16), nullable=False),
    sa.Column("file", sa.Text, nullable=True),
    sa.Column("made", sa.DateTime(timezone=True), nullable=False, index=True),
    sa.Column("removed", sa.DateTime(timezone=True), nullable=True),
    sa.Column("act", sa.String(16), nullable=True),
    sa.Column("written", sa.Text, nullable=True),
)


@dataclass(frozen=True, slots=True)
class Correction:
    """A line or digit of a picture with its reading and its truth."""

    reading: str  # `Reading.id`
    line: int  # from 0
    digit: int | None  # from 0 along the line; None for the line as a whole
    box: Box  # in pixels of the upright original
    crop: bytes  # PNG of the box with a margin
    frame: bytes | None  # PNG of the 28 x 28 px frame; None for a whole line
    read: str
    model: ModelName
    truth: str  # digits; empty if there are none
    source: Source
    file: str | None  # name of the picture, for display
    made: datetime  # aware, UTC
    act: Act | None = None  # None: stored by a version that did not record it
    written: str | None = None  # the truth with its separators; None without separators

    @property
    def id(self) -> str:
        """The SHA-256 of the place."""
        box = self.box
        place = f"{box.x},{box.y},{box.width},{box.height},{self.digit is None}"
        return hashlib.sha256(place.encode() + b"\0" + self.crop).hexdigest()


@dataclass(frozen=True, slots=True)
class CorrectionFilter:
    """A filter for corrections; each field narrows it."""

    truth: str | None = None
    source: Source | None = None
    wrong: bool | None = None  # only misread ones, or only the others
    single: bool | None = None  # only single digits, or only whole lines
    contains: str | None = None  # in the file's name, the reading or the truth
    explicit: bool | None = None  # only those with a known act, or only the others
    removed: bool = False  # removed ones, which may be restored


EVERYTHING = CorrectionFilter()


class Corrections:
    """A store of corrections. Threads and processes may share one database.

    Parameters
    ----------
    url : as SQLAlchemy takes it, ``sqlite:///file`` or ``postgresql+psycopg://...``

    Raises
    ------
    CorrectionsError
        By all methods: the database cannot be reached, read or written, or is newer than this
        program. Stored corrections are not lost.
    """

    def __init__(self, url: str) -> None:
        self._database = Database(url, CorrectionsError, "correction")

    def add(self, corrections: Sequence[Correction]) -> int:
        """Store corrections, all or none, and return how many are new or changed."""
        rows = [_to_row(correction) for correction in corrections]
        with self._database.transaction(writes=True) as connection:
            known = _truths(connection, [row["id"] for row in rows])
            news = {row["id"]: row for row in rows if known.get(row["id"]) != row["truth"]}
            for chunk in _chunks(list(news.values())):
                connection.execute(self._upsert(), chunk)
        return len(news)

    def all(
        self, filter_: CorrectionFilter = EVERYTHING, *, limit: int | None = None, offset: int = 0
    ) -> list[Correction]:
        """Return corrections, the newest first; simultaneous ones in the order of the page."""
        query = sa.select(table).where(*_conditions(filter_))
        c = table.c
        place = (c.reading, c.line, sa.func.coalesce(c.digit, -1), c.id)
        query = query.order_by(c.made.desc(), *place).limit(limit).offset(offset)
        with self._database.transaction() as connection:
            return [_from_row(row) for row in connection.execute(query).mappings()]

    def count(self, filter_: CorrectionFilter = EVERYTHING) -> int:
        """Return how many corrections there are."""
        query = sa.select(sa.func.count()).select_from(table).where(*_conditions(filter_))
        with self._database.transaction() as connection:
            return int(connection.execute(query).scalar_one())

    def remove(self, ids: Sequence[str]) -> int:
        """Remove corrections so that they can be restored, and return how many."""
        return self._mark(ids, table.c.removed.is_(None), datetime.now(UTC))

    def restore(self, ids: Sequence[str]) -> int:
        """Restore removed corrections, and return how many."""
        return self._mark(ids, table.c.removed.is_not(None), None)

    def remove_all(self, filter_: CorrectionFilter | None = None) -> int:
        """Delete corrections permanently, including removed ones, and return how many."""
        which = [] if filter_ is None else _conditions(filter_)
        with self._database.transaction(writes=True) as connection:
            n = connection.execute(sa.delete(table).where(*which)).rowcount
        self._database.forget()  # overwrite them in the file
        return int(n)

    def check(self) -> None:
        """Check that the database can be reached."""
        self.count()

    def close(self) -> None:
        """Close the connections."""
        self._database.close()

    def _mark(self, ids: Sequence[str], which: Any, when: datetime | None) -> int:  # noqa: ANN401
        n = 0
        with self._database.transaction(writes=True) as connection:
            for chunk in _chunks(list(ids)):
                chosen = sa.update(table).where(table.c.id.in_(chunk), which)
                n += connection.execute(chosen.values(removed=when)).rowcount
        return n

    def _upsert(self) -> sa.Executable:
        """Return the statement that stores a correction or updates the one of the same place."""
        make = postgresql.insert if self._database.dialect == "postgresql" else sqlite.insert
        insert = make(table)
        renewed = {c.name: insert.excluded[c.name] for c in table.c if c.name != "id"}
        return insert.on_conflict_do_update(index_elements=["id"], set_=renewed)


def _truths(connection: Connection, ids: Sequence[str]) -> dict[str, str]:
    """Return the stored corrections that are not removed: id to truth."""
    known: dict[str, str] = {}
    for chunk in _chunks(list(ids)):
        query = sa.select(table.c.id, table.c.truth)
        query = query.where(table.c.id.in_(chunk), table.c.removed.is_(None))
        known |= {row.id: row.truth for row in connection.execute(query)}
    return known


def _conditions(filter_: CorrectionFilter) -> list[sa.ColumnElement[bool]]:
    c = table.c
    equal = ((c.truth, filter_.truth), (c.source, filter_.source))
    filled = ((c.removed, filter_.removed), (c.digit, filter_.single), (c.act, filter_.explicit))
    conditions: list[sa.ColumnElement[bool]] = [
        column == value for column, value in equal if value is not None
    ]
    for column, is_filled in filled:
        if is_filled is not None:
            conditions.append(column.is_not(None) if is_filled else column.is_(None))
    if filter_.wrong is not None:
        conditions.append(c.read != c.truth if filter_.wrong else c.read == c.truth)
    if filter_.contains:
        text = filter_.contains
        columns = (c.file, c.read, c.truth)
        conditions.append(sa.or_(*(column.icontains(text, autoescape=True) for column in columns)))
    return conditions


def _chunks(items: list[Any]) -> Iterator[list[Any]]:
    for start in range(0, len(items), CHUNK):
        yield items[start : start + CHUNK]


def _to_row(correction: Correction) -> dict[str, Any]:
    plain = ("reading", "line", "digit", "crop", "frame", "truth", "source", "act", "written")
    return {
        "id": correction.id,
        **{name: getattr(correction, name) for name in plain},
        **{name: getattr(correction.box, name) for name in ("x", "y", "width", "height")},
        "read": _storable(correction.read),
        "model_name": _storable(correction.model.name),
        "model_sha256": correction.model.sha256,
        "file": None if correction.file is None else _storable(correction.file),
        "made": correction.made.astimezone(UTC),
        "removed": None,
    }


def _storable(text: str) -> str:
    """Return text without NUL and lone surrogates, which databases reject."""
    return text.replace("\0", "").encode(errors="replace").decode()


def _from_row(row: Any) -> Correction:  # noqa: ANN401  # a mapping of SQLAlchemy's
    made: datetime = row["made"]
    found = Correction(
        reading=row["reading"],
        line=row["line"],
        digit=row["digit"],
        box=Box(row["x"], row["y"], row["width"], row["height"]),
        crop=bytes(row["crop"]),
        frame=None if row["frame"] is None else bytes(row["frame"]),
        read=row["read"],
        model=ModelName(row["model_name"], row["model_sha256"]),
        truth=row["truth"],
        source=row["source"],
        file=row["file"],
        made=made,
        act=row["act"],
        written=row["written"],
    )
    # SQLite does not store the time zone; all times are UTC.
    return found if made.tzinfo else replace(found, made=made.replace(tzinfo=UTC))
