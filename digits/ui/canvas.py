"""The sheet to draw on, the listener for pasted pictures, the button that copies: all our own."""

import base64
import binascii
import io
from pathlib import Path
from typing import Any

import streamlit as st
from PIL import Image, ImageDraw

GRID = 280  # units along the sheet's shorter side, as in canvas.js
FINER = 2  # the strokes are drawn this many times larger, then averaged, for smooth edges
HERE = Path(__file__).parent
KEEP = "drawing kept"  # in the session, so that it survives a change of page
PAPER, INK = 255, 22  # grey levels

_HTML = """
<canvas tabindex="0" role="img" aria-label="Sheet to draw digits on.
Control Z takes the last stroke back, Escape clears the sheet."></canvas>
<div class="tools"><button type="button" data-undo>Undo</button>
<button type="button" data-clear>Clear</button></div>
"""


def _text(name: str) -> str:
    return (HERE / name).read_text(encoding="utf-8")


def drawing_sheet(*, wide: bool, width: int) -> bytes | None:
    """Show the sheet and return what is drawn on it as a PNG, or None while it is empty.

    Parameters
    ----------
    wide : twice as wide as high, for a number
    width : of the brush, in units of the sheet, which is 280 high
    """
    sheet = st.components.v2.component(
        "digits_sheet", html=_HTML, css=_text("canvas.css"), js=_text("canvas.js")
    )
    kept = st.session_state.setdefault(KEEP, {"strokes": [], "epoch": 0, "wide": 1})
    if (kept["wide"] > 1) != wide:
        # Another sheet: what the old one still sends carries the old epoch and is ignored.
        kept = {"strokes": [], "epoch": kept["epoch"] + 1, "wide": 2 if wide else 1}
        st.session_state[KEEP] = kept
    result = sheet(
        key="drawing sheet",
        data={"strokes": kept["strokes"], "epoch": kept["epoch"], "wide": wide, "width": width},
        on_drawing_change=lambda: None,
    )
    sent = result.drawing
    if sent and sent["epoch"] == kept["epoch"]:
        kept["strokes"] = sent["strokes"]
    return to_png(kept["strokes"], kept["wide"]) if kept["strokes"] else None


def copy_button(text: str, *, key: str) -> None:
    """Show a button that copies a text."""
    button = st.components.v2.component(
        "digits_copy",
        html='<div class="tools"><button type="button">Copy</button></div>',
        css=_text("canvas.css"),
        js=_text("copy.js"),
    )
    button(key=key, data={"text": text}, width="content")


def to_png(strokes: list[dict[str, Any]], wide: int) -> bytes:
    """Draw strokes as the browser does, dark on white, and return a PNG."""
    picture = Image.new("L", (GRID * wide * FINER, GRID * FINER), PAPER)
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


def pasted_picture() -> bytes | None:
    """Listen for a picture pasted anywhere on the page, and return it once."""
    listener = st.components.v2.component("digits_paste", js=_text("paste.js"))
    sent = listener(key="paste", on_picture_change=lambda: None).picture
    if not sent:
        return None
    try:
        return base64.b64decode(sent.partition(",")[2], validate=True)
    except (binascii.Error, ValueError):
        return None
