"""The file of a stack of pages: it comes back as it was, and a damaged one gets a sentence."""

import io
import json
import zipfile

import numpy as np
import pytest
from PIL import Image

from digits.errors import FormError
from digits.forms.project import Project, is_project, load_project, save_project
from digits.forms.template import Field, Form
from digits.marksheet.changes import Step
from digits.marksheet.scan import Entry, Scan, to_view
from digits.types import Box, Digit, Line, ModelName, Reading

BOX = Box(10, 10, 20, 20)
FORM = Form(
    "Cards", (Field("a", "identifier", BOX), Field("b", "tick", Box(40, 10, 20, 20))),
    np.full((90, 120), 240, np.uint8),
)  # fmt: skip


def read_scan(file):
    frame = np.zeros((28, 28), np.float32)
    frame[5:20, 14] = 1
    digit = Digit(1, 0.9, BOX, tuple(np.eye(10)[1]), 0.05, frame)
    line = Line("1", 0.9, BOX, (digit,))
    reading = Reading("id", (120, 90), "doubtful", ModelName("m", "0" * 64), "", 0.0, (line,))
    view = to_view(Image.new("RGB", (120, 90), "white"))
    return Scan(file, b"", 2, reading, ((Entry(line, 0, BOX, reason="Struck out"), None),), view)


@pytest.fixture(scope="module")
def project():
    waiting = [Scan("class.pdf", b"%PDF of two pages", page) for page in (1, 2)]
    step = Step("a: 7", {"cell 0 0 0": None}, {"cell 0 0 0": {"text": "7"}})
    failed = Scan("bad.jpg", b"junk", error="damaged")
    return Project(FORM, "Week 3", (read_scan("p.pdf"), *waiting, failed), (step,))


def changed(content, change=None, drop="", **members):
    """Return the file with its table changed, or without some members, or with other ones."""
    out = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(content)) as old, zipfile.ZipFile(out, "w") as new:
        for name in old.namelist():
            if drop and name.startswith(drop):
                continue
            member = members.get(name.removesuffix(".json"), old.read(name))
            if name == "project.json" and change is not None:
                plain = json.loads(member)
                change(plain)
                member = json.dumps(plain).encode()
            new.writestr(name, member)
    return out.getvalue()


def test_a_project_comes_back_as_it_was(project):
    content = save_project(project)
    assert is_project(content)
    again = load_project(content)
    assert again.form.sha256 == FORM.sha256
    assert again.title == "Week 3"
    first, *waiting, failed = again.scans
    assert first.reading.lines[0].digits[0].frame.tolist() == (
        project.scans[0].reading.lines[0].digits[0].frame.tolist()
    )
    assert (first.rows[0][0].line.text, first.rows[0][0].reason) == ("1", "Struck out")
    assert (first.page, first.view, first.is_waiting) == (2, project.scans[0].view, False)
    assert [one.page for one in waiting] == [1, 2]
    assert {one.content for one in waiting} == {b"%PDF of two pages"}
    assert all(one.is_waiting for one in waiting)
    assert (failed.error, failed.content) == ("damaged", b"")
    assert again.steps[0].after["cell 0 0 0"]["text"] == "7"
    with zipfile.ZipFile(io.BytesIO(content)) as archive:  # the two pages of a PDF are one file
        assert sum(name.startswith("pages/") for name in archive.namelist()) == 2


def reading(plain):
    return plain["pages"][0]["reading"]


@pytest.mark.parametrize(
    ("change", "what"),
    [
        (lambda p: p.update(version=2), "version 2"),
        (lambda p: p.update(version="1"), "version"),
        (lambda p: p.update(format="x"), "no project"),
        (lambda p: p.update(pages=None), "list"),
        (lambda p: p.update(pages=[1]), "damaged"),
        (lambda p: p.update(pages=p["pages"] * 1_000), "at most"),
        (lambda p: p.update(steps=[1]), "damaged"),
        (lambda p: p["pages"][0].update(page="2"), "damaged"),
        (lambda p: p["pages"][0].update(picture="../secret"), "damaged|has no"),
        (lambda p: p["pages"][0].update(picture="form.json"), "damaged"),
        (lambda p: p["pages"][0].update(reading={"reading": {}, "placed": []}), "damaged"),
        (lambda p: reading(p)["reading"].update(size=[0, 9]), "damaged"),
        (lambda p: reading(p)["reading"]["lines"][0].update(confidence="x"), "damaged"),
        (lambda p: reading(p)["reading"]["lines"][0].update(written=7), "damaged"),
        (lambda p: reading(p)["reading"]["lines"][0]["digits"][0].update(value=17), "damaged"),
        (lambda p: reading(p)["placed"][0].__setitem__(1, 10**9), "damaged"),
        (lambda p: reading(p)["placed"][0].__setitem__(3, "x"), "damaged"),
        (lambda p: reading(p).update(reasons=["Unsure"]), "damaged"),
    ],
)
def test_a_damaged_project_gives_one_error_message(project, change, what):
    with pytest.raises(FormError, match=what) as raised:
        load_project(changed(save_project(project), change))
    assert "\n" not in str(raised.value)


def test_a_file_that_is_no_project_or_lacks_a_part_gives_one_error_message(project):
    content = save_project(project)
    broken = (b"PK", content[: len(content) // 2], changed(content, form=b"[]"))
    lacking = (changed(content, drop=part) for part in ("form", "project", "frames", "pages"))
    for each in (*broken, *lacking):
        with pytest.raises(FormError):
            load_project(each)


def test_what_is_no_change_is_left_out(project):
    def change(plain):
        plain["steps"] = [["x", {}, {"cell 0 0 0": {"evil": 1}, "no key": 1, "file 0": "no"}]]

    (step,) = load_project(changed(save_project(project), change)).steps
    assert step.after == {"cell 0 0 0": {"text": "", "kept": False, "is_reading": True}}
