"""Composed forms as forms to read, and photographs of them."""

from decimal import Decimal

import numpy as np

from digits.forms.checks import Check
from digits.forms.template import Field, Form
from digits.synthesis.form_camera import Shot, photograph
from digits.synthesis.form_filling import fill_form
from digits.synthesis.page_forms import compose_form
from digits.types import Picture

METER, ANSWERS, EXPENSES, ADMISSION, SCORE = 2, 3, 6, 8, 9  # layouts


def form_of(composed, page=None, *, is_blank=True):
    """Return a composed form as `Form`."""
    fields = tuple(
        Field(
            each.name,
            each.kind,
            each.box,
            None if each.kind == "number" else each.length,
            None if each.maximum is None else Decimal(each.maximum),
            cells=each.cells,
            checks=(Check("sum", of=each.total_of),) if each.total_of else (),
        )
        for each in composed.fields
    )
    return Form("Composed", fields, composed.page if page is None else page, is_blank)


def picture_of(pixels, name="0" * 64):
    height, width = pixels.shape
    return Picture(np.ascontiguousarray(pixels), width, height, name)


def filled(layout, digits, seed, **how):
    """Return a composed form, a filled page of it, and a photograph of that."""
    composed = compose_form(layout)
    rng = np.random.default_rng(seed)
    page = fill_form(composed, digits, rng)
    return composed, page, photograph(page.page, Shot(**how), rng)
