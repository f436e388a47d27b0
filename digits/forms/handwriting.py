"""What is written on a page that defines a form, as the page network sees it."""

import numpy as np

from digits.arrays import Bool
from digits.forms.homography import warp
from digits.inference.segmenter import Segmenter, segment_page
from digits.types import DIGIT, STRUCK, WRITING, Pixels

COVERED = 0.3  # of a pixel that is handwriting, from which it is


def find_handwriting(reference: Pixels, segmenter: Segmenter) -> Bool[np.ndarray, "h w"]:
    """Return a mask of the handwriting on a form's reference: uint8 (h, w) -> bool (h, w)."""
    view = segment_page(segmenter, np.repeat(reference[..., None], 3, axis=2))
    written = np.isin(view.classes, (DIGIT, WRITING, STRUCK)).astype(np.float32)
    height, width = reference.shape
    return np.asarray(warp(written, np.linalg.inv(view.to_picture), (width, height)) > COVERED)
