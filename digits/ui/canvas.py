"""The sheet to draw on."""

import io
from typing import Any

import streamlit as st
from PIL import Image, ImageDraw

from digits.ui.component import component

GRID = 280  # units of the sheet's height, as in canvas.js
FINER = 2  # the strokes are drawn this many times larger, then averaged, for smooth edges
KEY = "drawing sheet"  # of the component
KEPT = "drawing kept"  # in the session, so that it survives a change of page
PAPER, INK = 255, 22  # grey levels
APART = 14  # units between two strokes from which they belong to two digits
BROAD = 1.6  # width over height of joined writing, which is not a single digit

Strokes = list[dict[str, Any]]  # {"width": of the pen in units, "points": [[x, y], ...]}

_HTML = """
<div class="sheet"><canvas tabindex="0" role="img" aria-label="Sheet to draw numbers on.
Control Z takes the last stroke back, Escape clears the sheet."></canvas>
<p class="lead" aria-hidden="true"></p></div>
<div class="tools" role="toolbar" aria-label="Drawing">
<div class="pens" role="radiogroup" aria-label="Pen">
<button type="button" role="radio" data-pen="8" aria-label="Thin pen"><i></i></button>
<button type="button" role="radio" data-pen="16" aria-label="Middle pen"><i></i></button>
<button type="button" role="radio" data-pen="28" aria-label="Thick pen"><i></i></button></div>
<button type="button" data-undo>Undo</button><button type="button" data-clear>Clear</button>
<span class="gap"></span><button type="button" data-save>Save as image</button></div>
"""


def drawing_sheet(*, wide: bool, lead: str = "") -> Strokes:
    """Show the sheet and return the strokes that are drawn on it.

    Parameters
    ----------
    wide : as wide as the page, for numbers; else square, for one digit
    lead : what stands on the empty sheet
    """
    kept = st.session_state.setdefault(KEPT, {"strokes": [], "epoch": 0, "wide": wide, "n": 0})
    if kept["wide"] != wide:
        # Another sheet: what the old one still sends carries the old epoch and is ignored.
        kept = {**kept, "strokes": [], "epoch": kept["epoch"] + 1, "wide": wide}
        st.session_state[KEPT] = kept
    sent = st.session_state.get(KEY, {}).get("drawing")
    if sent and sent["epoch"] == kept["epoch"]:
        kept.update(strokes=sent["strokes"], n=sent["n"])
    component("canvas", _HTML)(key=KEY, data={**kept, "lead": lead}, on_drawing_change=lambda: None)
    strokes: Strokes = kept["strokes"]
    return strokes


def to_png(strokes: Strokes) -> bytes:
    """Draw strokes as the browser does, dark on white, and return a PNG with all of them on it."""
    right = max(x + stroke["width"] for stroke in strokes for x, _ in stroke["points"])
    picture = Image.new("L", (round(max(GRID, right + APART)) * FINER, GRID * FINER), PAPER)
    pen = ImageDraw.Draw(picture)
    for stroke in strokes:
        points = [(x * FINER, y * FINER) for x, y in stroke["points"]]
        radius = stroke["width"] * FINER / 2
        pen.line(points, fill=INK, width=round(2 * radius), joint="curve")
        for x, y in points:
            pen.ellipse((x - radius, y - radius, x + radius, y + radius), fill=INK)
    file = io.BytesIO()
    picture.reduce(FINER).save(file, "PNG")
    return file.getvalue()


def is_one_digit(strokes: Strokes) -> bool:
    """Return whether strokes are one digit: they stand above each other and are not broad.

    Examples
    --------
    >>> seven = {"width": 16, "points": [[80, 70], [190, 70], [120, 230]]}
    >>> bar = {"width": 16, "points": [[100, 140], [180, 140]]}
    >>> one = {"width": 16, "points": [[260, 70], [260, 230]]}
    >>> is_one_digit([seven, bar]), is_one_digit([seven, one])
    (True, False)
    """
    spans = sorted(
        (min(x for x, _ in stroke["points"]), max(x for x, _ in stroke["points"]))
        for stroke in strokes
    )
    right = spans[0][1]
    for start, end in spans[1:]:
        if start > right + APART:
            return False
        right = max(right, end)
    heights = [y for stroke in strokes for _, y in stroke["points"]]
    pen = max(stroke["width"] for stroke in strokes)
    return bool(right - spans[0][0] + pen <= BROAD * (max(heights) - min(heights) + pen))
