"""The pictures that show how a picture was read."""

import re

import numpy as np
import pytest
from PIL import Image

from digits.explain.stages import ACROSS, ENLARGED, GAP, montage, show_stages
from digits.io.document import load_picture, load_upright
from digits.registry import current_reader
from digits.render.overlay import sized_to_see
from digits.types import FRAME


@pytest.fixture(scope="module")
def number(tmp_path_factory, validation):
    """Two validation digits side by side on grey paper, as a file."""
    digits = validation.pictures[:2]
    ink = np.concatenate([np.kron(digit, np.ones((5, 5), np.uint8)) for digit in digits], axis=1)
    path = tmp_path_factory.mktemp("stages") / "number.png"
    Image.fromarray((200 - ink * 0.7).astype(np.uint8)).save(path)
    return path


def test_each_step_is_shown_in_order(number):
    picture, upright = load_picture(number), load_upright(number)
    reading = current_reader().read(picture)
    stages = show_stages(picture, upright, reading)
    assert [stage.name for stage in stages] == ["Upright", "Ink", "Boxes", "Frames"]
    shown, ink, boxes, frames = (np.asarray(stage.picture.convert("L")) for stage in stages)
    assert shown.shape == ink.shape == boxes.shape
    assert ink.max() == 255  # paper is white now
    assert np.median(shown) == 200
    assert np.corrcoef(ink.ravel(), shown.ravel())[0, 1] > 0.95  # and the ink still dark
    assert dict(stages[0].facts)["size that is read"] == "280 × 140 px"
    assert dict(stages[0].facts)["grey levels"].endswith(" to 200")
    assert [name for name, _ in stages[2].facts] == [
        f"digit {i}: {digit.text}" for i, digit in enumerate(reading.digits, start=1)
    ]
    centre = dict(stages[3].facts)[f"digit 1: {reading.digits[0].text}"]
    assert all(14 <= float(part) <= 15 for part in re.findall(r"[\d.]+", centre))
    first = reading.digits[0]
    changed = np.argwhere(boxes != shown)
    times = boxes.shape[1] // picture.width
    assert times == 3  # enlarged from 280 px to be seen
    assert changed[:, 1].min() <= times * (first.box.x + 2)
    assert np.array_equal(
        frames[: FRAME * ENLARGED : ENLARGED, : FRAME * ENLARGED : ENLARGED],
        np.rint(255 * first.frame).astype(np.uint8),
    )


def test_with_a_page_network_the_digits_have_their_colour(number):
    picture, upright = load_picture(number), load_upright(number)
    reader = current_reader()
    reading = reader.read(picture)
    stages = show_stages(picture, upright, reading, reader.segmenter)
    assert [stage.name for stage in stages] == ["Upright", "Ink", "Segmentation", "Boxes", "Frames"]
    shares = [float(value.split("%")[0]) for _, value in stages[2].facts]
    assert sum(shares) == pytest.approx(100, abs=0.1)
    assert [name for name, _ in stages[2].facts[:2]] == ["paper", "handwritten digits"]
    assert shares[0] > shares[1] > 1
    coloured = np.asarray(stages[2].picture, int)
    is_blue = coloured[..., 2] > coloured[..., 0] + 60
    inside = np.zeros(is_blue.shape, bool)
    times = is_blue.shape[1] // picture.width
    for digit in reading.digits:
        box = digit.box
        inside[times * box.y : times * box.bottom, times * box.x : times * box.right] = True
    assert is_blue[inside].mean() > 0.1
    assert is_blue[~inside].mean() < 0.02


def test_blank_paper_has_neither_boxes_nor_frames(tmp_path):
    path = tmp_path / "blank.png"
    Image.new("L", (60, 40), 230).save(path)
    picture = load_picture(path)
    stages = show_stages(picture, load_upright(path), current_reader().read(picture))
    assert [stage.name for stage in stages] == ["Upright", "Ink"]


@pytest.mark.parametrize(("n", "across", "down"), [(1, 1, 1), (10, 10, 1), (11, 10, 2)])
def test_frames_stand_ten_in_a_row(n, across, down):
    step = FRAME + GAP
    size = (ENLARGED * (across * step - GAP), ENLARGED * (down * step - GAP))
    assert ACROSS == 10
    assert montage([np.ones((FRAME, FRAME), np.float32)] * n).size == size


@pytest.mark.parametrize(
    ("size", "shown"),
    [
        ((28, 28), (616, 616)),
        ((599, 10), (1198, 20)),
        ((600, 300), (600, 300)),
        ((2400, 600), (1200, 300)),
        ((1, 1), (600, 600)),
    ],
)
def test_a_picture_is_sized_to_be_seen(size, shown):
    assert sized_to_see(Image.new("RGB", size)).size == shown
