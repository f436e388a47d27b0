"""Saved sheets: what was read and said comes back, and two windows do not overwrite each other."""

import threading
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from readings import any_reading, reading_of
from sheets import SIZE, entry, number

pytest.importorskip("sqlalchemy", reason="SQLAlchemy is not installed")
pytest.importorskip("alembic", reason="Alembic is not installed")

from digits.corrections.store import Corrections
from digits.errors import SheetsError
from digits.marksheet.changes import Step
from digits.marksheet.columns import place_numbers
from digits.marksheet.packing import pack_scan, unpack_scan
from digits.marksheet.scan import Scan, to_rows
from digits.marksheet.store import SheetStore
from digits.types import Box, ModelName, Reading

STEP = Step("Row 1, Task 1: 7", {"cell 0 0 0": None}, {"cell 0 0 0": {"text": "7"}})
OTHER = Step("Skip row", {"row 0 1": None}, {"row 0 1": "skipped"})


@pytest.fixture
def store(url):
    store = SheetStore(url)
    yield store
    store.close()


def read_scan_of(file="7b.jpg", content=b"jpeg", page=None):
    frame = np.linspace(0, 1, 28 * 28, dtype=np.float32).reshape(28, 28)
    line = number("75", marks=[("dot", 23, 25)], written="7.5")
    line = replace(line, digits=tuple(replace(digit, frame=frame) for digit in line.digits))
    reading = Reading(
        "a" * 64, SIZE, "doubtful", ModelName("cnn", "b" * 64), "75", 0.9, (line,),
        notes=("It is dark.",), page=page, unread=(Box(1, 2, 3, 4),),
    )  # fmt: skip
    rows = ((replace(entry(), line=line, kind="number"),),)
    return Scan(file, content, page, reading, rows, b"view")


def test_a_page_comes_back_as_it_was_read(store):
    scan = read_scan_of()
    sheet = store.create("7b")
    store.add_scans(sheet, [scan])
    (found,) = store.load(sheet).scans
    assert found.rows[0][0] == scan.rows[0][0]
    assert found.reading == scan.reading
    assert found.content == b""
    assert found.view == b"view"
    assert store.content(sheet, 0) == b"jpeg"
    frames = [digit.frame for digit in found.reading.digits]
    assert np.abs(frames[0] - scan.reading.digits[0].frame).max() <= 0.5 / 255


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(any_reading())
def test_any_reading_is_the_same_after_packing(made_up):
    reading = reading_of(made_up)
    placed = place_numbers(reading)
    lines = tuple(each.line for each in placed)
    scan = Scan("a", b"", None, replace(reading, lines=lines), to_rows(placed))
    again = unpack_scan(replace(scan, reading=None, rows=()), pack_scan(scan))
    assert again == scan


def test_waiting_and_failed_pictures_are_restored(store):
    sheet = store.create("x")
    store.add_scans(sheet, [Scan("a.jpg", b"a"), Scan("b.jpg", b"b", error="it is damaged")])
    first, second = store.load(sheet).scans
    assert first.is_waiting
    assert (second.file, second.error, second.is_waiting) == ("b.jpg", "it is damaged", False)
    store.save_scan(sheet, 0, read_scan_of("a.jpg", b"a"))
    assert not store.load(sheet).scans[0].is_waiting
    assert store.content(sheet, 1) == b"b"


def test_the_pages_of_a_pdf_share_one_file(store):
    sheet = store.create("x")
    pdf, other = b"%PDF one", b"%PDF two"
    store.add_scans(sheet, [Scan("one.pdf", pdf, n) for n in (1, 2, 3)])
    store.add_scans(sheet, [Scan("two.pdf", other, n) for n in (1, 2)])
    assert [store.content(sheet, n) for n in range(5)] == [pdf] * 3 + [other] * 2
    assert [scan.page for scan in store.load(sheet).scans] == [1, 2, 3, 1, 2]


def test_two_equal_pictures_are_two_files(store):
    sheet = store.create("x")
    same = b"the same picture"
    store.add_scans(sheet, [Scan("one.jpg", same), Scan("two.jpg", same)])
    assert [scan.file for scan in store.load(sheet).scans] == ["one.jpg", "two.jpg"]


def test_steps_come_back_in_order_and_the_last_one_can_be_forgotten(store):
    sheet = store.create("x")
    store.add_step(sheet, 0, STEP)
    store.add_step(sheet, 1, OTHER)
    assert store.load(sheet).steps == (STEP, OTHER)
    store.remove_step(sheet, 1)
    store.add_step(sheet, 1, STEP)
    assert store.load(sheet).steps == (STEP, STEP)


def test_another_window_is_not_overwritten(url, store):
    sheet = store.create("x")
    other = SheetStore(url)
    store.add_step(sheet, 0, STEP)
    with pytest.raises(SheetsError, match="another window"):
        other.add_step(sheet, 0, OTHER)
    other.add_step(sheet, 1, OTHER)
    with pytest.raises(SheetsError, match="another window"):
        store.remove_step(sheet, 0)
    assert store.load(sheet).steps == (STEP, OTHER)
    other.close()


def test_of_simultaneous_edits_one_is_first(url, store):
    sheet = store.create("x")
    outcomes = []

    def say(n):
        mine = SheetStore(url)
        try:
            mine.add_step(sheet, 0, replace(STEP, label=str(n)))
            outcomes.append(str(n))
        except SheetsError as error:
            assert "another window" in str(error)
        mine.close()

    threads = [threading.Thread(target=say, args=(n,)) for n in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert [step.label for step in store.load(sheet).steps] == outcomes
    assert len(outcomes) == 1


def test_sheets_are_listed_the_last_changed_first(store):
    first, second = store.create("first"), store.create("second")
    assert [one.title for one in store.list()] == ["second", "first"]
    store.describe(first, "7b", "3 cells")
    assert [(one.id, one.title, one.summary) for one in store.list()] == [
        (first, "7b", "3 cells"), (second, "second", ""),
    ]  # fmt: skip
    assert store.list()[0].changed.tzinfo is not None


def test_a_deleted_sheet_is_gone_with_its_files(url, store, tmp_path):
    sheet, kept = store.create("x"), store.create("y")
    secret = b"a photograph of marks" * 500
    store.add_scans(sheet, [Scan("a.jpg", secret)])
    store.add_step(sheet, 0, STEP)
    store.remove(sheet)
    assert [one.id for one in store.list()] == [kept]
    for ask in (
        lambda: store.load(sheet),
        lambda: store.content(sheet, 0),
        lambda: store.add_step(sheet, 1, OTHER),
        lambda: store.describe(sheet, "x", ""),
    ):
        with pytest.raises(SheetsError, match="was deleted"):
            ask()
    store.close()
    if url.startswith("sqlite"):
        files = list((tmp_path / "a folder").iterdir())
        assert not any(secret[:42] in file.read_bytes() for file in files)


def test_sheets_lie_beside_corrections_in_one_database(url, store):
    corrections = Corrections(url)
    assert corrections.count() == 0
    sheet = store.create("x")
    assert corrections.count() == 0
    assert store.load(sheet).scans == ()
    corrections.close()


def test_a_database_that_is_gone_gives_one_error_message(tmp_path):
    (tmp_path / "file").write_text("no folder")
    store = SheetStore(f"sqlite:///{(tmp_path / 'file' / 'x.sqlite').as_posix()}")
    with pytest.raises(SheetsError, match="sheet"):
        store.list()


def test_the_migrations_are_one_chain():
    from alembic.config import Config
    from alembic.script import ScriptDirectory

    from digits.io.database import MIGRATIONS

    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS).replace("%", "%%"))
    assert len(ScriptDirectory.from_config(config).get_heads()) == 1
