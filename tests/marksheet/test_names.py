"""Class lists: pasted, or as files of many kinds."""

import pytest

from digits.errors import DigitsError
from digits.marksheet.names import parse_names


@pytest.mark.parametrize(
    ("content", "names"),
    [
        ("Anna\n\n Bo \r\nChidi", ("Anna", "Bo", "Chidi")),
        ("12;Anna\n13;Bo", ("12 Anna", "13 Bo")),
        ('"Smith, Anna"\nLee, Bo', ("Smith, Anna", "Lee, Bo")),
        ("\ufeffJosé".encode(), ("José",)),
        ("Jürgen".encode("cp1252"), ("Jürgen",)),
        ("", ()),
    ],
)
def test_class_lists_are_a_name_a_line(content, names):
    assert parse_names(content) == names


def test_a_class_list_that_is_no_text_is_explained():
    with pytest.raises(DigitsError, match="paste the names"):
        parse_names(b"PK\x03\x04\x00\x00")
