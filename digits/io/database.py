"""The database of everything that is stored: a SQLite file, or a PostgreSQL server.

Its tables are brought to the newest version when it is first used. What a transaction has
returned from is on the disk.
"""

from collections.abc import Iterator
from contextlib import closing, contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection, Engine, make_url
from sqlalchemy.exc import ArgumentError, SQLAlchemyError

from digits.errors import DigitsError, how_to_install

MIGRATIONS = Path(__file__).parent.parent / "migrations"
WAIT = 10.0  # seconds that a writer waits for another to finish
UPGRADE_LOCK = 20_261_123  # any number: one process at a time changes PostgreSQL's tables


class Database:
    """A database. Threads and processes may share one.

    Parameters
    ----------
    url : as SQLAlchemy takes it, ``sqlite:///file`` or ``postgresql+psycopg://...``
    error : is raised instead of the driver's own
    noun : what is kept, for messages: "correction"

    Raises
    ------
    DigitsError
        Of class `error`, of every method too: the database cannot be reached, read or written, or
        is newer than this program. The sentence says which, and nothing that was acknowledged is
        lost.
    """

    def __init__(self, url: str, error: type[DigitsError], noun: str) -> None:
        self._error, self._noun = error, noun
        try:
            self._engine = _open(url)
        except (ArgumentError, ImportError) as fault:
            raise error(
                f"the database address cannot be used ({type(fault).__name__}): give DATABASE_URL "
                "as postgresql://user:password@host/name or sqlite:///file, and install what it "
                f"needs: {how_to_install('app,postgres')}"
            ) from fault
        self._upgraded: object = None  # which file, or server, has the tables of this version

    @property
    def dialect(self) -> str:
        """The kind of database: sqlite or postgresql."""
        return self._engine.dialect.name

    @contextmanager
    def transaction(self, *, writes: bool = False) -> Iterator[Connection]:
        """Open a transaction on a database with the tables of this version."""
        with self._reported():
            if self._upgraded is None or self._upgraded != _identity(self._engine):
                _upgrade(self._engine, self._error, self._noun)
                self._upgraded = _identity(self._engine)
            with self._engine.execution_options(writes=writes).begin() as connection:
                yield connection

    def forget(self) -> None:
        """Overwrite what was deleted from a SQLite file; a server does so automatically."""
        if self.dialect != "sqlite":
            return
        with self._reported(), closing(self._engine.raw_connection()) as connection:
            connection.cursor().execute("VACUUM")
            connection.cursor().execute("PRAGMA wal_checkpoint(TRUNCATE)")

    def close(self) -> None:
        """Release the connections."""
        self._engine.dispose()

    @contextmanager
    def _reported(self) -> Iterator[None]:
        """Convert errors of the database to one sentence."""
        try:
            yield
        except (SQLAlchemyError, OSError) as error:
            raise self._error(_sentence(error, self._noun)) from error


def _open(url: str) -> Engine:
    address = make_url(url)
    if address.get_backend_name() != "sqlite":
        # A connection that a restarted server closed is noticed before it is used.
        return sa.create_engine(
            address, pool_pre_ping=True, connect_args={"connect_timeout": round(WAIT)}
        )
    # Opened anew each time: a kept connection would go on writing to a file that was deleted or
    # replaced, and lose what it acknowledged.
    engine = sa.create_engine(address, poolclass=sa.NullPool, connect_args={"timeout": WAIT})

    @sa.event.listens_for(engine, "connect")
    def prepare(connection: Any, _record: object) -> None:  # noqa: ANN401  # the driver's own
        connection.isolation_level = None  # transactions begin where `begin` says
        for pragma in ("journal_mode = WAL", "synchronous = FULL", "secure_delete = ON"):
            connection.execute(f"PRAGMA {pragma}")

    @sa.event.listens_for(engine, "begin")
    def begin(connection: Connection) -> None:
        # Begin as a writer: of two transactions that began to read, only one could write.
        writes = connection.get_execution_options().get("writes")
        connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")

    return engine


def _identity(engine: Engine) -> object:
    """Return the identity of a SQLite file, which changes if the file is replaced.

    None where there is no file.
    """
    file = engine.url.database or ""
    if engine.dialect.name != "sqlite" or file.startswith("file:"):
        return str(engine.url)
    try:
        found = Path(file).stat()
    except FileNotFoundError:
        return None
    return found.st_dev, found.st_ino


def _upgrade(engine: Engine, error: type[DigitsError], noun: str) -> None:
    """Migrate the tables to this version; one process migrates, others wait."""
    from alembic import command
    from alembic.config import Config
    from alembic.runtime.migration import MigrationContext
    from alembic.script import ScriptDirectory
    from alembic.util import CommandError

    file = engine.url.database or ""
    if engine.dialect.name == "sqlite" and not file.startswith("file:"):  # a URI names its own
        Path(file).parent.mkdir(parents=True, exist_ok=True)
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS).replace("%", "%%"))
    heads = set(ScriptDirectory.from_config(config).get_heads())
    with engine.begin() as connection:
        if set(MigrationContext.configure(connection).get_current_heads()) == heads:
            return  # a read-only database is not migrated
    with engine.execution_options(writes=True).begin() as connection:
        if engine.dialect.name == "postgresql":
            connection.execute(sa.select(sa.func.pg_advisory_xact_lock(UPGRADE_LOCK)))
        config.attributes["connection"] = connection
        try:
            command.upgrade(config, "head")
        except CommandError as fault:
            raise error(
                f"the {noun}s were stored by a newer version of this program: "
                "install that version, or name another database with DATABASE_URL"
            ) from fault


SENTENCES = {  # by parts of the messages of SQLite and PostgreSQL
    ("disk is full", "no space", "disk full"): (
        "the {noun} was not saved because the disk is full: make room and save again"
    ),
    ("readonly", "read-only", "permission denied"): (
        "the {noun} was not saved because the database may not be written: "
        "allow writing there, or name another place with DIGITS_HOME or DATABASE_URL"
    ),
    ("locked", "timeout"): "the database is busy with other changes: try again in a moment",
    ("not a database", "malformed"): (
        "the file with the {noun}s is damaged: move it away or restore a copy, and try again"
    ),
}


def _sentence(error: Exception, noun: str) -> str:
    """Return what is wrong with the database and what to do, without its address or secrets."""
    message = str(getattr(error, "orig", error)).lower()
    for parts, sentence in SENTENCES.items():
        if any(part in message for part in parts):
            return sentence.format(noun=noun)
    return (
        f"the database of {noun}s cannot be reached: see that it runs and that DATABASE_URL "
        f"is right, and try again ({type(error).__name__})"
    )


def as_utc(when: datetime) -> datetime:
    """Return a stored time in UTC: SQLite does not store the time zone."""
    return when if when.tzinfo else when.replace(tzinfo=UTC)
