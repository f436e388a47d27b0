"""Render a reading as a self-contained HTML page that prints on one sheet of paper."""

import html
from datetime import datetime

import numpy as np
from PIL import Image

from digits.render.html import image
from digits.render.overlay import outline
from digits.render.text import in_percent
from digits.types import Digit, Reading

MOST_DIGITS = 21  # that fit on one sheet; the least confident ones are shown
MOST_LETTERS = 160  # of the text and of a note, for the same reason
MOST_LINES = 3  # of the text; more are joined
MOST_NOTES = 2
SHOWN = 700  # px, longer side of the picture in the file
NAME_LETTERS = 80  # of a file's name
STATUS = {
    "read": "read",
    "doubtful": "read, but doubtful: please check",
    "blank": "no ink found",
    "refused": "something is there, but it does not look like digits",
    "failed": "could not be read",
}

_STYLE = """
@page { size: A4; margin: 15mm }
* { box-sizing: border-box }
body { font: 10pt/1.35 system-ui, sans-serif; color: #1d2428; background: #fff;
  max-width: 180mm; margin: 0 auto; overflow-wrap: anywhere }
h1 { font-size: 12pt; margin: 0 0 2mm } h2 { font-size: 10pt; margin: 4mm 0 1mm }
.number { font-size: 22pt; font-weight: 700; line-height: 1.1; white-space: pre-wrap;
  font-variant-numeric: tabular-nums }
.long { font-size: 11pt }
.picture { display: block; max-width: 100%; max-height: 50mm; border: .3mm solid #8a949a }
.digits { display: grid; grid-template-columns: repeat(7, 1fr); gap: 2mm }
figure { margin: 0; font-size: 8pt; break-inside: avoid } figure img { width: 12mm }
dl { display: grid; grid-template-columns: auto 1fr; gap: 0 4mm; margin: 0 } dd { margin: 0 }
"""


def to_report(picture: Image.Image, reading: Reading, *, made: datetime, n_pages: int = 1) -> str:
    """Return the report of a reading as HTML that prints on one sheet of A4.

    Parameters
    ----------
    picture : the upright original, as `digits.io.document.load_upright` returns it
    reading : of the picture
    made : time of the report
    n_pages : of the file in which the picture is one page

    Returns
    -------
    str
        A complete document without external resources and scripts.
    """
    title = f"Reading of {_shortened(reading.file or 'a picture', NAME_LETTERS)}"
    return (
        '<!doctype html>\n<html lang="en"><head><meta charset="utf-8">'
        '<meta http-equiv="Content-Security-Policy" '
        "content=\"default-src 'none'; img-src data:; style-src 'unsafe-inline'\">"
        '<meta name="viewport" content="width=device-width">'
        f"<title>{html.escape(title)}</title><style>{_STYLE}</style></head><body>"
        f"<h1>{html.escape(title)}</h1>{_number(reading)}{_picture(picture, reading)}"
        f"{_digits(reading)}{_remarks(reading)}{_facts(reading, made, n_pages)}</body></html>\n"
    )


def _number(reading: Reading) -> str:
    between = "\n" if len(reading.lines) <= MOST_LINES else " / "
    whole = reading.written.replace("\n", between)
    text = html.escape(_shortened(whole, MOST_LETTERS))
    long = " long" if len(whole) > MOST_DIGITS else ""
    confidence = f", confidence {in_percent(reading.confidence)}" if reading.digits else ""
    return f'<div class="number{long}">{text}</div><p>{STATUS[reading.status]}{confidence}.</p>'


def _picture(picture: Image.Image, reading: Reading) -> str:
    drawn = outline(picture, reading)
    drawn.thumbnail((SHOWN, SHOWN))
    shown = image(np.asarray(drawn), "The picture with a box round each digit", drawn.width)
    return shown.replace("<img ", '<img class="picture" ', 1)


def _digits(reading: Reading) -> str:
    digits = reading.digits
    if not digits:
        return ""
    order = sorted(range(len(digits)), key=lambda i: digits[i].confidence)[:MOST_DIGITS]
    which = (
        "" if len(order) == len(digits) else f": the {len(order)} least confident of {len(digits)}"
    )
    shown = "".join(_digit(i + 1, digits[i]) for i in sorted(order))
    return f'<h2>What the network saw{which}</h2><div class="digits">{shown}</div>'


def _digit(place: int, digit: Digit) -> str:
    ranked = sorted(range(len(digit.probabilities)), key=lambda v: -digit.probabilities[v])
    best = ", ".join(f"{v}: {in_percent(digit.probabilities[v])}" for v in ranked[:2])
    return (
        f"<figure>{image(digit.frame, f'Digit {place}, read as {digit.text}', 48)}"
        f"<figcaption><b>{place}. {digit.text}</b><br>{best}</figcaption></figure>"
    )


def _remarks(reading: Reading) -> str:
    notes = list(reading.notes)
    if reading.error:
        notes.insert(0, reading.error)
    more = [f"and {len(notes) - MOST_NOTES} more"] if len(notes) > MOST_NOTES else []
    shown = [_shortened(note, MOST_LETTERS) for note in notes[:MOST_NOTES]] + more
    items = "".join(f"<li>{html.escape(note)}</li>" for note in shown)
    return f"<h2>To note</h2><ul>{items}</ul>" if items else ""


def _facts(reading: Reading, made: datetime, n_pages: int) -> str:
    width, height = reading.size
    page = f"page {reading.page} of {n_pages}, " if reading.page else ""
    facts = {
        "Picture": f"{page}{width} x {height} px; digits: {len(reading.digits)}, lines: "
        f"{len(reading.lines)}",
        "Network": f"{reading.model.name}, SHA-256 {reading.model.sha256[:16]}",
        "Reading": reading.id[:16],
        "Written": made.isoformat(" ", "minutes"),
    }
    rows = "".join(f"<dt>{name}</dt><dd>{html.escape(text)}</dd>" for name, text in facts.items())
    return f"<h2>How it was read</h2><dl>{rows}</dl>"


def _shortened(text: str, most: int) -> str:
    """Return the first `most` letters, with the number of letters if there are more."""
    return text if len(text) <= most else f"{text[:most]}… ({len(text)} letters)"
