"""What is written on a page that defines a form, as the page network sees it."""

import numpy as np

from digits.arrays import Bool
from digits.forms.homography import warp_mask
from digits.inference.segmenter import Segmenter, segment_page
from digits.types import DIGIT, STRUCK, WRITING, Pixels


def find_handwriting(reference: Pixels, segmenter: Segmenter) -> Bool[np.ndarray, "h w"]:
    """Return a mask of the handwriting on a form's reference: uint8 (h, w) -> bool (h, w)."""
    view = segment_page(segmenter, np.repeat(reference[..., None], 3, axis=2))
    written = np.isin(view.classes, (DIGIT, WRITING, STRUCK))
    height, width = reference.shape
    return warp_mask(written, np.linalg.inv(view.to_picture), (width, height))
