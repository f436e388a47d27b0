"""Ink is separated from paper in any light, and blank paper has no ink."""

import numpy as np
import pytest

from digits.image.binarize import extract_ink, is_light_on_dark, median_of_many

SIZE = 120


def page_with_bar(paper: np.ndarray, darkness: float = 0.7) -> np.ndarray:
    page = paper.astype(np.float64).copy()
    page[30:90, 55:63] *= 1 - darkness
    return np.clip(page, 0, 255).astype(np.uint8)


def papers() -> dict[str, np.ndarray]:
    rng = np.random.default_rng(0)
    rows, columns = np.mgrid[:SIZE, :SIZE] / SIZE
    even = np.full((SIZE, SIZE), 215.0)
    return {
        "white": np.full((SIZE, SIZE), 255.0),
        "grey": even,
        "noisy": even + rng.normal(0, 5, even.shape),
        "shadow": even * (1 - 0.6 * columns),
        "spot of light": 140 + 90 * np.exp(-((rows - 0.4) ** 2 + (columns - 0.6) ** 2) / 0.3),
    }


@pytest.mark.parametrize("name", papers())
def test_a_bar_is_found_on(name):
    ink = extract_ink(page_with_bar(papers()[name]))
    bar = np.zeros((SIZE, SIZE), bool)
    bar[30:90, 55:63] = True
    assert ink[bar].mean() > 0.8
    assert (ink[~bar] > 0.3).mean() < 0.001


@pytest.mark.parametrize("name", papers())
def test_chalk_is_ink_too(name):
    board = 255 - page_with_bar(papers()[name])
    assert is_light_on_dark(board)
    assert extract_ink(board)[35:85, 57:61].mean() > 0.7


@pytest.mark.parametrize("name", papers())
def test_bare_paper_has_no_ink(name):
    assert not extract_ink(np.clip(papers()[name], 0, 255).astype(np.uint8)).any()


def test_mnist_on_clean_paper_is_left_as_it_is(held_out):
    for digit in held_out.pictures[:200]:
        np.testing.assert_allclose(
            extract_ink(np.pad(digit, 20)), np.pad(digit, 20) / 255, atol=0.05
        )


@pytest.mark.parametrize("shape", [(1, 1), (1, 9), (9, 1), (2, 2), (3, 500)])
@pytest.mark.parametrize("level", [0, 127, 255])
def test_degenerate_pictures_are_blank(shape, level):
    assert not extract_ink(np.full(shape, level, np.uint8)).any()


@pytest.mark.parametrize("shape", [(1, 2), (2, 1), (5, 3), (65, 2), (2, 300)])
def test_any_shape_gives_ink_of_that_shape(shape):
    pixels = np.random.default_rng(1).integers(0, 256, shape).astype(np.uint8)
    ink = extract_ink(pixels)
    assert ink.shape == shape
    assert ink.min() >= 0
    assert ink.max() <= 1


def test_a_digit_heavier_than_its_paper_is_not_taken_for_paper():
    page = np.full((16, 16), 255, np.uint8)
    page[2:14, 1:15] = 0
    assert extract_ink(page)[8, 8] == 1
    assert extract_ink(page)[0, 0] == 0


@pytest.mark.parametrize("n", [1, 2, 3, 97, 98, 1000, 30_001])
@pytest.mark.parametrize("decimals", [0, 1, 5])
def test_the_median_of_many_is_numpys(n, decimals):
    rng = np.random.default_rng(n)
    values = np.abs(rng.normal(0, 1, n)).round(decimals).astype(np.float32)
    assert median_of_many(values) == float(np.median(values))


def test_the_median_of_many_values_does_not_depend_on_its_sample():
    values = np.ones(1000, np.float32)
    values[::97] = 0
    assert median_of_many(values) == 1.0
