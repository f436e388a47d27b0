"""Which pages are read by geometry alone."""

import numpy as np

from digits.image.page_segmentation import Layout, open_page
from digits.reading.clean_lines import is_clean
from digits.reading.composition import PageReading
from digits.types import ANY, Picture


def test_a_page_on_which_geometry_sees_no_ink_is_not_clean():
    grey = np.full((80, 80), 30, np.uint8)
    page, _ = open_page(Picture(grey, 80, 80, "0" * 64, np.dstack([grey] * 3)))
    assert not page.ink.any()
    assert not is_clean(PageReading(Layout(()), ()), page, ANY)
