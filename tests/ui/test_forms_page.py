"""The Forms page: a form is defined, its pages are read, checked and found again."""

import csv
import io

import pytest

pytest.importorskip("streamlit", reason="Streamlit is not installed")
pytest.importorskip("openpyxl", reason="openpyxl is not installed")
from pathlib import Path

import cv2
from forms import METER
from streamlit.testing.v1 import AppTest

from digits.corrections.store import Corrections
from digits.errors import DigitsError
from digits.forms.checks import Check
from digits.forms.project import is_project
from digits.forms.sheet import to_readings
from digits.forms.store import FormStore
from digits.forms.table import to_csv
from digits.forms.template import Field
from digits.marksheet.audit import Audit
from digits.marksheet.cell import Checked, Column, Doubt
from digits.marksheet.propose import Row
from digits.marksheet.scan import Entry
from digits.marksheet.sheet import Sheet
from digits.marksheet.store import SheetStore
from digits.registry import shipped_reader
from digits.synthesis.page_forms import compose_form
from digits.types import Box, Line
from digits.ui.form_session import FormSession, described, listed, resume_pages, with_options
from digits.ui.sheet_table import first_open, uncertain_first

EXAMPLES = Path(__file__).parent.parent.parent / "digits" / "ui" / "examples"
SLOW = 180  # s, a first run imports everything


def page(url, shared):
    from digits.corrections.store import Corrections
    from digits.forms.store import FormStore
    from digits.marksheet.store import SheetStore
    from digits.registry import shipped_reader
    from digits.ui.forms import forms_page

    forms_page(
        lambda _: shipped_reader(),
        lambda: Corrections(url),
        lambda: FormStore(url),
        lambda: SheetStore(url),
        shared=shared,
    )


@pytest.fixture
def url(tmp_path):
    return f"sqlite:///{(tmp_path / 'kept.sqlite').as_posix()}"


@pytest.fixture
def opened(url):
    def open_page(form="", *, shared=False):
        app = AppTest.from_function(
            page, kwargs={"url": url, "shared": shared}, default_timeout=SLOW
        )
        if form:
            app.query_params["form"] = form
        app.run()
        assert not app.exception
        return app

    return open_page


@pytest.fixture
def empty_page():
    return cv2.imencode(".png", compose_form(METER).page)[1].tobytes()


def session(url):
    return FormSession(FormStore(url), SheetStore(url))


def test_the_example_opens_with_its_fields_and_can_be_renamed(opened, url):
    app = opened()
    app.button(key="form-example").click().run()
    assert not app.exception
    assert FormStore(url).list()[0].name == "Meter cards"
    names = next(box for box in app.selectbox if box.label == "Field")
    assert names.options == ["Meter number", "Reading", "Read on", "Estimated"]
    name = next(box for box in app.text_input if box.label == "Name")
    name.set_value("Meter")
    app.text_area[0].set_value("0012345\n0012346")
    next(button for button in app.button if button.label == "Save field").click().run()
    (saved,) = FormStore(url).list()
    field = FormStore(url).load(saved.id).fields[0]
    assert (field.name, field.checks[-1].values) == ("Meter", ("0012345", "0012346"))


def test_a_wrong_setting_is_reported_and_changes_nothing(opened, url):
    app = opened()
    app.button(key="form-example").click().run()
    checks = next(box for box in app.text_input if box.label == "Checks")
    checks.set_value("guess")
    next(button for button in app.button if button.label == "Save field").click().run()
    assert "guess" in app.error[0].value
    (saved,) = FormStore(url).list()
    assert FormStore(url).load(saved.id).fields[0].checks == ()


def test_a_saved_form_is_in_the_list_and_in_its_address(opened, url, empty_page):
    work = session(url)
    work.define(empty_page, "Cards")
    app = opened()
    assert [button.label for button in app.button if button.key == f"open-{work.id}"] == ["Cards"]
    app = opened(work.id)
    assert any(box.label == "Field" for box in app.selectbox)


def test_a_deleted_form_is_reported(opened):
    app = opened("0" * 32)
    assert "not there any more" in app.error[0].value


def test_nothing_is_stored_in_shared_mode(opened, url):
    app = opened(shared=True)
    app.button(key="form-example").click().run()
    assert not app.exception
    assert FormStore(url).list() == []


def test_fields_are_proposed_drawn_changed_and_deleted(url, empty_page):
    work = session(url)
    work.define(empty_page, "Cards")
    assert len(work.form.fields) == 4
    plan = {each.name: each for each in compose_form(METER).fields}
    for each in list(work.form.fields):
        work.change_field(each.name, None)
    box = plan["meter"].box
    work.add_field(Box(box.x - 3, box.y - 2, box.width + 6, box.height + 4))
    assert (work.form.fields[0].kind, work.form.fields[0].length) == ("identifier", 7)
    work.add_field(plan["estimated"].box)
    assert work.form.fields[1].kind == "tick"
    work.add_field(Box(700, 500, 200, 60))
    assert work.form.fields[2].kind == "number"
    with pytest.raises(DigitsError, match="this name"):
        work.change_field("field 1", with_options(work.form.fields[1], ""))
    assert [each.name for each in FormStore(url).load(work.id).fields] == [
        "field 1", "field 2", "field 3",
    ]  # fmt: skip


@pytest.mark.parametrize("checks", ["", "luhn", "range=0..100 mod11", "sum=a+b"])
def test_checks_come_back_as_they_were_typed(checks):
    each = with_options(Field("a", "number", Box(0, 0, 9, 9)), checks)
    assert described(each) == checks


def test_a_pasted_column_is_the_list_of_allowed_values():
    each = Field("a", "identifier", Box(0, 0, 9, 9), checks=(Check("luhn"),))
    pasted = with_options(each, "luhn", " 0012\n\n0013 \r\n0012\n")
    assert pasted.checks == (Check("luhn"), Check("list", values=("0012", "0013")))
    assert listed(pasted).splitlines() == ["0012", "0013"]
    assert described(pasted) == "luhn"


def test_pages_are_read_checked_kept_and_written(url):
    work = session(url)
    work.define((EXAMPLES / "a form.json").read_bytes(), "x")
    pages = work.pages
    pages.add_files([("pages.pdf", (EXAMPLES / "pages of a form.pdf").read_bytes())])
    for index in pages.waiting:
        pages.read_page(shipped_reader(), index)
    sheet, audit = pages.checked()
    assert [row.kind for row in sheet.rows] == ["data", "data", "data", "failed"]
    assert "not the form" in sheet.rows[3].error
    assert all(cells[0].text.isdigit() and len(cells[0].text) == 7 for cells in audit.cells[:3])
    assert {cells[3].text for cells in audit.cells[:3]} <= {"yes", "no"}

    change = {"cell 0 0 2": {"text": "2024-02-30"}}
    pages.take_from_browser([{"n": 1, "label": "a", "set": change}])
    assert pages.checked()[1].cells[0][2].doubts
    change = {"cell 0 0 2": {"text": "2024-02-29"}}
    pages.take_from_browser([{"n": 2, "label": "b", "set": change}])
    assert not pages.checked()[1].cells[0][2].doubts

    again = resume_pages(work.form, work.id, SheetStore(url), pages.id)
    sheet, audit = again.checked()
    table = to_csv(work.form, to_readings(work.form, sheet, audit, again.scans))
    rows = list(csv.DictReader(io.StringIO(table.decode("utf-8-sig"))))
    assert rows[0]["Read on"] == "2024-02-29"
    assert [row["status"] for row in rows][3] == "failed"
    assert SheetStore(url).list() == []
    assert [one.id for one in SheetStore(url).list(form=work.id)] == [pages.id]

    # A number that is typed is a correction, with the digits that stand on the paper.
    read = pages.checked()[1].cells[0][0].text
    typed = f"{read[:-1]}{(int(read[-1]) + 1) % 10}"
    confirmed = {f"cell 1 0 {c}": {"text": pages.checked()[1].cells[1][c].text} for c in range(4)}
    pages.take_from_browser([{"n": 3, "label": "c", "set": confirmed}])
    pages.take_from_browser([{"n": 4, "label": "d", "set": {"cell 0 0 0": {"text": typed}}}])
    store = Corrections(url)
    assert pages.n_corrections == 2  # the date above is the other one
    assert pages.keep_corrections(store) > 0
    whole = {one.truth for one in store.all() if one.digit is None}
    assert typed in whole
    assert all(len(truth) == 7 or truth.endswith(("2024", "24")) for truth in whole)

    # The same stack in one file goes on elsewhere, where no store is.
    content = pages.to_project()
    assert is_project(content)
    elsewhere = FormSession()
    elsewhere.open_project(content)
    sheet, audit = elsewhere.pages.checked()
    assert to_csv(work.form, to_readings(work.form, sheet, audit, elsewhere.pages.scans)) == to_csv(
        work.form, to_readings(work.form, *pages.checked(), pages.scans)
    )
    assert elsewhere.pages.n_corrections == 2
    assert elsewhere.pages.picture(0).width == pages.picture(0).width
    elsewhere.pages.undo()
    assert elsewhere.pages.checked()[1].cells[0][0].text == read
    stored = session(url)
    stored.open_project(content)
    assert resume_pages(stored.form, stored.id, SheetStore(url), stored.pages.id).n_corrections == 2


def test_the_least_confident_page_comes_first_and_a_bad_one_before_those_that_are_done(url):
    def entry(confidence):
        return Entry(Line("7", confidence, Box(0, 0, 9, 9), ()), 0, Box(0, 0, 9, 9))

    rows = (
        Row(0, 0, (entry(0.99),), "0.jpg"),
        Row(1, 0, (entry(0.4),), "1.jpg"),
        Row(2, 0, (), "2.jpg", "damaged", "failed"),
        Row(3, 0, (entry(0.2),), "3.jpg"),
    )
    doubt = (Doubt("unsure", "Unsure"),)
    cells = tuple((Checked("7", doubt if i in (1, 3) else ()),) for i in range(4))
    sheet = Sheet(rows, (Column("a"),))
    audit = Audit(cells, (), (), 2, 0, 1, "")
    assert uncertain_first(sheet, audit) == [3, 1, 2, 0]
    assert first_open(sheet, audit, [3, 1, 2, 0]) == "3 0 0"
    assert first_open(sheet, audit) == "1 0 0"
