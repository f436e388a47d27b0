import json
from decimal import Decimal

import numpy as np
import pytest
from forms import picture_of
from hypothesis import given
from hypothesis import strategies as st

from digits.errors import FormError, HintError
from digits.forms.checks import Check
from digits.forms.field_syntax import parse_field
from digits.forms.template import KINDS, Field, Form
from digits.types import Box

PAGE = np.full((400, 600), 240, np.uint8)
ROLL = Field("roll", "identifier", Box(20, 30, 270, 40), 9)


SMALL = Form("Small", (), PAGE[:90, :90])


def form(*fields):
    return Form("Cover", fields or (ROLL,), PAGE)


def test_a_form_comes_back_from_its_file_as_it_was(tmp_path):
    page = np.random.default_rng(0).integers(0, 255, (300, 200), np.uint8)
    fields = (
        Field("id", "identifier", Box(1, 2, 100, 20), 2,
              cells=(Box(1, 2, 50, 20), Box(51, 2, 50, 20)),
              checks=(Check("luhn"), Check("list", values=("18", "26")))),
        Field("q", "mark", Box(1, 30, 50, 20), maximum=Decimal("7.5")),
        Field("all", "decimal", Box(1, 60, 50, 20), checks=(Check("sum", of=("q",)),)),
        Field("born", "date", Box(1, 90, 50, 20), order="mdy"),
        Field("is it", "tick", Box(1, 120, 20, 20)),
        Field("n", "number", Box(1, 150, 50, 20),
              checks=(Check("range", minimum=Decimal(0), maximum=Decimal(99)),)),
    )  # fmt: skip
    written = page > 200
    saved = Form("Ä form", fields, page, True, written)
    saved.save(tmp_path / "form.json")
    loaded = Form.load(tmp_path / "form.json")
    assert (loaded.name, loaded.fields, loaded.is_blank) == (saved.name, fields, True)
    assert np.array_equal(loaded.reference, page)
    assert np.array_equal(loaded.handwriting, written)
    assert loaded.sha256 == saved.sha256


def test_the_file_can_be_read_by_a_person():
    plain = json.loads(form().to_bytes())
    assert plain["fields"] == [
        {"name": "roll", "kind": "identifier", "box": [20, 30, 270, 40], "length": 9}
    ]
    assert list(plain)[-1] == "reference"
    assert plain["size"] == [600, 400]


def broken(**changes):
    return json.dumps({**json.loads(form().to_bytes()), **changes}).encode()


@pytest.mark.parametrize(
    ("content", "what"),
    [
        (b"not json", "not JSON"),
        (b"[]", "no form"),
        (b'{"version": 1}', "no form"),
        (broken(version=2), "version 2"),
        (broken(version="x"), "version"),
        (broken(reference="AAAA"), "reference"),
        (broken(reference=None), "reference"),
        (broken(handwriting="AAAA"), "handwriting"),
        (broken(handwriting=json.loads(SMALL.to_bytes())["reference"]), "another size"),
        (broken(size=[1, 2]), "600x400"),
        (broken(version=True), "version"),
        (broken(name="a\0b"), "printable"),
        (broken(name="\ud800"), "printable"),
        (broken(fields=3), "fields"),
        (broken(fields=[3]), "field 1"),
        (broken(fields=[{"name": "a", "kind": "name", "box": [1, 1, 9, 9]}]), "identifier"),
        (broken(fields=[{"name": "a", "kind": "digit", "box": [1, 1, 9]}]), "box takes"),
        (broken(fields=[{"name": "a", "kind": "digit", "box": [590, 1, 19, 9]}]), "outside"),
        (broken(fields=[{"name": "a", "kind": "digit", "box": [1, 1, 3, 9]}]), "smaller"),
        (broken(fields=[{"name": "a", "kind": "mark", "box": [1, 1, 9, 9]}]), "maximum"),
        (broken(fields=[{"name": "a", "kind": "digit", "box": [1, 1, 9, 9]}] * 2), "two fields"),
        (broken(fields=[{"name": "a\nb", "kind": "digit", "box": [1, 1, 9, 9]}]), "printable"),
        (
            broken(fields=[{"name": "a", "kind": "number", "box": [1, 1, 90, 9],
                            "cells": [[45, 1, 45, 9], [1, 1, 45, 9]]}]),
            "from left to right",
        ),
        (
            broken(fields=[{"name": "a", "kind": "number", "box": [1, 1, 9, 9],
                            "cells": [[200, 200, 9, 9]]}]),
            "lie in its box",
        ),
        (
            broken(fields=[{"name": "a", "kind": "number", "box": [1, 1, 90, 9],
                            "cells": [[1, 1, 9, 9]] * 200}]),
            "at most",
        ),
        (
            broken(fields=[{"name": "a", "kind": "number", "box": [1, 1, 9, 9],
                            "checks": [{"kind": "sum", "of": ["b"]}]}]),
            "no other field",
        ),
        (
            broken(fields=[{"name": "a", "kind": "number", "box": [1, 1, 9, 9],
                            "checks": [{"kind": "guess"}]}]),
            "luhn",
        ),
    ],
)  # fmt: skip
def test_a_bad_file_gives_one_error_message(content, what):
    with pytest.raises(FormError, match=what) as raised:
        Form.load(content)
    assert "\n" not in str(raised.value)


def test_a_file_that_is_not_there_is_named(tmp_path):
    with pytest.raises(FormError, match=r"no form .*missing\.json"):
        Form.load(tmp_path / "missing.json")


@given(st.recursive(st.none() | st.booleans() | st.integers() | st.text(),
                    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner)))  # fmt: skip
def test_invalid_fields_are_rejected_with_one_error(plain):
    with pytest.raises(FormError):
        Form.load(broken(fields=[plain]))


def test_a_field_is_described_on_the_command_line():
    each = parse_field("roll no:identifier:9:luhn:list=1|2@1,2,30,40")
    assert each == Field(
        "roll no", "identifier", Box(1, 2, 30, 40), 9,
        checks=(Check("luhn"), Check("list", values=("1", "2"))),
    )  # fmt: skip
    assert parse_field("q:mark:7.5@1,2,30,40").maximum == Decimal("7.5")
    assert parse_field("d:date:ymd@1,2,30,40").order == "ymd"
    assert parse_field("t:number:sum=a+b@1,2,30,40").checks == (Check("sum", of=("a", "b")),)
    low = parse_field("n:number:range=5..@1,2,30,40").checks[0]
    assert (low.minimum, low.maximum) == (Decimal(5), None)


@pytest.mark.parametrize(
    "text", ["roll", "roll:identifier", "roll@1,2,3,4", ":identifier@1,2,3,4", "a:b@1,2,3,4",
             "a:number@1,2,3", "a:number:what@1,2,30,40", "a:number:range=x..3@1,2,30,40"]
)  # fmt: skip
def test_a_wrong_field_description_gives_one_error_message(text):
    with pytest.raises(HintError):
        parse_field(text)


def test_boxes_follow_the_page_into_a_smaller_reference():
    page = np.full((3000, 2000), 240, np.uint8)
    page[1000:1100, 500:900] = 0
    made = Form.from_picture(picture_of(page), [Field("a", "number", Box(500, 1000, 400, 100))])
    assert made.reference.size < 1.01 * 2_000_000
    box = made.fields[0].box
    assert made.reference[box.rows_and_columns()].mean() < 10
    with pytest.raises(FormError, match="does not lie inside"):
        Form.from_picture(picture_of(page), [Field("a", "number", Box(1900, 0, 200, 50))])


def test_every_kind_can_be_described():
    for kind in KINDS:
        option = ":20" if kind == "mark" else ""
        assert parse_field(f"a:{kind}{option}@1,2,30,40").kind == kind
