"""What becomes of what a person says is right."""

import numpy as np
import pytest
from handmade import line, reading

from digits.corrections.store import Corrections
from digits.errors import CorrectionsError
from digits.types import Picture
from digits.ui.keep import LineTruth, keep_in


@pytest.fixture
def store(tmp_path):
    store = Corrections(f"sqlite:///{tmp_path / 'kept.sqlite'}")
    yield store
    store.close()


@pytest.fixture
def picture():
    return Picture(np.full((40, 60), 200, np.uint8), 60, 40, "0" * 64)


def test_the_line_and_its_digits_are_stored_with_act_and_reading(store, picture):
    seen = reading(line("12"), line("34", y=20))
    message = keep_in(lambda: store, "read")(picture, seen, [LineTruth(1, "39", "typed")], "n.jpg")
    assert message == "Saved: 39, not 34"
    kept = {(each.line, each.digit, each.read, each.truth, each.file) for each in store.all()}
    assert kept == {
        (1, None, "34", "39", "n.jpg"),
        (1, 0, "3", "3", "n.jpg"),
        (1, 1, "4", "9", "n.jpg"),
    }
    assert {(each.reading, each.act) for each in store.all()} == {(seen.id, "typed")}


def test_separators_that_were_typed_are_kept(store, picture):
    keep = keep_in(lambda: store, "read")
    assert (
        keep(picture, reading(line("75")), [LineTruth(0, "7.5", "typed")], "")
        == "7.5 saved as right"
    )
    whole = next(each for each in store.all() if each.digit is None)
    assert (whole.truth, whole.written) == ("75", "7.5")


def test_a_truth_of_another_length_is_stored_as_a_line(store, picture):
    message = keep_in(lambda: store, "read")(
        picture, reading(line("12")), [LineTruth(0, "123", "typed")], ""
    )
    assert message == "Saved: 123, not 12"
    assert [(each.digit, each.truth, each.file) for each in store.all()] == [(None, "123", None)]


def test_nothing_is_a_truth_too(store, picture):
    message = keep_in(lambda: store, "draw")(
        picture, reading(line("1")), [LineTruth(0, " ", "typed")], ""
    )
    assert message == "Saved: nothing, not 1"
    assert store.all()[0].truth == ""


def test_several_numbers_are_stored_at_once(store, picture):
    seen = reading(line("12"), line("34", y=20))
    truths = [LineTruth(0, "12", "confirmed"), LineTruth(1, "34", "confirmed")]
    assert keep_in(lambda: store, "read")(picture, seen, truths, "") == "2 numbers saved as right"
    assert {each.act for each in store.all()} == {"confirmed"}
    assert store.count() == 6


def test_a_failure_gives_one_error_message_and_stores_nothing(store, picture):
    truths = [LineTruth(0, "12", "confirmed"), LineTruth(1, "1x", "typed")]
    with pytest.raises(CorrectionsError, match="digits only"):
        keep_in(lambda: store, "read")(picture, reading(line("12"), line("34", y=20)), truths, "")
    assert store.count() == 0
