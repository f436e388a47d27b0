"""Numbers cut out by maps: own ink only, whatever the paper, the desk and the polarity."""

import cv2
import numpy as np
import pytest
from perfect_maps import perfect_maps

from digits.image.map_layout import lay_out
from digits.image.number_regions import find_number_regions
from digits.image.page_segmentation import open_page
from digits.synthesis.page import compose_document
from digits.types import Picture


def to_picture(rgb):
    grey = cv2.cvtColor(rgb, cv2.COLOR_RGB2GRAY)
    return Picture(grey, grey.shape[1], grey.shape[0], "0" * 64, rgb)


def cut_out(page, rgb):
    """Return the ink of each number that the truth shows."""
    picture = to_picture(rgb)
    whole, _ = open_page(picture)
    placed = lay_out(whole, find_number_regions(perfect_maps(page)), picture.grey)
    return [part.page.ink for part in placed if part.page is not None]


@pytest.fixture(scope="module")
def tally(bank):
    return compose_document(bank, np.random.default_rng((3, 1)), "tally", tall=36.0, plain=True)


def test_light_ink_on_dark_paper_gives_the_same_ink(tally):
    dark, light = cut_out(tally, tally.rgb), cut_out(tally, 255 - tally.rgb)
    assert len(dark) == len(light) > 0
    for one, other in zip(dark, light, strict=True):
        assert one.any()
        assert np.mean((one > 0.5) != (other > 0.5)) < 0.03


def test_distant_ink_does_not_change_a_number(tally):
    beside = tally.rgb.copy()
    beside[-12:] = 0  # as a black desk
    for one, other in zip(cut_out(tally, tally.rgb), cut_out(tally, beside), strict=True):
        if one.shape == other.shape:
            assert np.mean((one > 0.5) != (other > 0.5)) < 0.03


def test_rules_are_left_out(tally):
    for ink in cut_out(tally, tally.rgb):
        assert not (ink > 0.5).all(axis=1).any()  # no row is inked from end to end
