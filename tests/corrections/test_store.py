"""Corrections on SQLite and on PostgreSQL: the same tests, for they promise the same."""

import re
import shutil
import sqlite3
import sys
import threading
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path

import pytest
import sqlalchemy as sa
from databases import SHEETS, emptied
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from digits.corrections.store import Correction, CorrectionFilter, Corrections, metadata, table
from digits.errors import CorrectionsError, SettingsError
from digits.forms.store import metadata as form_metadata
from digits.marksheet.store import metadata as sheet_metadata
from digits.settings import load_settings
from digits.types import Box, ModelName
from scripts.kill_while_writing import SUBJECTS, campaign

ROOT = Path(__file__).parent.parent.parent


def correction(n: int, truth: str = "7", **changes) -> Correction:
    given = {
        "reading": f"{n:064x}",
        "line": 0,
        "digit": None,
        "box": Box(n, 2, 30, 40),
        "crop": b"\x89PNG" + n.to_bytes(4, "big"),
        "frame": None,
        "read": "1",
        "model": ModelName("cnn", "ab" * 32),
        "truth": truth,
        "source": "read",
        "file": f"sheet {n}.jpg",
        "made": datetime(2026, 1, 1, 12, n // 60 % 60, n % 60, tzinfo=UTC),
        "act": "typed",
        "written": None,
    }
    return Correction(**(given | changes))


@pytest.fixture
def store(url):
    store = Corrections(url)
    yield store
    store.close()


def test_what_was_added_comes_back_as_it_was(store):
    given = [correction(0), correction(1, "", digit=2, frame=b"frame", file=None, source="draw")]
    assert store.add(given) == 2
    assert store.all() == given[::-1]  # the newest first
    assert store.count() == 2


def test_what_was_said_at_once_comes_in_its_order_on_the_page(store):
    made = datetime(2026, 1, 1, tzinfo=UTC)
    places = [(line, digit) for line in (0, 1) for digit in (None, 0, 1, 10)]
    given = [
        correction(i, reading="a" * 64, line=line, digit=digit, made=made)
        for i, (line, digit) in enumerate(places)
    ]
    store.add(given[::-1])
    assert store.all() == given


def test_the_same_correction_twice_is_one(store):
    assert store.add([correction(3)]) == 1
    assert store.add([correction(3, reading="f" * 64, file="again.jpg")]) == 0
    assert store.add([correction(4), correction(4)]) == 1
    assert store.count() == 2


def test_another_truth_for_the_same_place_takes_the_first_ones(store):
    store.add([correction(5, "7"), correction(6)])
    assert store.add([correction(5, "1")]) == 1
    assert {c.truth for c in store.all()} == {"1", "7"}
    assert store.count() == 2


def test_what_was_removed_can_be_restored_and_said_again(store):
    one, other = correction(1), correction(2)
    ids = [one.id, other.id]
    store.add([one, other])
    assert store.remove(ids[:1]) == 1
    assert store.remove(ids[:1]) == 0
    assert [c.id for c in store.all()] == ids[1:]
    assert [c.id for c in store.all(CorrectionFilter(removed=True))] == ids[:1]
    assert store.restore(ids) == 1
    assert store.count() == 2
    store.remove(ids)
    assert store.add([one]) == 1
    assert [c.id for c in store.all()] == ids[:1]


def test_removing_everything_leaves_nothing_to_restore(store):
    store.add([correction(n) for n in range(5)])
    store.remove([correction(0).id])
    assert store.remove_all() == 5
    assert store.count() == store.count(CorrectionFilter(removed=True)) == 0


def test_nothing_of_a_deleted_picture_stays_in_the_file(tmp_path):
    store = Corrections(f"sqlite:///{(tmp_path / 'c.sqlite').as_posix()}")
    secret = b"handwriting of somebody" * 100
    store.add([correction(1, crop=secret)])
    store.remove_all()
    store.close()
    for file in tmp_path.iterdir():
        assert b"handwriting of somebody" not in file.read_bytes()


def test_choosing(store):
    store.add(
        [
            correction(0, "5", read="5"),
            correction(1, "5", read="6", source="sheet", file="50%_done.png"),
            correction(2, "", read="?", digit=0, file="Blatt.PNG"),
        ]
    )

    def chosen(**wanted):
        return sorted(c.box.x for c in store.all(CorrectionFilter(**wanted)))

    assert chosen(wrong=True) == [1, 2]
    assert chosen(wrong=False) == [0]
    assert chosen(truth="") == [2]
    assert chosen(source="sheet") == [1]
    assert chosen(single=True) == [2]
    assert chosen(contains="blatt") == [2]
    assert chosen(contains="%_") == [1]  # no pattern: the very characters
    assert chosen(contains="'; DROP TABLE corrections; --") == []
    assert [c.box.x for c in store.all(limit=1, offset=1)] == [1]


def test_a_name_that_no_database_takes_is_stored_without_what_is_wrong_with_it(store):
    store.add([correction(1, file="a\0b\udcff.jpg", read="\0")])
    assert [(c.file, c.read) for c in store.all()] == [("ab?.jpg", "")]


def test_a_time_of_another_zone_stays_the_same_moment(store):
    made = datetime(2026, 5, 1, 1, 30, tzinfo=timezone(timedelta(hours=5, minutes=30)))
    store.add([correction(1, made=made)])
    assert store.all()[0].made == made


def test_removed_digits_can_be_deleted_permanently_and_the_others_stay(store):
    store.add([correction(n) for n in range(3)])
    store.remove([correction(0).id])
    assert store.remove_all(CorrectionFilter(removed=True)) == 1
    assert store.count() == 2
    assert store.restore([correction(0).id]) == 0


def test_many_are_stored_at_once(store):
    many = [correction(n, str(n)) for n in range(1000)]
    assert store.add(many) == 1000
    assert store.add(many) == 0
    assert store.remove([c.id for c in many]) == 1000


def test_two_stores_can_save_at_the_same_time(url):
    stores = [Corrections(url) for _ in range(4)]  # the tables are made by whoever comes first
    faults = []

    def save(which):
        try:
            for n in range(20):
                stores[which].add([correction(1000 * which + n), correction(n)])
        except CorrectionsError as error:
            faults.append(error)

    threads = [threading.Thread(target=save, args=(which,)) for which in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not faults
    assert stores[0].count() == 4 * 20
    for store in stores:
        store.close()


def test_the_migrations_make_the_tables_that_the_code_uses(url, store):
    from alembic.autogenerate import compare_metadata
    from alembic.migration import MigrationContext

    store.check()
    engine = sa.create_engine(url)
    with engine.connect() as connection:
        context = MigrationContext.configure(connection)
        assert compare_metadata(context, [metadata, sheet_metadata, form_metadata]) == []
    engine.dispose()


def test_corrections_without_recorded_act_are_kept_and_distinguished(url, store):
    """A text field that nobody touched stored rows of read and draw; see migration 0002."""
    store.check()
    store.add([correction(n, source=s) for n, s in enumerate(("read", "draw", "sheet", "api"))])
    engine = sa.create_engine(url)
    with engine.begin() as connection:
        for column in ("act", "written"):
            connection.execute(sa.text(f"ALTER TABLE corrections DROP COLUMN {column}"))
        for name in SHEETS.split(", "):  # made by a later migration
            connection.execute(sa.text(f"DROP TABLE {name}"))
        connection.execute(sa.text("DROP TABLE forms"))
        connection.execute(sa.text("UPDATE alembic_version SET version_num = '0001'"))
    engine.dispose()
    upgraded = Corrections(url)
    acts = {each.source: each.act for each in upgraded.all()}
    assert acts == {"read": None, "draw": None, "sheet": "typed", "api": "sent"}
    assert upgraded.count(CorrectionFilter(explicit=True)) == 2
    assert (
        upgraded.remove([each.id for each in upgraded.all(CorrectionFilter(explicit=False))]) == 2
    )
    assert {each.source for each in upgraded.all()} == {"sheet", "api"}
    upgraded.close()


def test_a_database_of_a_newer_version_is_left_alone(url, store):
    store.check()
    engine = sa.create_engine(url)
    with engine.begin() as connection:
        connection.execute(sa.text("UPDATE alembic_version SET version_num = '9999'"))
    engine.dispose()
    newer = Corrections(url)
    with pytest.raises(CorrectionsError, match="newer version"):
        newer.check()
    newer.close()


def test_a_database_that_is_gone_gives_one_error_message_without_the_password():
    store = Corrections("postgresql+psycopg://somebody:geheim@127.0.0.1:9/digits")
    with pytest.raises(CorrectionsError, match="cannot be reached") as caught:
        store.check()
    assert "geheim" not in str(caught.value)


def test_a_database_that_comes_back_is_used_again(tmp_path):
    folder = tmp_path / "gone"
    store = Corrections(f"sqlite:///{(folder / 'c.sqlite').as_posix()}")
    folder.write_text("a file where the folder should be")
    with pytest.raises(CorrectionsError):
        store.add([correction(1)])
    folder.unlink()
    assert store.add([correction(1)]) == 1


def test_a_file_that_was_deleted_or_replaced_meanwhile_is_never_written_into_nowhere(tmp_path):
    path = tmp_path / "c.sqlite"
    url = f"sqlite:///{path.as_posix()}"
    store = Corrections(url)
    assert store.add([correction(1)]) == 1
    path.rename(tmp_path / "moved away")
    assert store.add([correction(2)]) == 1
    assert Corrections(url).all() == [correction(2)]
    shutil.copy(tmp_path / "moved away", tmp_path / "a copy")
    (tmp_path / "a copy").replace(path)
    assert store.all() == [correction(1)]
    assert store.add([correction(3)]) == 1
    assert Corrections(url).count() == 2


def test_a_server_that_was_stopped_is_used_again_once_it_runs(server):
    """Stopped as if its power were gone, with a connection open that knows nothing of it."""
    store = Corrections(emptied(server.url))
    assert store.add([correction(1)]) == 1
    server.stop()
    try:
        for _ in range(2):
            with pytest.raises(CorrectionsError, match="cannot be reached"):
                store.add([correction(2)])
            with pytest.raises(CorrectionsError, match="cannot be reached"):
                store.all()
    finally:
        server.start()
    assert store.all() == [correction(1)]
    assert store.add([correction(2)]) == 1
    store.close()


@pytest.mark.parametrize("address", ["", "no address", "nodb://here", "mysql://here/there"])
def test_an_address_that_cannot_be_used_gives_one_error_message(address):
    with pytest.raises(CorrectionsError, match="DATABASE_URL"):
        Corrections(address)


def test_a_damaged_file_gives_one_error_message(tmp_path):
    path = tmp_path / "c.sqlite"
    path.write_bytes(b"this is no database, but a letter to somebody\n" * 50)
    with pytest.raises(CorrectionsError, match="damaged"):
        Corrections(f"sqlite:///{path.as_posix()}").count()


def test_a_full_disk_gives_one_error_message_and_loses_nothing(tmp_path):
    path = tmp_path / "c.sqlite"
    store = Corrections(f"sqlite:///{path.as_posix()}")
    store.add([correction(1)])
    with store._database._engine.connect() as connection:  # SQLite's own small disk
        pages = connection.exec_driver_sql("PRAGMA page_count").scalar_one()
    sa.event.listen(
        store._database._engine,
        "connect",
        lambda opened, _: opened.execute(f"PRAGMA max_page_count = {pages + 1}"),
    )
    with pytest.raises(CorrectionsError, match="disk is full"):
        store.add([correction(2, crop=b"x" * 1_000_000)])
    store.close()
    again = Corrections(f"sqlite:///{path.as_posix()}")
    assert again.all() == [correction(1)]
    assert again.add([correction(2)]) == 1


def test_a_database_that_may_only_be_read_is_read(tmp_path, monkeypatch):
    path = tmp_path / "c.sqlite"
    store = Corrections(f"sqlite:///{path.as_posix()}")
    store.add([correction(1)])
    store.close()
    monkeypatch.chdir(tmp_path)
    only = Corrections(f"sqlite:///file:{path.as_posix()}?mode=ro&uri=true")
    assert only.count() == 1
    with pytest.raises(CorrectionsError, match="may not be written"):
        only.add([correction(2)])
    only.close()
    assert not list(tmp_path.glob("file:*"))  # the address is no folder


def test_someone_elses_long_change_gives_one_error_message(tmp_path, monkeypatch):
    monkeypatch.setattr("digits.io.database.WAIT", 0.1)
    path = tmp_path / "c.sqlite"
    store = Corrections(f"sqlite:///{path.as_posix()}")
    store.check()
    other = sqlite3.connect(path)
    other.execute("BEGIN IMMEDIATE")
    with pytest.raises(CorrectionsError, match="busy"):
        store.add([correction(1)])
    other.rollback()
    other.close()
    assert store.add([correction(1)]) == 1


_DO = st.sampled_from(["add", "remove", "restore"])
_steps = st.lists(st.tuples(_DO, st.integers(0, 5), st.sampled_from("17")))


@settings(max_examples=25, deadline=None, suppress_health_check=list(HealthCheck))
@given(steps=_steps)
def test_the_store_behaves_like_a_dictionary(steps, tmp_path_factory):
    path = tmp_path_factory.mktemp("any") / "c.sqlite"
    store = Corrections(f"sqlite:///{path.as_posix()}")
    there, gone = {}, {}
    for step, n, truth in steps:
        name = correction(n).id
        if step == "add":
            assert store.add([correction(n, truth)]) == (there.get(name) != truth)
            there[name] = truth
            gone.pop(name, None)
        elif step == "remove":
            assert store.remove([name]) == (name in there)
            if name in there:
                gone[name] = there.pop(name)
        else:
            assert store.restore([name]) == (name in gone)
            if name in gone:
                there[name] = gone.pop(name)
    assert {c.id: c.truth for c in store.all()} == there
    assert {c.id: c.truth for c in store.all(CorrectionFilter(removed=True))} == gone
    store.close()


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no SIGKILL")
def test_acknowledged_writes_survive_a_kill(url, store, monkeypatch):
    store.check()  # creates the tables: a kill may come at once
    monkeypatch.setenv("DATABASE_URL", url)
    outcome = campaign(SUBJECTS["corrections"], kills=5, seed=0)
    assert outcome.acknowledged >= outcome.kills
    assert (outcome.lost, outcome.halves) == (0, 0)


def test_the_kill_campaign_detects_lost_writes(url, monkeypatch):
    """The oracle itself: a store that acknowledges, and keeps nothing."""
    monkeypatch.setattr(Corrections, "all", lambda self, wanted: [])
    monkeypatch.setenv("DATABASE_URL", url)
    outcome = campaign(SUBJECTS["corrections"], kills=1, seed=0)
    assert outcome.lost == outcome.acknowledged > 0


DIAGRAM = re.search(
    r"^```mermaid\nerDiagram\n(.*?)^```",
    (ROOT / "docs" / "corrections.md").read_text(encoding="utf-8"),
    re.MULTILINE | re.DOTALL,
)[1]


def test_the_diagram_in_the_documents_has_every_column_with_its_type():
    drawn = re.findall(r"^    (\w+) (\w+)( PK)?", DIAGRAM, re.MULTILINE)
    kinds = {
        sa.String: "hash",
        sa.Text: "text",
        sa.Integer: "int",
        sa.LargeBinary: "png",
        sa.DateTime: "time",
    }
    columns = [
        (
            "word" if c.name in ("source", "act") else kinds[type(c.type)],
            c.name,
            " PK" * c.primary_key,
        )
        for c in table.c
    ]
    assert drawn == columns
    optional = re.findall(r"^    \w+ (\w+).*or nothing", DIAGRAM, re.MULTILINE)
    assert optional == [c.name for c in table.c if c.nullable]


def test_settings_come_from_the_environment(tmp_path):
    plain = load_settings({"DIGITS_HOME": str(tmp_path)})
    assert plain.mode == "personal"
    assert not plain.is_shared
    assert plain.database_url == f"sqlite:///{(tmp_path / 'corrections.sqlite').as_posix()}"
    result = load_settings(
        {
            "DIGITS_MODE": "shared",
            "DATABASE_URL": "postgres://me:secret@db.example/digits?sslmode=require",
            "DIGITS_PASSWORD": "owner's",
        }
    )
    assert result.is_shared
    assert result.database_url == "postgresql+psycopg://me:secret@db.example/digits?sslmode=require"
    assert "secret" not in repr(result)
    assert "owner's" not in repr(result)


def test_an_unknown_mode_is_one_error():
    with pytest.raises(SettingsError, match="personal or to shared"):
        load_settings({"DIGITS_MODE": "open"})


def test_without_a_home_the_data_folder_is_the_systems():
    assert load_settings({"HOME": "/home/somebody"}).folder.name == "digits"


def test_every_field_has_its_column():
    fields = set(Correction.__dataclass_fields__) - {"box", "model"}
    extra = {"id", "x", "y", "width", "height", "model_name", "model_sha256", "removed"}
    assert fields | extra == {column.name for column in table.c}
