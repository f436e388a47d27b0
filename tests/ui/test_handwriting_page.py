"""The page of a person's own digits: what it shows, teaches, hides and says."""

import dataclasses
import io
import threading
import zipfile
from pathlib import Path

import numpy as np
import pytest
from writers import corrected_digits

from digits.corrections.from_reading import frame_png
from digits.corrections.store import CorrectionFilter, Corrections
from digits.errors import CorrectionsError
from digits.registry import current_reader, shipped_reader
from digits.ui import auth

pytest.importorskip("streamlit", reason="Streamlit is not installed")
from streamlit.testing.v1 import AppTest

SLOW = 60  # s, a first run imports everything
DENSE = "dense"
EXAMPLE = Path(__file__).parent.parent.parent / "digits" / "ui" / "examples" / "a year.jpg"


@pytest.fixture(autouse=True)
def own_home(tmp_path, monkeypatch):
    monkeypatch.setenv("DIGITS_HOME", str(tmp_path / "home"))
    monkeypatch.delenv("DATABASE_URL", raising=False)


@pytest.fixture
def url(tmp_path):
    return f"sqlite:///{(tmp_path / 'c.sqlite').as_posix()}"


@pytest.fixture
def store(url):
    store = Corrections(url)
    yield store
    store.close()


def open_page(url, mode="personal", password=None) -> AppTest:
    def page(url, mode, password):
        from pathlib import Path

        from digits.corrections.store import Corrections
        from digits.settings import Settings
        from digits.ui.handwriting import handwriting_page

        store = Corrections(url)
        handwriting_page(lambda: store, Settings(mode, Path(), url, password), "dense")

    at = AppTest.from_function(page, args=(url, mode, password), default_timeout=SLOW).run()
    assert not at.exception
    return at


def texts(at) -> str:
    said = [element.value for element in [*at.markdown, *at.caption, *at.toast, *at.warning]]
    return " ".join([*said, *(element.proto.body for element in at.get("html"))])


def labels(at) -> list[str]:
    return [button.label for button in at.button]


def press(at, label):
    next(b for b in at.button if b.label == label).click().run(timeout=SLOW)
    assert not at.exception


def test_an_empty_page_says_how_to_add_digits(url):
    at = open_page(url)
    assert "Correct or confirm 20 digits" in texts(at)
    assert {"Draw digits", "Read a photo"} <= set(labels(at))
    assert "Teach" not in labels(at)


def test_with_too_few_digits_the_ring_shows_how_many_are_missing(url, store):
    store.add(corrected_digits(12))
    at = open_page(url)
    assert 'aria-label="12 of 20"' in texts(at)
    assert "8 more to go" in texts(at)
    assert next(b for b in at.button if b.label == "Teach").disabled


def test_teaching_shows_before_and_after_and_can_be_undone(url, store):
    store.add(corrected_digits(40))
    at = open_page(url)
    press(at, "Teach")
    assert "Your digits" in texts(at)
    assert "of 40 right" in texts(at)
    assert 'alt="A digit that is 5"' in texts(at)
    assert current_reader(DENSE).classifier.name.name == "dense"
    press(at, "Use it")
    assert current_reader(DENSE).classifier.name.name == "dense, personal"
    assert "In use: 40 digits" in texts(at)
    assert "Use it" not in labels(at)
    press(at, "Undo teaching")
    assert current_reader(DENSE).classifier.name.name == "dense"
    assert "In use" not in texts(at)
    press(at, next(label for label in labels(at) if label.startswith("Use 40 digits")))
    assert current_reader(DENSE).classifier.name.name == "dense, personal"


def test_what_was_learned_can_be_discarded(url, store):
    store.add(corrected_digits(40))
    at = open_page(url)
    press(at, "Teach")
    press(at, "Discard")
    assert "before-after" not in texts(at)
    assert current_reader(DENSE).classifier.name.name == "dense"


def test_teaching_that_does_not_help_gives_the_reason(url, store, validation):
    classifier = shipped_reader(DENSE).classifier
    read = classifier.classify(validation.frames[:40]).probabilities.argmax(axis=1)
    right = np.flatnonzero(read == validation.labels[:40])
    digits = corrected_digits(len(right))
    frames, truths = validation.frames[right], validation.labels[right]
    store.add(
        [
            dataclasses.replace(one, frame=frame_png(frame), truth=str(truth))
            for one, frame, truth in zip(digits, frames, truths, strict=True)
        ]
    )
    at = open_page(url)
    press(at, "Teach")
    assert "Use it" not in labels(at)
    assert "read correctly already" in texts(at)
    press(at, "OK")
    assert "OK" not in labels(at)


def test_corrections_without_a_recorded_act_can_be_removed_and_restored(url, store):
    store.add(corrected_digits(3))
    store.add([dataclasses.replace(one, act=None, truth="8") for one in store.all(limit=2)])
    at = open_page(url)
    assert "2 corrections of an earlier version may never have been typed" in texts(at)
    press(at, "Remove them")
    assert store.count() == 1
    press(at, "Undo")
    assert store.count(CorrectionFilter(explicit=False)) == 2


def test_a_failed_removal_is_reported(url, store, monkeypatch):
    store.add([dataclasses.replace(one, act=None) for one in corrected_digits(3)])
    at = open_page(url)

    def fail(self, ids):
        raise CorrectionsError("the database is gone")

    monkeypatch.setattr(Corrections, "remove", fail)
    press(at, "Remove them")
    assert at.error[0].value == "The database is gone."
    assert "Undo" not in labels(at)


def test_what_was_removed_is_restored_from_the_menu(url, store):
    store.add(corrected_digits(3))
    store.remove([one.id for one in store.all(limit=2)])
    at = open_page(url)
    press(at, "Restore 2 removed")
    assert store.count() == 3


def test_permanent_deletion_needs_a_second_step(url, store):
    store.add(corrected_digits(3))
    store.remove([one.id for one in store.all(limit=2)])
    at = open_page(url)
    assert all(b.disabled for b in at.button if b.label.startswith("Delete"))
    at.checkbox[0].check().run()
    press(at, "Delete what was removed")
    assert (store.count(), store.count(CorrectionFilter(removed=True))) == (1, 0)
    press(at, "Delete everything")
    assert store.count() == 0
    assert "Correct or confirm 20 digits" in texts(at)


def test_a_zip_is_imported_and_its_faults_are_named(url, store):
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        archive.writestr("labels.csv", "file,text\nyear.jpg,1994\nnone.jpg,7\n")
        archive.write(EXAMPLE, "year.jpg")
    at = open_page(url)
    at.file_uploader[0].upload("c.zip", packed.getvalue(), "application/zip").run(timeout=SLOW)
    assert not at.exception
    assert "1 left out" in texts(at)
    assert "none.jpg is missing" in at.text[0].value
    assert store.count(CorrectionFilter(single=False)) == 1


def test_a_file_that_is_no_zip_gives_an_error_message(url):
    at = open_page(url)
    at.file_uploader[0].upload("c.zip", b"no zip", "application/zip").run()
    assert at.error[0].value == "This is not a ZIP file: choose one that was exported here."


def test_visitors_see_nothing_without_the_owners_password(url, store):
    store.add(corrected_digits(12))
    at = open_page(url, "shared", "right one")
    assert "12 of 20" not in texts(at)
    at.text_input[0].set_value("wrong one")
    at.button[0].click().run()
    assert at.error[0].value == "Wrong password."
    assert "12 of 20" not in texts(at)
    at.text_input[0].set_value("right one")
    at.button[0].click().run()
    assert "12 of 20" in texts(at)
    assert "visitors never see them" in texts(at)


def test_without_a_password_a_shared_page_stays_closed(url):
    at = open_page(url, "shared")
    assert "DIGITS_PASSWORD" in at.info[0].value
    assert not at.button


def test_a_missing_database_gives_an_error_message(tmp_path):
    (tmp_path / "folder").write_text("a file where the folder should be")
    at = open_page(f"sqlite:///{(tmp_path / 'folder' / 'c.sqlite').as_posix()}")
    assert "cannot be reached" in at.error[0].value


def test_passwords_are_checked_one_at_a_time(monkeypatch):
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
