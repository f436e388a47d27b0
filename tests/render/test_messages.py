"""Sentences about rejected values: every kind of fault that our schemas can meet has its own."""

import pytest
from pydantic import TypeAdapter, ValidationError

from digits.render.messages import count, describe_failure, describe_fault


@pytest.mark.parametrize(
    ("kind", "value", "sentence"),
    [
        (bool, "maybe", "takes true or false, not 'maybe'"),
        (int, "x", "takes a whole number, not 'x'"),
        (int, 1.5, "takes a whole number, not 1.5"),
        (int, None, "takes a whole number, not null"),
        (float, [], "takes a number, not []"),
        (str, 7, "takes text, not 7"),
        (list[int], {}, "takes a list, not {}"),
        (dict[str, int], [], "takes an object, not []"),
        (bytes, 7, "takes something else, not 7"),
    ],
)
def test_a_value_of_the_wrong_kind(kind, value, sentence):
    with pytest.raises(ValidationError) as rejected:
        TypeAdapter(kind).validate_python(value)
    (fault,) = rejected.value.errors()
    assert describe_fault(fault) == sentence


def test_a_long_value_is_cut():
    fault = {"type": "int_parsing", "input": "9" * 5000}
    assert len(describe_fault(fault)) < 100


@pytest.mark.parametrize(
    ("file", "page", "reason", "sentence"),
    [
        ("a.png", None, "there is no file a.png: check", "there is no file a.png: check"),
        ("a.png", None, "it is damaged", "a.png: it is damaged"),
        ("a.png", None, "there is no file data.png", "a.png: there is no file data.png"),
        ("a.pdf", 3, "it is damaged", "a.pdf, page 3: it is damaged"),
        ("(1", None, "(1 is empty", "(1 is empty"),
    ],
)
def test_a_file_that_failed_is_named_once(file, page, reason, sentence):
    assert describe_failure(file, page, reason) == sentence


def test_one_is_not_many():
    assert [count(n, "picture") for n in (0, 1, 2)] == ["0 pictures", "1 picture", "2 pictures"]
