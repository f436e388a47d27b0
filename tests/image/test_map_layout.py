"""Numbers cut out by maps: own ink only, whatever the paper, the desk and the polarity."""

import cv2
import numpy as np
import pytest
from perfect_maps import maps_of, perfect_maps

from digits.image.map_layout import lay_out
from digits.image.number_regions import find_number_regions
from digits.image.page_segmentation import open_levels
from digits.synthesis.page import compose_document
from digits.types import DIGIT, RULE, Box, Picture


def to_picture(rgb):
    grey = cv2.cvtColor(rgb, cv2.COLOR_RGB2GRAY)
    return Picture(grey, grey.shape[1], grey.shape[0], "0" * 64, rgb)


def cut_out(page, rgb):
    """Return the ink of each number that the truth shows."""
    picture = to_picture(rgb)
    whole, _ = open_levels(picture)
    placed = lay_out(whole, find_number_regions(perfect_maps(page)))
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


def test_a_rule_close_beside_a_digit_leaves_no_ink():
    grey = np.full((200, 200), 255, np.uint8)
    grey[60:120, 90:93] = 0  # a border, 2 px beside a pale stroke
    grey[70:110, 95:103] = 190
    labels = np.zeros((100, 100), np.uint8)
    labels[30:60, 45:47] = RULE
    labels[35:55, 47:52] = DIGIT
    whole, _ = open_levels(to_picture(np.dstack([grey] * 3)))
    regions = find_number_regions(maps_of(labels, tall=20.0))
    (part,) = lay_out(whole, regions)
    inked = part.page.ink.max(axis=0) > 0.5
    start = part.page.box_from_original(Box(95, 70, 8, 40)).x
    assert inked.any()
    assert not inked[: start - 1].any()


def test_numbers_far_apart_on_one_line_are_two_and_close_ones_are_parts_of_one():
    labels = np.zeros((100, 400), np.uint8)
    for left in (20, 50, 200):
        labels[40:60, left : left + 8] = DIGIT
    grey = np.where(cv2.resize(labels, (800, 200), interpolation=0) == DIGIT, 0, 255)
    grey = grey.astype(np.uint8)
    whole, _ = open_levels(to_picture(np.dstack([grey] * 3)))
    placed = lay_out(whole, find_number_regions(maps_of(labels, tall=20.0)))
    assert sorted(len(part.parts) for part in placed) == [0, 2]


def test_a_second_line_in_a_cell_is_listed_as_other_writing():
    labels = np.zeros((120, 220), np.uint8)
    labels[[10, 11, 100, 101], 10:200] = RULE
    for left in (10, 60, 110, 160, 198):
        labels[10:102, left : left + 2] = RULE
    for left in (30, 80, 130, 175):
        labels[20:40, left : left + 8] = DIGIT
    labels[70:86, 80:88] = DIGIT  # below the number of the second cell
    grey = np.where(cv2.resize(labels, (440, 240), interpolation=0) > 0, 0, 255).astype(np.uint8)
    whole, _ = open_levels(to_picture(np.dstack([grey] * 3)))
    placed = lay_out(whole, find_number_regions(maps_of(labels, tall=20.0)))
    others = {part.place: part.other for part in placed}
    assert [len(others[0, column]) for column in range(4)] == [0, 1, 0, 0]
    assert others[0, 1][0].y >= 120
