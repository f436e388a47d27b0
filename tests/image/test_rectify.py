"""Straightening: what is cut out, what is resampled, and where it came from."""

import cv2
import numpy as np
import pytest

from digits.image.rectify import box_region, normalise, straighten, to_strip, turn
from digits.types import STRIP, Box, Page, Region


def page_of(ink, size=None):
    return Page(ink, ink, np.eye(3), size or (ink.shape[1], ink.shape[0]))


@pytest.fixture
def ink():
    rng = np.random.default_rng(3)
    return cv2.GaussianBlur(rng.random((120, 200)).astype(np.float32), (0, 0), 3)


def test_an_upright_region_is_cut_out_pixel_by_pixel(ink):
    cut = straighten(page_of(ink), box_region(Box(30, 20, 80, 50)))
    np.testing.assert_array_equal(cut.ink, ink[20:70, 30:110])
    assert cut.box_in_original(Box(5, 6, 7, 8)) == Box(35, 26, 7, 8)


def test_margins_end_at_the_pages_rim(ink):
    cut = straighten(page_of(ink), box_region(Box(2, 20, 80, 50)), 0.2, 0.2)
    np.testing.assert_array_equal(cut.ink, ink[10:80, 0:92])


@pytest.mark.parametrize("angle", [-20, -7, 3, 12])
def test_a_leaning_region_comes_out_level_and_finds_its_way_back(angle):
    turned = cv2.getRotationMatrix2D((150, 100), -angle, 1)
    flat = np.zeros((200, 300), np.float32)
    flat[80:120, 60:240] = 1
    flat[90:95, 70:80] = 0
    ink = cv2.warpAffine(flat, turned, (300, 200))
    corners = turned @ np.array([[60, 240, 240, 60], [80, 80, 120, 120], [1, 1, 1, 1]])
    region = Region(tuple((float(x), float(y)) for x, y in corners.T))
    level = straighten(page_of(ink), region)
    assert level.ink.shape == pytest.approx((40, 180), abs=2)
    assert level.ink[3:-3, 30:-30].min() > 0.9
    assert level.ink[11:14, 12:18].max() < 0.3
    middle = level.box_in_original(Box(89, 19, 2, 2))
    expected = turned @ np.array([150, 100, 1])
    assert abs(middle.x + 1 - expected[0]) < 3
    assert abs(middle.y + 1 - expected[1]) < 3


@pytest.mark.parametrize("quarters", [1, 2, 3])
def test_a_turned_page_knows_where_its_ink_came_from(ink, quarters):
    ink = np.zeros((120, 200), np.float32)
    ink[30:40, 150:170] = 1
    page = turn(page_of(ink), quarters)
    rows, columns = np.nonzero(page.ink)
    box = Box(
        int(columns.min()),
        int(rows.min()),
        int(np.ptp(columns)) + 1,
        int(np.ptp(rows)) + 1,
    )
    assert page.box_in_original(box) == Box(150, 30, 20, 10)


def test_strips_have_one_height_and_a_width_in_steps(ink):
    for width in (1, 7, 50, 200):
        strip = to_strip(page_of(ink[:, :width]))
        assert strip.shape[0] == STRIP
        assert strip.shape[1] % 4 == 0
        assert 0 <= strip.min() <= strip.max() <= 1


def test_the_strip_does_not_depend_on_how_dark_the_ink_is():
    writing = np.zeros((32, 90), np.float32)
    writing[8:24, 20:26] = 1
    np.testing.assert_allclose(normalise(writing), normalise(writing * 0.4 + 0.1), atol=1e-5)


def test_an_empty_strip_is_not_stretched_into_noise():
    grain = np.random.default_rng(0).normal(0, 0.002, (32, 90)).astype(np.float32)
    assert normalise(grain).mean() < 0.1


def test_a_box_outside_the_picture_is_brought_in():
    page = Page(np.zeros((10, 10), np.float32), np.zeros((10, 10), np.float32), np.eye(3), (8, 8))
    box = page.box_in_original(Box(-5, -5, 40, 40))
    assert box == Box(0, 0, 8, 8)
    assert page.box_in_original(Box(20, 20, 4, 4)) == Box(7, 7, 1, 1)
