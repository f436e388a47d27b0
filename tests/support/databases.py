"""Databases to test with: a SQLite file, and a PostgreSQL server of its own."""

import os
import shutil
import socket
import subprocess
import sys
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import pytest
import sqlalchemy as sa

from digits.settings import load_settings

SHEETS = "sheets, sheet_files, sheet_scans, sheet_steps"
TOOLS = sorted(Path("/usr/lib/postgresql").glob("*/bin"))
NO_POSTGRES = "PostgreSQL is not installed"


@pytest.fixture(scope="session")
def postgres(request):
    """Return the address of a server: one that was named, or one of its own."""
    if address := os.environ.get("TEST_DATABASE_URL"):
        return load_settings({"DATABASE_URL": address}).database_url
    return request.getfixturevalue("server").url


@dataclass(frozen=True)
class Server:
    """A database server that a test may stop and start."""

    url: str
    start: Callable[[], object]
    stop: Callable[[], object]


@pytest.fixture(scope="session")
def server():
    """Start a server of its own in a temporary folder; as root, as another user."""
    if not TOOLS or sys.platform == "win32":
        pytest.skip(NO_POSTGRES)
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    folder = Path(tempfile.mkdtemp(prefix="digits-postgres-"))
    who = {}
    if os.geteuid() == 0:
        who = {"user": "postgres", "group": "postgres"}
        shutil.chown(folder, "postgres", "postgres")
    cluster, tools = folder / "cluster", TOOLS[-1]
    make = [
        tools / "initdb",
        "-D",
        cluster,
        "-A",
        "trust",
        "-U",
        "digits",
        "--no-sync",
        "-E",
        "UTF8",
    ]
    subprocess.run(make, check=True, capture_output=True, cwd=folder, **who)
    control = [tools / "pg_ctl", "-D", cluster, "-w", "-l", folder / "log"]

    def tell(*words):
        command = [*control, *words]
        subprocess.run(command, check=True, cwd=folder, stdout=subprocess.DEVNULL, **who)

    start = partial(tell, "-o", f"-p {port} -k {folder} -h 127.0.0.1", "start")
    stop = partial(tell, "-m", "immediate", "stop")
    start()
    yield Server(f"postgresql+psycopg://digits@127.0.0.1:{port}/postgres", start, stop)
    stop()
    shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.slow)])
def url(request, tmp_path):
    if request.param == "sqlite":
        return f"sqlite:///{(tmp_path / 'a folder' / 'c.sqlite').as_posix()}"
    return emptied(request.getfixturevalue("postgres"))


def emptied(address: str) -> str:
    """Return the address of a database after taking all tables from it."""
    engine = sa.create_engine(address)
    with engine.begin() as connection:
        connection.execute(
            sa.text(f"DROP TABLE IF EXISTS corrections, forms, {SHEETS}, alembic_version")
        )
    engine.dispose()
    return address
