"""What a page network is shown and what its answers mean, with a network that is known."""

import numpy as np
import pytest

from digits.inference.segmenter import (
    CHANNELS,
    CLASSES,
    CORE,
    N_COARSE,
    N_MAPS,
    SHEET,
    TALL,
    Segmenter,
    normalise,
)
from digits.types import ModelName


def plain_network(page):
    """Every pixel is a digit 64 px high, on paper that lies upright and leans by 10 degrees."""
    _, height, width, channels = page.shape
    assert channels == CHANNELS
    maps = np.zeros((1, height // 2, width // 2, N_MAPS), np.float32)
    maps[..., 1] = maps[..., SHEET] = 1.0
    maps[..., CORE] = 0.25
    maps[..., TALL] = 1.0
    coarse = np.zeros((1, height // 32, width // 32, N_COARSE), np.float32)
    coarse[..., 0], coarse[..., 4] = 1.0, 0.5
    return maps, coarse


@pytest.mark.parametrize("size", [(1, 1), (31, 97), (256, 256), (500, 333)])
def test_maps_have_half_the_size_of_any_page(size):
    page = np.full((*size, 3), 200, np.uint8)
    maps = Segmenter(ModelName("page", "0" * 64), plain_network)(page)
    half = (-(-size[0] // 2), -(-size[1] // 2))
    assert maps.probabilities.shape == (*half, CLASSES)
    assert maps.core.shape == maps.tall.shape == maps.sheet.shape == half
    np.testing.assert_allclose(maps.tall, 64.0)
    np.testing.assert_allclose(maps.angle, 10.0)
    np.testing.assert_allclose(maps.core, 0.25)


def test_light_and_strength_of_the_ink_hardly_matter():
    rng = np.random.default_rng(0)
    grey = np.where(rng.random((120, 120, 1)) < 0.2, 60, 220).repeat(3, axis=2)
    bright = normalise(grey.astype(np.uint8))
    dark = normalise((grey // 2).astype(np.uint8))
    assert np.abs(bright[..., :3] - dark[..., :3]).max() < 0.25


def test_colour_is_kept():
    page = np.full((64, 64, 3), 230, np.uint8)
    page[20:40, 20:40] = (200, 40, 40)
    red, green, blue, _ = np.moveaxis(normalise(page), 2, 0)
    assert red[30, 30] > green[30, 30] + 1
    assert abs(green[30, 30] - blue[30, 30]) < 1e-5


def test_bare_paper_is_near_nothing():
    noisy = np.random.default_rng(0).normal(220, 1, (100, 100, 1)).repeat(3, 2)
    assert np.abs(normalise(noisy.astype(np.uint8))[..., :3]).max() < 1
