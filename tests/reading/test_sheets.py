"""A sheet that the edges show is believed if the page network sees one too."""

import numpy as np
import pytest

from digits.image.page_segmentation import paper_of
from digits.inference.segmenter import Segmentation
from digits.reading.sheets import find_sheet, overlap
from digits.types import ANY, Hint, Paper, Picture

WHOLE = Paper(((0.0, 0.0), (800.0, 0.0), (800.0, 600.0), (0.0, 600.0)))
SMALL = Paper(((40.0, 330.0), (760.0, 330.0), (760.0, 570.0), (40.0, 570.0)))


def scene(desk=60):
    """Return a light sheet on a desk, with a few strokes."""
    grey = np.full((600, 800), desk, np.uint8)
    grey[330:570, 40:760] = 225
    grey[400:470, 200:212] = grey[400:470, 300:312] = 30
    return Picture(grey, 800, 600, "0" * 64, np.dstack([grey] * 3))


def network(sees):
    """Return a page network that takes a part of the picture for the sheet."""

    def segment(rgb):
        height, width = rgb.shape[:2]
        sheet = np.zeros((-(-height // 2), -(-width // 2)), np.float32)
        high, wide = sheet.shape
        left, top = sees.corners[0]
        right, bottom = sees.corners[2]
        rows = slice(round(top / 600 * high), round(bottom / 600 * high))
        sheet[rows, round(left / 800 * wide) : round(right / 800 * wide)] = 1.0
        nothing = np.zeros((high, wide), np.float32)
        coarse = np.zeros((1, 1), np.float32)
        return Segmentation(
            np.zeros((high, wide, 7), np.float32),
            core=nothing,
            tall=nothing,
            sheet=sheet,
            quarters=np.zeros((1, 1, 4), np.float32),
            angle=coarse,
        )

    return segment


def test_a_sheet_that_both_see_is_found():
    assert paper_of(scene(), ANY) is not None
    assert find_sheet(scene(), ANY, network(SMALL)) == paper_of(scene(), ANY)


def test_a_part_of_what_the_network_sees_is_no_sheet():
    assert find_sheet(scene(), ANY, network(WHOLE)) is None


@pytest.mark.parametrize("hint", [Hint(single=True), Hint(length=1), Hint(paper=SMALL)])
def test_around_one_digit_and_with_given_corners_the_network_is_not_asked(hint):
    assert find_sheet(scene(), hint, lambda _: pytest.fail("it was asked")) is not None


def test_without_a_network_the_edges_decide():
    assert find_sheet(scene(), ANY, None) == paper_of(scene(), ANY)


def test_the_overlap_is_a_share():
    assert overlap(scene(), SMALL, network(SMALL)) > 0.95
    area = (720 * 240) / (800 * 600)
    assert overlap(scene(), SMALL, network(WHOLE)) == pytest.approx(area, abs=0.02)
