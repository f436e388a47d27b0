"""The Sheets page with a made-up reader: what it says, keeps and stores."""

import pytest

pytest.importorskip("streamlit", reason="Streamlit is not installed")
pytest.importorskip("openpyxl", reason="openpyxl is not installed")
from pathlib import Path

from streamlit.testing.v1 import AppTest

from digits.corrections.store import Corrections
from digits.marksheet.store import SheetStore

EXAMPLES = Path(__file__).parent.parent.parent / "digits" / "ui" / "examples"
PICTURE = (EXAMPLES / "a year.jpg").read_bytes()
SLOW = 120  # s, a first run imports everything


def page(url, shared, broken):
    import numpy as np

    from digits.corrections.store import Corrections
    from digits.errors import CorrectionsError, DigitsError
    from digits.marksheet.store import SheetStore
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

    def reader(model):
        if broken == "reader":
            raise DigitsError("there is no model cnn")
        return FakeReader()

    def corrections():
        if broken == "corrections":
            raise CorrectionsError("the disk is full")
        return Corrections(url)

    sheet_page(reader, corrections, lambda: SheetStore(url), shared=shared)


@pytest.fixture
def url(tmp_path):
    return f"sqlite:///{(tmp_path / 'kept.sqlite').as_posix()}"


@pytest.fixture
def opened(url):
    def open_page(*files, shared=False, broken="", sheet=""):
        kwargs = {"url": url, "shared": shared, "broken": broken}
        app = AppTest.from_function(page, kwargs=kwargs)
        if sheet:
            app.query_params["sheet"] = sheet
        app.run(timeout=SLOW)
        if files:
            give(app, *files)
        assert not app.exception
        return app

    return open_page


def give(app, *files):
    for file in files:
        app.file_uploader[0].upload(*file)
    app.run(timeout=SLOW)
    assert not app.exception


def work(app):
    return app.session_state["sheet kept"]


def say(app, *changes):
    """Say something in the table, as the browser does; changes it sent before come again."""
    count = app.session_state["sheet count"]
    sent = [{"n": n, "label": "Change", **change} for n, change in enumerate(changes, start=1)]
    app.session_state["sheet table"] = {
        "said": {"epoch": f"{count} {work(app).id}", "changes": sent}
    }
    app.run(timeout=SLOW)
    assert not app.exception
    return work(app).checked()[0]


def cell(text):
    return {"set": {"cell 0 0 0": {"text": text}}}


def button(app, label):
    return next(each for each in app.button if each.label.startswith(label))


def numbers(n):
    return [(f"{i}.jpg", PICTURE, "image/jpeg") for i in range(n)]


def test_the_empty_page_offers_upload_and_example_and_says_what_is_stored(opened):
    app = opened()
    assert app.file_uploader[0].label == "Photos, scans or PDFs of mark sheets"
    assert button(app, "Try the example")
    assert any("saved on this computer" in each.value for each in app.caption)
    assert any("Nothing is stored" in each.value for each in opened(shared=True).caption)


def test_pictures_become_rows_and_a_bad_one_keeps_its_place(opened):
    files = numbers(3)
    files.insert(1, ("letter.png", b"Dear Sir", "image/png"))
    sheet, audit = work(opened(*files)).checked()
    assert [row.label for row in sheet.rows] == ["0.jpg", "letter.png", "1.jpg", "2.jpg"]
    assert sheet.rows[1].error
    assert audit.n_failed == 1


def test_an_empty_file_is_a_row_with_its_reason_and_no_blank_page(opened):
    app = opened(("nothing.png", b"", "image/png"))
    sheet, audit = work(app).checked()
    assert [(row.label, "is empty" in row.error) for row in sheet.rows] == [("nothing.png", True)]
    assert audit.summary == "1 file failed"
    assert button(app, "New sheet")


def test_a_class_list_names_the_rows_and_another_length_is_counted(opened):
    app = opened(*numbers(3))
    app.text_area[0].set_value("Anna\nBo").run(timeout=SLOW)
    sheet, audit = work(app).checked()
    assert sheet.named == {0: "Anna", 1: "Bo"}
    assert audit.names == "1 row left over"
    app.text_area[0].set_value("Anna\nBo\nChidi").run(timeout=SLOW)
    assert work(app).checked()[1].names == ""
    say(app, {"undo": True})
    assert app.text_area[0].value == "Anna\nBo"


def test_a_change_sent_twice_is_applied_once(opened):
    app = opened(*numbers(1))
    assert say(app, cell("47")).edits[0, 0].text == "47"
    assert say(app, cell("47"), cell("48")).edits[0, 0].text == "48"
    assert len(work(app).steps) == 2
    assert say(app, cell("47"), cell("48"), {"undo": True}).edits[0, 0].text == "47"


def test_changes_of_another_sheet_are_ignored(opened):
    app = opened(*numbers(1))
    app.session_state["sheet table"] = {
        "said": {"epoch": "0 x", "changes": [{"n": 1, **cell("47")}]}
    }
    app.run(timeout=SLOW)
    assert not work(app).checked()[0].edits


def test_a_sheet_is_restored_after_a_reload(opened, url):
    app = opened(*numbers(2))
    say(app, cell("47"))
    again = opened(sheet=work(app).id)
    assert work(again).checked()[0].edits[0, 0].text == "47"
    assert len(work(again).checked()[0].rows) == 2
    (saved,) = SheetStore(url).list()
    assert (saved.title, saved.summary) == ("0", "1 cell")


def test_saved_sheets_are_listed_and_opened(opened):
    first = opened(*numbers(1))
    say(first, cell("47"))
    app = opened()
    assert app.subheader[0].value == "Your sheets"
    button(app, "0").click().run(timeout=SLOW)
    assert work(app).id == work(first).id


def test_a_file_from_another_page_starts_a_new_sheet(opened, url):
    app = opened(*numbers(1))
    app.session_state["pictures for a sheet"] = [("class.jpg", PICTURE)]
    app.run(timeout=SLOW)
    assert [row.label for row in work(app).checked()[0].rows] == ["class.jpg"]
    assert {one.title for one in SheetStore(url).list()} == {"0", "class"}


def test_a_missing_sheet_is_reported_and_a_new_one_can_be_started(opened):
    app = opened(sheet="f" * 32)
    assert "was deleted" in app.error[0].value
    assert app.file_uploader


def test_a_new_sheet_asks_first(opened):
    app = opened(*numbers(1))
    last = work(app).id
    button(app, "New sheet").click().run(timeout=SLOW)
    assert work(app).id == last
    assert any("stays in the list" in each.value for each in app.markdown)


def test_in_shared_mode_no_sheet_is_stored(opened, url):
    app = opened(*numbers(1), shared=True)
    say(app, cell("47"))
    assert SheetStore(url).list() == []
    assert "sheet" not in app.query_params
    button(app, "New sheet").click().run(timeout=SLOW)
    assert any("it will be gone" in each.value for each in app.markdown)


def test_visitors_do_not_see_each_others_sheets(opened):
    saved = work(opened(*numbers(1))).id
    visitor = opened(*numbers(1), shared=True)
    assert work(visitor).scans
    other = opened(shared=True, sheet=saved)
    assert work(other).is_empty
    assert not other.subheader


def test_corrections_are_stored_by_a_press_and_not_before(opened, url):
    app = opened(*numbers(1))
    say(app, cell("47"))
    assert Corrections(url).count() == 0
    button(app, "Save 1 correction").click().run(timeout=SLOW)
    stored = Corrections(url).all()
    assert [(one.digit, one.truth) for one in stored] == [(None, "47"), (0, "4"), (1, "7")]
    assert {one.reading for one in stored} == {"0" * 64}


def test_a_confirmed_reading_is_no_correction(opened):
    app = opened(*numbers(1))
    say(app, cell("42"))
    assert not any(each.label.startswith("Save") for each in app.button)


def test_a_failing_correction_store_is_reported_and_keeps_the_table(opened):
    app = opened(*numbers(1), broken="corrections")
    say(app, cell("47"))
    button(app, "Save 1 correction").click().run(timeout=SLOW)
    assert "not stored: the disk is full" in app.error[0].value
    assert work(app).checked()[0].edits[0, 0].text == "47"


def test_a_change_that_cannot_be_saved_is_reported_and_retried(opened, monkeypatch):
    from digits.errors import SheetsError

    app = opened(*numbers(1))

    def fail(self, *arguments):
        raise SheetsError("the disk is full")

    with monkeypatch.context() as broken:
        broken.setattr(SheetStore, "add_step", fail)
        assert not say(app, cell("47")).edits
        assert "not saved: the disk is full" in app.error[0].value
    assert say(app, cell("47")).edits[0, 0].text == "47"
    assert not app.error


def test_added_pictures_keep_earlier_edits(opened):
    app = opened(*numbers(2))
    say(app, cell("47"))
    give(app, ("more.jpg", PICTURE, "image/jpeg"))
    sheet, _ = work(app).checked()
    assert len(sheet.rows) == 3
    assert sheet.edits[0, 0].text == "47"


def test_reading_can_be_stopped_and_continued(opened):
    app = opened(*numbers(1))
    work(app).add_files([("late.jpg", PICTURE)])
    app.session_state["sheet stopped"] = True
    app.run(timeout=SLOW)
    assert len(work(app).checked()[0].rows) == 1
    button(app, "Continue reading (1 left)").click().run(timeout=SLOW)
    assert len(work(app).checked()[0].rows) == 2


def test_a_missing_model_gives_an_error_message(opened):
    app = opened(*numbers(1), broken="reader")
    assert app.error[0].value == "There is no model cnn."


def test_another_layout_can_be_chosen_and_undone(opened):
    app = opened(*numbers(3))
    say(app, cell("47"))
    app.segmented_control[0].set_value("table").run(timeout=SLOW)
    assert work(app).user_input["layout"] == "table"
    assert not work(app).checked()[0].edits
    say(app, cell("47"), {"undo": True})
    assert work(app).checked()[0].edits[0, 0].text == "47"
