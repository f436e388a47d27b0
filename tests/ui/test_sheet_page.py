"""The Sheet page with a fake reader: what it says, keeps and stores."""

import pytest

pytest.importorskip("streamlit", reason="Streamlit is not installed")
pytest.importorskip("openpyxl", reason="openpyxl is not installed")
from pathlib import Path

from streamlit.testing.v1 import AppTest

EXAMPLES = Path(__file__).parent.parent.parent / "digits" / "ui" / "examples"
PICTURE = (EXAMPLES / "a year.jpg").read_bytes()
SLOW = 60  # s, a first run imports everything


def page(shared, broken):
    import numpy as np
    import streamlit as st

    from digits.errors import CorrectionsError, DigitsError
    from digits.types import Box, Digit, Line, ModelName, Reading
    from digits.ui.sheet import sheet_page

    class FakeReader:
        def read(self, picture, hint):
            frame = np.zeros((28, 28), np.float32)
            digits = tuple(
                Digit(int(c), 0.9, Box(40 + 30 * i, 40, 20, 30), (0.1,) * 10, None, frame)
                for i, c in enumerate("42")
            )
            line = Line("42", 0.8, Box(40, 40, 50, 30), digits)
            size = (picture.width, picture.height)
            return Reading("0" * 64, size, "read", ModelName("x", ""), "42", 0.8, (line,))

    class FakeStore:
        def add(self, corrections):
            if broken == "store":
                raise CorrectionsError("the disk is full")
            st.session_state.setdefault("stored", []).extend(corrections)
            return len(corrections)

        def remove(self, ids):
            st.session_state["removed"] = list(ids)

    def reader(model):
        if broken == "reader":
            raise DigitsError("there is no model cnn")
        return FakeReader()

    sheet_page(reader, FakeStore, shared=shared)


def opened(*files, shared=False, broken=""):
    app = AppTest.from_function(page, kwargs={"shared": shared, "broken": broken})
    app.run(timeout=SLOW)
    if files:
        give(app, *files)
    assert not app.exception
    return app


def give(app, *files):
    for file in files:
        app.file_uploader[0].upload(*file)
    app.run(timeout=SLOW)


def say(app, **said):
    """Say something in the table, as the browser does."""
    work = app.session_state["sheet kept"]
    app.session_state["grid"] = {"said": {"epoch": work.epoch, **said}}
    app.run(timeout=SLOW)
    assert not app.exception
    return app.session_state["sheet kept"].sheet


def numbers(n):
    return [(f"{i}.jpg", PICTURE, "image/jpeg") for i in range(n)]


def test_the_empty_page_says_what_to_do_and_where_pictures_go():
    app = opened()
    assert any("Photograph a mark sheet" in element.value for element in app.markdown)
    assert any("stay on the computer" in element.value for element in app.caption)


def test_pictures_become_rows_and_a_bad_one_keeps_its_place():
    files = numbers(3)
    files.insert(1, ("letter.png", b"Dear Sir", "image/png"))
    sheet = opened(*files).session_state["sheet kept"].sheet
    assert [row.label for row in sheet.rows] == ["0.jpg", "letter.png", "1.jpg", "2.jpg"]
    assert "no picture" in sheet.rows[1].error


def test_a_class_list_of_another_length_is_said_at_once():
    app = opened(*numbers(3))
    app.text_area[0].set_value("Anna\nBo").run(timeout=SLOW)
    assert "2 names and the table 3 rows" in app.warning[0].value
    app.text_area[0].set_value("Anna\nBo\nChidi").run(timeout=SLOW)
    assert not app.warning
    assert app.session_state["sheet kept"].sheet.names == ("Anna", "Bo", "Chidi")


def test_an_edit_is_stored_once_and_taken_back_with_it():
    app = opened(*numbers(1))
    assert say(app, edits={"0,0": "47"}).edits == {(0, 0): "47"}
    assert [(c.digit, c.truth) for c in app.session_state["stored"]] == [
        (None, "47"), (0, "4"), (1, "7"),
    ]  # fmt: skip
    say(app, edits={"0,0": "47"}, left=[])
    assert len(app.session_state["stored"]) == 3
    say(app, edits={})
    assert app.session_state["removed"] == [c.id for c in app.session_state["stored"]]


def test_a_confirmed_reading_is_no_correction():
    app = opened(*numbers(1))
    say(app, edits={"0,0": "42"})
    assert "stored" not in app.session_state


def test_where_strangers_visit_nothing_is_stored_before_save_is_pressed():
    app = opened(*numbers(1), shared=True)
    say(app, edits={"0,0": "47"})
    assert "stored" not in app.session_state
    next(b for b in app.button if b.label.startswith("Save")).click().run(timeout=SLOW)
    assert len(app.session_state["stored"]) == 3


def test_a_store_that_fails_is_told_and_the_table_goes_on():
    app = opened(*numbers(1), broken="store")
    sheet = say(app, edits={"0,0": "47"})
    assert "not stored: the disk is full" in app.error[0].value
    assert sheet.edits == {(0, 0): "47"}


def test_what_was_said_of_an_older_table_is_ignored():
    app = opened(*numbers(1))
    app.session_state["grid"] = {"said": {"epoch": -1, "edits": {"0,0": "47"}}}
    app.run(timeout=SLOW)
    assert app.session_state["sheet kept"].sheet.edits == {}


def test_further_pictures_join_and_what_was_said_stays():
    app = opened(*numbers(2))
    say(app, edits={"1,0": "47"})
    give(app, ("more.jpg", PICTURE, "image/jpeg"))
    sheet = app.session_state["sheet kept"].sheet
    assert len(sheet.rows) == 3
    assert sheet.edits == {(1, 0): "47"}


def test_reading_can_be_stopped_and_gone_on_with():
    app = opened(*numbers(1))
    work = app.session_state["sheet kept"]
    work.scans = [*work.scans, type(work.scans[0])("late.jpg", PICTURE)]
    work.stopped = True
    app.run(timeout=SLOW)
    assert len(app.session_state["sheet kept"].sheet.rows) == 1
    app.button[0].click().run(timeout=SLOW)
    assert len(app.session_state["sheet kept"].sheet.rows) == 2


def test_start_again_forgets_everything():
    app = opened(*numbers(1))
    say(app, edits={"0,0": "47"})
    next(b for b in app.button if b.label == "Start again").click().run(timeout=SLOW)
    assert app.session_state["sheet kept"].sheet is None
    assert any("Photograph a mark sheet" in element.value for element in app.markdown)


def test_a_missing_model_is_told_in_a_sentence():
    app = opened(*numbers(1), broken="reader")
    assert app.error[0].value == "There is no model cnn."
