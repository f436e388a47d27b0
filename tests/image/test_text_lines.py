"""Lines of digits whose places are known."""

import cv2
import numpy as np
import pytest

from digits.errors import CrowdedError
from digits.image.text_lines import find_lines


def compose(held_out, lengths, angle=0.0, space=8):
    """Write lines of digits of 56 px, turn the page, and say where each digit's middle went."""
    rows, middles, start = [], [], 0
    for line, length in enumerate(lengths):
        parts = [np.pad(held_out.pictures[start + i], ((0, 0), (0, space))) for i in range(length)]
        rows.append(np.pad(np.hstack(parts), ((14, 14), (0, 0))))
        middles.append(
            np.array(
                [(2 * (14 + (28 + space) * i) + 200, 112 * line + 56 + 200) for i in range(length)]
            )
        )
        start += length
    wide = max(row.shape[1] for row in rows)
    ink = np.vstack([np.pad(row, ((0, 0), (0, wide - row.shape[1]))) for row in rows])
    large = np.pad(np.kron(ink, np.ones((2, 2), np.uint8)), 200).astype(np.float32) / 255
    turn = cv2.getRotationMatrix2D((large.shape[1] / 2, large.shape[0] / 2), -angle, 1.0)
    turned = cv2.warpAffine(large, turn, large.shape[::-1])
    return turned, [cv2.transform(m[None].astype(np.float64), turn)[0] for m in middles]


def holds(region, points):
    corners = np.array(region.corners, np.float32)
    return [cv2.pointPolygonTest(corners, (float(x), float(y)), False) >= 0 for x, y in points]


@pytest.mark.parametrize("angle", [-20, -11, -3, 0, 2, 9, 20])
@pytest.mark.parametrize("lengths", [(5,), (10, 3, 1), (4, 8, 6, 8, 2)])
def test_each_line_is_found_whole_and_in_order(held_out, lengths, angle):
    ink, middles = compose(held_out, lengths, angle)
    regions = find_lines(ink).regions
    assert len(regions) == len(lengths)
    for i, region in enumerate(regions):
        for j, points in enumerate(middles):
            assert all(inside == (i == j) for inside in holds(region, points)), (i, j)
        corners = np.array(region.corners)
        height = np.linalg.norm(corners[3] - corners[0])
        assert 40 * 0.8 <= height <= 40 * 1.5  # MNIST's digits are 20 px, drawn twice as large


def test_a_corner_comes_first_that_is_top_left_as_the_writing_runs(held_out):
    for angle in (-15, 0, 15):
        corners = np.array(find_lines(compose(held_out, (8,), angle)[0]).regions[0].corners)
        along, down = corners[1] - corners[0], corners[3] - corners[0]
        assert np.degrees(np.arctan2(along[1], along[0])) == pytest.approx(angle, abs=2)
        assert along[0] * down[1] - along[1] * down[0] > 0


def angles_of(ink):
    """Return the angles in degrees by which the lines found fall to the right."""
    corners = np.array([region.corners for region in find_lines(ink).regions])
    across = corners[:, 1] - corners[:, 0]
    return np.degrees(np.arctan2(across[:, 1], across[:, 0]))


@pytest.mark.parametrize("angle", [-20, -12, -5, 0, 5, 12, 20])
def test_the_angle_of_a_page(held_out, angle):
    ink, _ = compose(held_out, (8, 5, 9), angle)
    assert np.median(angles_of(ink)) == pytest.approx(angle, abs=1.5)


def test_one_digit_has_no_angle(held_out):
    for digit in held_out.pictures[:100]:
        ink = np.kron(digit, np.ones((4, 4), np.uint8)).astype(np.float32) / 255
        assert not angles_of(ink).any()


def test_one_digit_is_one_line(held_out):
    count = []
    for digit in held_out.pictures[:300]:
        ink = np.pad(digit, 6).astype(np.float32) / 255
        regions = find_lines(ink).regions
        count.append(len(regions))
        (left, top), _, (right, bottom), _ = regions[0].corners
        inside = ink[round(top) : round(bottom), round(left) : round(right)]
        assert (inside > 0.3).sum() >= 0.95 * (ink > 0.3).sum()
    assert count.count(1) >= 0.99 * len(count)


def test_a_dash_and_a_dot_lie_inside(held_out):
    ink, _ = compose(held_out, (4,))
    right = np.nonzero((ink > 0.5).any(axis=0))[0].max()
    ink[252:258, right + 14 : right + 40] = 1.0  # a dash after the number
    region = np.array(find_lines(ink).regions[0].corners)
    assert region[:, 0].max() >= right + 39


def test_a_widely_spaced_row_is_one_line(held_out):
    assert len(find_lines(compose(held_out, (6,), space=120)[0]).regions) == 1


def test_specks_are_no_lines(held_out):
    ink, middles = compose(held_out, (5, 6))
    rng = np.random.default_rng(3)
    for x, y in rng.integers(4, [ink.shape[1] - 4, ink.shape[0] - 4], (60, 2)):
        ink[y : y + 3, x : x + 3] = 1.0
    regions = find_lines(ink).regions
    assert len(regions) == 2
    assert all(all(holds(region, points)) for region, points in zip(regions, middles, strict=True))


def test_ruled_paper_does_not_join_lines(held_out):
    ink, middles = compose(held_out, (7, 4, 6))
    ink[::56] = ink[1::56] = 0.9
    regions = find_lines(ink).regions
    assert len(regions) == 3
    assert all(all(holds(region, points)) for region, points in zip(regions, middles, strict=True))


def test_sideways_and_upside_down_do_no_harm(held_out):
    ink, _ = compose(held_out, (6, 5))
    for quarter in (1, 2, 3):
        page = find_lines(np.ascontiguousarray(np.rot90(ink, quarter)))
        assert page.regions


@pytest.mark.parametrize("shape", [(1, 1), (1, 400), (28, 28), (300, 2)])
@pytest.mark.parametrize("level", [0.0, 1.0])
def test_plain_pictures(shape, level):
    page = find_lines(np.full(shape, level, np.float32))
    assert len(page.regions) == int(level * page.ink.sum() > 0)


def test_texture_is_rejected():
    ink = np.zeros((1000, 1000), np.float32)
    ink[::6, ::6] = ink[1::6, ::6] = ink[::6, 1::6] = 1.0
    with pytest.raises(CrowdedError):
        find_lines(ink)
