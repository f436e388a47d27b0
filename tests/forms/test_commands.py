"""digits form new, show and read, as a person types them."""

import csv
import json

import cv2
import pytest
from forms import METER, SCORE, filled, form_of

from digits.cli import main
from digits.synthesis.page_forms import compose_form


@pytest.fixture(scope="module")
def folder(tmp_path_factory, digits):

    folder = tmp_path_factory.mktemp("forms")
    (folder / "scans").mkdir()
    cv2.imwrite(str(folder / "empty.png"), compose_form(METER).page)
    _, page, photo = filled(METER, digits, 3, tilt=15.0)
    cv2.imwrite(str(folder / "scans" / "a.png"), photo.pixels)
    cv2.imwrite(str(folder / "scans" / "b.png"), filled(SCORE, digits, 3)[2].pixels)
    (folder / "scans" / "c.png").write_bytes(b"no picture")
    return folder, page.values


def test_a_form_is_defined_shown_and_read(folder, capsys):
    place, values = folder
    fields = [
        f"{each.name}:{each.kind}{':7' if each.name == 'meter' else ''}@"
        f"{each.box.x},{each.box.y},{each.box.width},{each.box.height}"
        for each in compose_form(METER).fields
    ]
    options = [part for each in fields for part in ("--field", each)]
    form = str(place / "form.json")
    assert main(["form", "new", str(place / "empty.png"), "--blank", *options, "--out", form]) == 0
    assert "meter\tidentifier\t7 digits" in capsys.readouterr().out
    assert len(json.loads((place / "form.json").read_text("utf-8"))["fields"][0]["cells"]) == 7

    assert main(["form", "show", form, "--out", str(place / "form.png")]) == 0
    assert cv2.imread(str(place / "form.png")).shape[:2] == compose_form(METER).page.shape
    capsys.readouterr()

    out = place / "table.csv"
    assert main(["form", "read", form, str(place / "scans"), "--out", str(out)]) == 1
    result = capsys.readouterr().err
    assert "b.png: This is not the form" in result
    assert "3 pages read" in result
    assert "2 failed" in result
    with out.open(encoding="utf-8-sig", newline="") as file:
        rows = list(csv.DictReader(file))
    assert [row["status"] for row in rows] == ["read", "refused", "failed"]
    assert {name: rows[0][name] for name in ("meter", "reading", "read on")} == {
        name: values[name] for name in ("meter", "reading", "read on")
    }
    assert all(rows[i]["error"] for i in (1, 2))


def test_fields_are_proposed_where_none_are_named(folder, capsys):
    place, _ = folder
    out = place / "proposed.json"
    assert main(["form", "new", str(place / "empty.png"), "--blank", "--out", str(out)]) == 0
    captured = capsys.readouterr()
    assert "4 fields proposed" in captured.err
    assert captured.out.count("\n") == 4


@pytest.mark.parametrize(
    ("arguments", "status", "what"),
    [
        (["new", "empty.png", "--field", "a:number@1,1,9999,9", "--out", "x.json"], 2, "--field"),
        (["new", "empty.png", "--field", "a:what@1,1,9,9", "--out", "x.json"], 2, "identifier"),
        (["new", "nothing.png", "--out", "x.json"], 1, "nothing.png"),
        (["show", "nothing.json", "--out", "x.png"], 1, "nothing.json"),
        (["read", "empty.png", "scans", "--out", "x.csv"], 1, "not JSON"),
        (["read", "nothing.json", "scans", "--out", "x.txt"], 2, ".parquet"),
        (["read", "nothing.json", "scans", "--out", "x.csv", "--accept", "2"], 2, "accept"),
    ],
)
def test_errors_give_one_error_message(folder, capsys, monkeypatch, arguments, status, what):
    monkeypatch.chdir(folder[0])
    assert main(["form", *arguments]) == status
    result = capsys.readouterr().err
    assert what in result
    assert result.count("\n") == 1


def test_the_form_read_from_python(folder, reader):
    place, values = folder
    reading = form_of(compose_form(METER)).read(place / "scans" / "a.png", reader)
    assert reading.fields[0].value == values["meter"]
