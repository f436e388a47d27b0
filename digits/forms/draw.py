"""Draw a form: its reference picture with a named box on each field."""

import cv2
import numpy as np

from digits.arrays import UInt8
from digits.forms.template import FieldKind, Form

COLOURS: dict[FieldKind, tuple[int, int, int]] = {
    "number": (31, 119, 180),
    "identifier": (148, 103, 189),
    "date": (44, 160, 44),
    "mark": (214, 39, 40),
    "decimal": (23, 130, 150),
    "tick": (255, 127, 14),
    "digit": (140, 86, 75),
}  # RGB, for each kind one
TINT = 0.15  # share of the colour inside a box
LETTER = 0.018  # of the picture's width: height of a name


def draw_form(form: Form) -> UInt8[np.ndarray, "h w 3"]:
    """Return the reference picture with each field's box, name and kind: RGB."""
    drawn = np.repeat(form.reference[..., None], 3, axis=2)
    scale = LETTER * form.size[0] / 22
    for each in form.fields:
        colour = COLOURS[each.kind]
        box = each.box
        part = drawn[box.rows_and_columns()]
        part[:] = np.round(part * (1 - TINT) + np.array(colour) * TINT).astype(np.uint8)
        cv2.rectangle(drawn, (box.x, box.y), (box.right, box.bottom), colour, 2)
        for cell in each.cells:
            cv2.rectangle(drawn, (cell.x, cell.y), (cell.right, cell.bottom), colour, 1)
        label = f"{each.name}: {each.kind}".encode("ascii", "replace").decode()
        place = (box.x, max(12, box.y - 5))
        cv2.putText(drawn, label, place, cv2.FONT_HERSHEY_SIMPLEX, scale, colour, 2, cv2.LINE_AA)
    return drawn
