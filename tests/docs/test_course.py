"""The slides and the report's template give the figures of the shipped networks."""

import re
from pathlib import Path

import pytest

from digits.inference.classifier import load_card
from digits.registry import WEIGHTS

COURSE = Path(__file__).parent.parent.parent / "docs" / "course"
SLIDES, REPORT = ((COURSE / name).read_text("utf-8") for name in ("slides.md", "report.md"))


def row(text, first):
    """Return the numbers in a table's row."""
    (line,) = re.findall(rf"^\| {re.escape(first)} \|(.*)$", text, re.MULTILINE)
    return [float(number.replace(",", "")) for number in re.findall(r"[\d,]+(?:\.\d+)?", line)]


@pytest.mark.parametrize(
    ("name", "first"),
    [
        ("dense", "dense"),
        ("wide", "dense, wider, distorted digits"),
        ("cnn", "convolutional"),
    ],
)
def test_the_slides_give_accuracy_and_parameters(name, first):
    card = load_card(WEIGHTS / f"{name}.onnx")
    assert row(SLIDES, first) == [round(100 * card["test"]["accuracy"], 2), card["parameters"]]


@pytest.mark.parametrize(
    ("name", "first"), [("dense", "dense, as shipped"), ("cnn", "convolutional, as shipped")]
)
def test_the_report_gives_accuracy_with_interval_and_calibration(name, first):
    test = load_card(WEIGHTS / f"{name}.onnx")["test"]
    figures = [test["accuracy"], *test["interval"], test["calibration_error"]]
    assert row(REPORT, first) == [round(100 * figure, 2) for figure in figures]


def test_what_is_read_as_a_digit_though_it_is_none():
    caught = load_card(WEIGHTS / "cnn.onnx")["not_a_digit"]["others_rejected"]
    assert f"{100 * caught:.1f} %" in REPORT
    assert f"{100 * (1 - caught):.1f} %" in SLIDES
