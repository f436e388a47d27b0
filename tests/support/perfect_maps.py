"""The maps that a page network without errors would give of a composed page."""

import numpy as np

from digits.image.page_maps import PageMaps
from digits.synthesis.page import LABEL_STRIDE, ComposedPage
from digits.synthesis.page_canvas import HEIGHT_BASE, HEIGHT_STEP
from digits.types import PIXEL_CLASSES

UNKNOWN = 34.0  # px of the page: height of digits where none are


def perfect_maps(page: ComposedPage) -> PageMaps:
    """Return a composed page's truth as the layout takes it."""
    probabilities = np.eye(len(PIXEL_CLASSES), dtype=np.float32)[page.labels]
    tall = HEIGHT_BASE * np.exp2(page.tall.astype(np.float32) / HEIGHT_STEP)
    tall = np.where(page.tall > 0, tall, UNKNOWN).astype(np.float32)
    to_page = np.diag([LABEL_STRIDE, LABEL_STRIDE, 1.0]).astype(np.float64)
    return PageMaps(
        page.labels, probabilities, page.core.astype(np.float32), tall / LABEL_STRIDE, to_page
    )


def maps_of(labels: np.ndarray, tall: float = 20.0) -> PageMaps:
    """Return maps that are certain of `labels`, with digits `tall` px high."""
    return PageMaps(
        labels,
        np.eye(len(PIXEL_CLASSES), dtype=np.float32)[labels],
        np.zeros(labels.shape, np.float32),
        np.full(labels.shape, tall, np.float32),
        np.diag([2.0, 2.0, 1.0]),
    )
