"""The page of corrections: what it shows, takes back and hides, with a store of its own."""

import dataclasses
import io
import threading
import zipfile
from datetime import UTC, datetime
from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from digits.corrections.from_reading import frame_png
from digits.corrections.store import Correction, Corrections, Wanted
from digits.errors import CorrectionsError
from digits.mnist import load_mnist
from digits.types import Box, ModelName
from digits.ui import auth

SLOW = 60  # s, a first run imports everything
EXAMPLE = Path(__file__).parent.parent.parent / "digits" / "ui" / "examples" / "a year.jpg"


def page(url, mode, password):
    from pathlib import Path

    from digits.corrections.store import Corrections
    from digits.registry import current_reader
    from digits.settings import Settings
    from digits.ui.corrections import corrections_page

    store = Corrections(url)
    corrections_page(lambda: store, current_reader, Settings(mode, Path(), url, password))


def open_page(url, mode="personal", password=None) -> AppTest:
    return AppTest.from_function(page, args=(url, mode, password), default_timeout=SLOW).run()


@pytest.fixture
def url(tmp_path):
    return f"sqlite:///{(tmp_path / 'c.sqlite').as_posix()}"


@pytest.fixture
def store(url):
    store = Corrections(url)
    frames = load_mnist().validation.frames
    store.add(
        [
            Correction(
                reading="0" * 64,
                line=0,
                digit=n,
                box=Box(n, 0, 28, 28),
                crop=frame_png(frames[n]),
                frame=frame_png(frames[n]),
                read="7" if n % 2 else "1",
                model=ModelName("cnn", ""),
                truth="7",
                source="read",
                file=f"<b>sheet</b> ![x](http://else.example/) {n}.jpg",
                made=datetime(2026, 1, 1, 0, n, tzinfo=UTC),
                act="typed",
            )
            for n in range(30)
        ]
    )
    yield store
    store.close()


def texts(at) -> str:
    return " ".join(element.value for element in [*at.markdown, *at.caption, *at.info, *at.success])


def cards(at) -> list[str]:
    return [element.proto.body for element in at.get("html")]


def press(at, label):
    next(b for b in at.button if b.label == label).click().run()


def test_an_empty_page_says_where_corrections_come_from(url):
    at = open_page(url)
    assert not at.exception
    assert "Correct a number on Read" in at.info[0].value
    assert "stay in the database of this computer" in at.caption[0].value


def test_corrections_are_shown_page_by_page_and_names_are_no_markup(url, store):
    at = open_page(url)
    assert "30 corrections" in texts(at)
    assert len([b for b in at.button if b.label == "Delete"]) == 24
    at.number_input[0].set_value(2).run()
    assert len([b for b in at.button if b.label == "Delete"]) == 6
    assert not any("<b>" in card for card in cards(at))
    assert "else.example" not in texts(at)  # as Markdown, it would ask that host
    assert any("&lt;b&gt;sheet&lt;/b&gt; ![x](http://else.example/)" in card for card in cards(at))


def test_what_may_never_have_been_typed_is_offered_for_deletion(url, store):
    at = open_page(url)
    assert not at.warning
    doubtful = [dataclasses.replace(c, act=None, truth="8") for c in store.all(limit=3)]
    assert store.add(doubtful) == 3
    at = open_page(url)
    assert "3 corrections of an earlier version may never have been typed" in at.warning[0].value
    press(at, "Delete them")
    assert not at.warning
    assert store.count() == 27
    press(at, "Undo")
    assert store.count(Wanted(explicit=False)) == 3


def test_choosing_narrows_what_is_shown(url, store):
    at = open_page(url)
    at.segmented_control[0].set_value("Read wrongly").run()
    assert "15 corrections" in texts(at)
    at.text_input[0].set_value(") 4.jpg").run()
    assert "1 correction" in texts(at)
    at.selectbox[0].set_value("Draw").run()
    assert "Nothing matches" in texts(at)
    at.selectbox[0].set_value("Read").run()
    assert "1 correction" in texts(at)
    at.text_input[0].set_value("nothing is called so").run()
    assert "Nothing matches" in texts(at)


def test_what_was_deleted_can_be_brought_back(url, store):
    at = open_page(url)
    press(at, "Delete")
    assert store.count() == 29
    press(at, "Undo")
    assert store.count() == 30
    assert not [b for b in at.button if b.label == "Undo"]


def test_what_was_deleted_is_shown_restored_or_deleted_for_good(url, store):
    store.remove([c.id for c in store.all(limit=3)])
    at = open_page(url)
    at.segmented_control[0].set_value("Deleted").run()
    assert "3 corrections" in texts(at)
    press(at, "Restore")
    assert (store.count(), store.count(Wanted(removed=True))) == (28, 2)
    press(at, "Delete them for good")
    assert (store.count(), store.count(Wanted(removed=True))) == (28, 0)
    assert "2 were deleted for good" in texts(at)


def test_a_deletion_that_fails_is_no_success(url, store, monkeypatch):
    at = open_page(url)

    def fail(self, ids):
        raise CorrectionsError("the database is gone")

    monkeypatch.setattr(Corrections, "remove", fail)
    press(at, "Delete")
    assert at.error[0].value == "The database is gone."
    assert not at.success
    assert not [b for b in at.button if b.label == "Undo"]


def test_deleting_everything_leaves_nothing(url, store):
    at = open_page(url)
    press(at, "Delete everything for good")
    assert store.count() == store.count(Wanted(removed=True)) == 0
    assert "30 were deleted for good" in texts(at)


def test_a_zip_is_imported_and_its_faults_are_named(url):
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        archive.writestr("labels.csv", "file,text\nyear.jpg,1994\nnone.jpg,7\n")
        archive.write(EXAMPLE, "year.jpg")
    at = open_page(url)
    at.file_uploader[0].upload("c.zip", packed.getvalue(), "application/zip").run()
    press(at, "Import")
    assert "none.jpg is missing" in at.text[0].value
    store = Corrections(url)
    assert store.count(Wanted(single=False)) == 1
    store.close()


def test_what_is_no_zip_is_said_in_a_sentence(url):
    at = open_page(url)
    at.file_uploader[0].upload("c.zip", b"no zip", "application/zip").run()
    press(at, "Import")
    assert at.error[0].value == "This is no ZIP file: choose one that was exported here."


def test_strangers_see_nothing_without_the_owners_password(url, store):
    at = open_page(url, "shared", "right one")
    assert "visitors never see them" in texts(at)
    assert "30 corrections" not in texts(at)
    at.text_input[0].set_value("wrong one")
    at.button[0].click().run()
    assert at.error[0].value == "That is not the password."
    assert "30 corrections" not in texts(at)
    at.text_input[0].set_value("right one")
    at.button[0].click().run()
    assert "30 corrections" in texts(at)


def test_while_one_guesses_nobody_else_does(monkeypatch):
    compared, asleep, awake = [], threading.Event(), threading.Event()

    def compare(given, password):
        compared.append(given)
        return given == password

    def sleep(seconds):
        asleep.set()
        awake.wait(SLOW)

    monkeypatch.setattr(auth.hmac, "compare_digest", compare)
    monkeypatch.setattr(auth.time, "sleep", sleep)
    first = threading.Thread(target=auth.is_password, args=("wrong", "right"))
    second = threading.Thread(target=auth.is_password, args=("right", "right"))
    first.start()
    assert asleep.wait(SLOW)
    second.start()
    second.join(0.2)
    assert compared == [b"wrong"]
    awake.set()
    first.join()
    second.join()
    assert compared == [b"wrong", b"right"]


def test_without_a_password_a_shared_page_stays_closed(url, store):
    at = open_page(url, "shared")
    assert "DIGITS_PASSWORD" in texts(at)
    assert not at.button


def test_a_database_that_is_gone_is_said_in_a_sentence(tmp_path):
    (tmp_path / "folder").write_text("a file where the folder should be")
    at = open_page(f"sqlite:///{(tmp_path / 'folder' / 'c.sqlite').as_posix()}")
    assert not at.exception
    assert "cannot be reached" in at.error[0].value
