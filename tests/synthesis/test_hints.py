"""Hints on composed documents: a true one does no harm, a wrong one is noticed."""

from dataclasses import dataclass, field
from functools import partial

import cv2
import numpy as np
import pytest
from composed import SIDE, Page, noisy, paper, ruled, shadowed, squared, turned
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from oracles import agrees_with_itself

from digits.registry import shipped_reader
from digits.types import Box, Hint

PAPERS = {
    "plain": lambda grey: grey,
    "ruled": ruled,
    "squared": squared,
    "in shadow": shadowed,
    "noisy": noisy,
    "turned": partial(turned, angle=3),
    "upside down": lambda grey: np.ascontiguousarray(grey[::-1, ::-1]),
    "white on black": lambda grey: 255 - grey,
}
SETTINGS = settings(
    max_examples=16,
    deadline=None,
    derandomize=True,
    suppress_health_check=[HealthCheck.function_scoped_fixture],  # MNIST is loaded once
)


@dataclass
class Document:
    """A picture with one number on it, and where that stands."""

    grey: np.ndarray = field(repr=False)
    text: str
    box: Box


def compose(digits, seed, length, pitch, light, boxes):
    """Write a number of so many digits on paper, in printed boxes or without."""
    page = Page(digits, seed, (260, 140 + 92 * length))
    pitch = 90 if boxes else pitch
    x, y = 70, 90
    text = page.number(x, y, length, pitch)
    for i in range(length if boxes else 0):
        corner = (x - 17 + pitch * i, y - 17)
        cv2.rectangle(page.ink, corner, (corner[0] + 90, corner[1] + 90), 0.9, 2)
    grey = np.clip(PAPERS[light](paper(page.ink)), 0, 255).astype(np.uint8)
    return Document(grey, text, Box(x - 15, y - 15, pitch * (length - 1) + SIDE + 30, SIDE + 30))


documents = st.fixed_dictionaries(
    {
        "seed": st.integers(0, 10_000),
        "length": st.integers(1, 9),
        "pitch": st.integers(36, 84),
        "light": st.sampled_from(sorted(PAPERS)),
        "boxes": st.booleans(),
    }
)


@pytest.fixture(scope="module")
def reader():
    return shipped_reader()


def true_hints(document, light):
    yield Hint(length=len(document.text))
    if len(document.text) == 1:
        yield Hint(single=True)
    if light not in ("turned", "upside down"):
        yield Hint(boxes=(document.box,))
        yield Hint(boxes=(document.box,), length=len(document.text))


@SETTINGS
@given(result=documents, more=st.sampled_from([-2, -1, 1, 2]))
def test_a_true_hint_changes_no_right_answer_and_a_wrong_one_makes_it_doubtful(
    held_out, as_picture, reader, result, more
):
    document = compose(held_out, **result)
    picture = as_picture(document.grey)
    free = reader.read(picture)
    agrees_with_itself(free)
    if free.text != document.text:
        return
    for hint in true_hints(document, result["light"]):
        reading = reader.read(picture, hint)
        agrees_with_itself(reading)
        assert reading.text == document.text, hint
        assert not any("hint" in note for note in reading.notes), reading.notes
    length = len(document.text)
    if free.status == "read" and length + more >= 1:
        reading = reader.read(picture, Hint(length=length + more))
        assert reading.status != "read", reading.text
        assert any("hint" in note for note in reading.notes), reading.notes
    if length > 1:
        reading = reader.read(picture, Hint(single=True))
        assert reading.status != "read", reading.text
        assert len(reading.text) <= 1


SIGNS = {  # kind of mark: left, top, right, bottom, in heights of the digit from its near corner
    "minus": (-0.6, 0.45, -0.15, 0.55),
    "minus at some distance": (-0.9, 0.45, -0.5, 0.55),
    "point before": (-0.3, 0.88, -0.16, 1.02),
    "slash before": (-0.75, -0.1, -0.35, 1.1),
    "slash behind": (0.35, 1.1, 0.75, -0.1),
}


@pytest.mark.parametrize("hint", [Hint(single=True), Hint(length=1)], ids=["single", "length"])
@pytest.mark.parametrize("sign", SIGNS)
@pytest.mark.parametrize("value", [2, 4, 7])
def test_a_sign_beside_a_single_digit_makes_the_reading_doubtful(
    held_out, as_picture, reader, sign, value, hint
):
    page = Page(held_out, 3, (220, 320))
    page.digit(150, 80, value)
    rows, columns = (np.flatnonzero((page.ink > 0.5).any(axis=axis)) for axis in (1, 0))
    top, tall = int(rows[0]), int(np.ptp(rows)) + 1
    near = int(columns[-1] if "behind" in sign else columns[0])
    x1, y1, x2, y2 = (round(share * tall) for share in SIGNS[sign])
    cv2.line(page.ink, (near + x1, top + y1), (near + x2, top + y2), 1.0, 1 + tall // 12)
    reading = reader.read(as_picture(np.uint8(paper(page.ink))), hint)
    assert reading.status != "read", (reading.text, reading.confidence)
    assert reading.notes or reading.text == "?"
