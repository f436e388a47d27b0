"""Read tick boxes by the share of them that is inked."""

import numpy as np

from digits.forms.field_ink import FieldInk
from digits.forms.homography import warp
from digits.forms.results import NO, YES, FieldReading
from digits.types import LINKED, Picture

TICK_INSET = 0.12  # of a tick box's side: its border
NOT_TICKED = 0.02  # inked share below which a tick box is empty; docs/forms.md
TICKED = 0.06  # inked share from which it is ticked; in between it is doubtful
BLOTTED = 0.78  # share from which it may have been ticked, and then blotted out
DARK = 0.6  # of the paper's grey level, below which nothing is a shadow
PAPER_LEVEL = 0.9  # quantile of the grey levels in and around a tick box: its paper


def read_tick(cut: FieldInk, picture: Picture) -> FieldReading:
    """Read a tick box by the share of it that is inked."""
    box = cut.inside
    inset = max(1, round(TICK_INSET * min(box.width, box.height)))
    inner = cut.page.ink[box.y + inset : box.bottom - inset, box.x + inset : box.right - inset]
    share = float((inner > LINKED).mean()) if inner.size else 0.0
    each = cut.field
    value = YES if share >= (NOT_TICKED + TICKED) / 2 else NO
    doubt = ""
    if NOT_TICKED <= share < TICKED:
        doubt = "Hardly any ink: is it ticked?"
    elif max(share, _dark_share(cut, inset, picture)) >= BLOTTED:
        doubt = "Blotted out: is it ticked?"
    return FieldReading(
        each.name,
        each.kind,
        value,
        "doubtful" if doubt else "read",
        0.5 if doubt else 1.0,
        cut.box,
        reasons=(doubt,) if doubt else (),
        offered=(NO if value == YES else YES,) if doubt else (),
    )


def _dark_share(cut: FieldInk, inset: int, picture: Picture) -> float:
    """Return which share of a tick box is dark: a box that is blotted out may pass for a shadow."""
    height, width = picture.grey.shape
    shrink = np.diag([width / picture.width, height / picture.height, 1.0])
    size = cut.page.ink.shape[1], cut.page.ink.shape[0]
    grey = warp(picture.grey, shrink @ cut.page.to_original, size).astype(np.float32)
    if cut.is_light_on_dark:
        grey = 255 - grey
    paper = float(np.quantile(grey, PAPER_LEVEL))
    box = cut.inside
    inner = grey[box.y + inset : box.bottom - inset, box.x + inset : box.right - inset]
    return float((inner < DARK * paper).mean()) if inner.size else 0.0
