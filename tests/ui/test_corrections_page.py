"""The page of corrections: what it shows, takes back and hides, with a store of its own."""

import io
import zipfile
from datetime import UTC, datetime
from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from digits.core import Box, ModelName
from digits.correcting import frame_png
from digits.corrections import Correction, Corrections, Wanted
from digits.data import load_mnist

SLOW = 60  # s, a first run imports everything
EXAMPLE = Path(__file__).parent.parent.parent / "digits" / "ui" / "examples" / "a year.jpg"


def page(url, mode, password):
    from pathlib import Path

    from digits.assembly import current_reader
    from digits.corrections import Corrections
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
                file=f"<b>sheet</b> {n}.jpg",
                made=datetime(2026, 1, 1, 0, n, tzinfo=UTC),
            )
            for n in range(30)
        ]
    )
    yield store
    store.close()


def texts(at) -> str:
    return " ".join(element.value for element in [*at.markdown, *at.caption, *at.info, *at.success])


def test_an_empty_page_says_where_corrections_come_from(url):
    at = open_page(url)
    assert not at.exception
    assert "type the right one" in at.info[0].value
    assert "stay in the database of this computer" in at.caption[0].value


def test_corrections_are_shown_page_by_page_and_names_are_no_markup(url, store):
    at = open_page(url)
    assert "30 corrections" in texts(at)
    assert len([b for b in at.button if b.label == "Delete"]) == 24
    at.number_input[0].set_value(2).run()
    assert len([b for b in at.button if b.label == "Delete"]) == 6
    assert "<b>" not in texts(at)


def test_choosing_narrows_what_is_shown(url, store):
    at = open_page(url)
    at.segmented_control[0].set_value("Read wrongly").run()
    assert "15 corrections" in texts(at)
    at.text_input[0].set_value("sheet</b> 4.jpg").run()
    assert "1 correction" in texts(at)
    at.text_input[0].set_value("nothing is called so").run()
    assert "No correction is like that" in texts(at)


def test_what_was_deleted_can_be_brought_back(url, store):
    at = open_page(url)
    next(b for b in at.button if b.label == "Delete").click().run()
    assert store.count() == 29
    next(b for b in at.button if b.label == "Undo").click().run()
    assert store.count() == 30
    assert not [b for b in at.button if b.label == "Undo"]


def test_deleting_everything_leaves_nothing(url, store):
    at = open_page(url)
    next(b for b in at.button if b.label == "Delete everything for good").click().run()
    assert store.count() == store.count(Wanted(removed=True)) == 0
    assert "30 corrections were deleted" in texts(at)


def test_a_zip_is_imported_and_its_faults_are_named(url):
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        archive.writestr("labels.csv", "file,text\nyear.jpg,1994\nnone.jpg,7\n")
        archive.write(EXAMPLE, "year.jpg")
    at = open_page(url)
    at.file_uploader[0].upload("c.zip", packed.getvalue(), "application/zip").run()
    next(b for b in at.button if b.label == "Import").click().run()
    assert "none.jpg is missing" in at.warning[0].value
    store = Corrections(url)
    assert store.count(Wanted(single=False)) == 1
    store.close()


def test_what_is_no_zip_is_said_in_a_sentence(url):
    at = open_page(url)
    at.file_uploader[0].upload("c.zip", b"no zip", "application/zip").run()
    next(b for b in at.button if b.label == "Import").click().run()
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


def test_without_a_password_a_shared_page_stays_closed(url, store):
    at = open_page(url, "shared")
    assert "DIGITS_PASSWORD" in texts(at)
    assert not at.button


def test_a_database_that_is_gone_is_said_in_a_sentence(tmp_path):
    (tmp_path / "folder").write_text("a file where the folder should be")
    at = open_page(f"sqlite:///{(tmp_path / 'folder' / 'c.sqlite').as_posix()}")
    assert not at.exception
    assert "cannot be reached" in at.error[0].value
