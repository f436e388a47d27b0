"""Write a line: digits side by side by one writer, and marks that are no digits.

Digits come from MNIST's training pictures or are drawn as strokes. A line is written at twice
the strip's height, slanted and bent as a whole, then handed to the paper.
"""

from dataclasses import dataclass
from functools import lru_cache

import cv2
import numpy as np
from jaxtyping import Float32

from digits.image.rectify import normalise
from digits.mnist import Labelled
from digits.synthesis import allographs
from digits.synthesis.marks import PRINTS, draw_mark, draw_print, draw_scribble, draw_stamp
from digits.synthesis.paper import P_NEIGHBOUR, photograph
from digits.synthesis.strokes import draw
from digits.types import GLYPH, STRIP

FINE = 2  # lines are written this many times larger than a strip
TALL = STRIP * FINE  # px
INKED = 0.5  # of full ink
MOST_DIGITS = 12  # on a line that is composed; longer ones are read by the same convolutions
P_NO_DIGIT = 0.06  # share of lines on which nothing is a digit
P_SEPARATED = 0.3  # share of numbers with dots or commas between their digits
P_TRAILING = 0.3  # share of numbers followed by a mark: ".-", "=", a stroke
P_LEADING = 0.06  # share of numbers with letters before them; half as many have some after
P_SCRIBBLE = 0.02  # share of numbers with a flourish across
DRAWN = (0.0, 0.4, 1.0)  # shares of its digits that a writer draws and does not take from MNIST
P_DRAWN = (0.35, 0.4, 0.25)  # shares of writers that do so
SCANNED = "29"  # always MNIST's: drawing their other forms made no difference (docs/habits.md)
P_PRINTED = 0.05  # share of lines that are printed
P_SMALL_ZERO = 0.4  # share of writers whose zeros are smaller than the rest
P_JOINED = 0.15  # share of writers that join their digits
P_GLYPH_JOINED = 0.4  # of the digits of such a writer
P_COMMON_BAR = 0.3  # share of neighbouring fives and sevens under one bar, of such a writer
P_STAMP = 0.05  # share of lines with a part of a rubber stamp across them
P_ROUND = 0.3  # share of numbers that end in zeros


@dataclass(frozen=True, slots=True)
class SyntheticLine:
    """A strip as a camera would see it, and the digits that stand on it."""

    strip: Float32[np.ndarray, "h w"]  # as `digits.image.rectify` gives it
    text: str  # may be empty


@dataclass(frozen=True, slots=True)
class Writer:
    """How one writer writes one line; lengths in px of the strip."""

    height: float  # of a digit
    pen: float  # width of the stroke
    slant: float  # px sideways for each px of height
    gap: float  # of the height, between digits; negative where they touch
    unrest: float  # of the height, how much sizes and places vary
    width: float  # of a digit's natural width
    drawn: float  # share of digits that are drawn and not MNIST's
    zero: float  # of the height, the size of a 0
    one: float  # of the height, the size of a 1
    growth: float  # of its size that each digit gains on the one before
    joined: bool
    font: int | None  # printed and not written, in this font


def compose_line(digits: Labelled, rng: np.random.Generator, height: int = STRIP) -> SyntheticLine:
    """Return one line of handwriting with its text.

    Parameters
    ----------
    digits : MNIST digits to write with
    rng : all that is random; the same state gives the same line
    height : px, of the strip; twice the usual gives the digit network as much to see as pictures do
    """
    writer = _choose_writer(rng)
    text = "" if rng.random() < P_NO_DIGIT else _choose_number(rng)
    ink = _bend(_write(text, writer, digits, rng), writer, rng)
    if rng.random() < P_NEIGHBOUR:
        ink = np.maximum(ink, _neighbours(ink.shape[1], writer, digits, rng))
    width = max(height, -(-ink.shape[1] * height // TALL))
    return SyntheticLine(normalise(photograph(ink, (height, width), rng)), text)


def _choose_writer(rng: np.random.Generator) -> Writer:
    height = rng.uniform(14, 28)
    return Writer(
        height=height,
        pen=float(np.clip(rng.lognormal(np.log(0.095), 0.42), 0.035, 0.26) * height),
        slant=rng.normal(0.12, 0.25),
        gap=rng.choice([rng.uniform(-0.12, 0.1), rng.uniform(0.05, 0.4), rng.uniform(0.3, 1.3)]),
        unrest=rng.uniform(0.02, 0.12),
        width=float(np.exp(rng.normal(0.05, 0.17))),
        drawn=float(rng.choice(DRAWN, p=P_DRAWN)),
        zero=rng.uniform(0.5, 0.95) if rng.random() < P_SMALL_ZERO else 1.0,
        one=float(np.exp(rng.normal(0.03, 0.12))),
        growth=float(rng.normal(0, 0.025)),
        joined=bool(rng.random() < P_JOINED),
        font=int(rng.integers(len(PRINTS))) if rng.random() < P_PRINTED else None,
    )


def _choose_number(rng: np.random.Generator) -> str:
    n = int(rng.choice(MOST_DIGITS, p=_LENGTHS)) + 1
    number = "".join(str(d) for d in rng.integers(0, 10, n))
    if rng.random() < P_ROUND:
        zeros = int(rng.integers(1, 4))
        number = number[:-zeros] + "0" * min(zeros, n)
    elif rng.random() < P_ROUND / 2:  # one digit again and again: 55, 777
        place, run = int(rng.integers(n)), int(rng.integers(2, 5))
        number = (number[:place] + number[place] * run + number[place + run :])[:n]
    return number


_LENGTHS = np.array([12, 8, 10, 14, 16, 13, 7, 6, 4, 5, 2, 3]) / 100  # of 1 to 12 digits


def _write(
    text: str, writer: Writer, digits: Labelled, rng: np.random.Generator
) -> Float32[np.ndarray, "64 _w"]:
    """Put glyphs and marks side by side on one baseline, at twice the strip's size."""
    tall = writer.height * FINE
    room = round(tall * 3 * (len(text) + 6))
    scans, pens = np.zeros((TALL, room), np.float32), np.zeros((TALL, room), np.float32)
    base = TALL - (TALL - tall) * rng.uniform(0.15, 0.85)
    # px down for each px along; over the whole line it stays within a part of a digit's height
    drift = rng.normal(0, 0.1) / ((len(text) + 3) * (0.8 + max(0.0, writer.gap)))
    cursor = start = rng.uniform(0.0, 0.5) * tall + 6
    written, raised = 0, rng.random() * rng.integers(0, 2)
    last = None  # the right end of the digit before, for a pen that does not lift
    for item in _items(text, rng):
        if item.isdigit():
            page = pens
            size = tall * _share(item, writer) * (1 + writer.growth) ** written
            size *= 1 + rng.normal(0, writer.unrest)
            written += 1
            if writer.font is not None:
                glyph = draw_print(item, writer.font, tall)
            elif item not in SCANNED and rng.random() < writer.drawn:
                glyph = _draw(int(item), size, writer, rng)
            else:
                glyph, page = _scan(int(item), size, writer, digits, rng), scans
        else:
            glyph, page = draw_mark(item, tall, writer.pen * FINE, rng), pens
        height, width = glyph.shape
        lift = _LIFTS.get(item, 0.0) * tall + rng.normal(0, writer.unrest) * tall / 2
        if item == "0":  # a small zero hangs as often as it stands
            lift += raised * (tall - height)
        top = round(base + drift * (cursor - start) - lift - height)
        left = round(cursor)
        _paste(page, glyph, top, left)
        if item.isdigit():
            ends = _ends(glyph, left, top, rng)
            if last is not None and writer.joined and rng.random() < P_GLYPH_JOINED:
                _join(pens, last, ends[0], writer.pen * FINE, rng)
            last = ends[1]
            if writer.joined and item in "57" and rng.random() < P_COMMON_BAR:
                bar = (left + width * 0.3, top + 1.0), (left + width + tall * 0.8, top - 1.0)
                _stroke(pens, np.array(bar), writer.pen * FINE)
        else:
            last = None
        pitch = writer.gap + rng.normal(0, writer.unrest)
        cursor += max(width + pitch * tall, tall * 0.22)
    end = cursor - min(0.0, writer.gap) * tall + rng.uniform(0.0, 0.6) * tall + 4
    ink = np.maximum(_with_pen(scans, writer.pen * FINE), pens)
    ink = ink[:, : round(min(end, room))]
    _cross(ink, writer, rng, often=P_SCRIBBLE if text else INKED)
    return ink


def _cross(ink: np.ndarray, writer: Writer, rng: np.random.Generator, *, often: float) -> None:
    """Draw across a line what is no writing, in place: `often` a flourish, sometimes a stamp."""
    if rng.random() < often:
        draw_scribble(ink, writer.pen * FINE, rng)
    if rng.random() < P_STAMP:
        draw_stamp(ink, writer.height * FINE, rng)


_LIFTS = {"-": 0.35, "=": 0.25, "'": 0.8, "~": 0.3, ":": 0.1}  # of the height, above the baseline


def _items(text: str, rng: np.random.Generator) -> list[str]:
    """Return digits and marks in the order in which they are written."""
    items = list(text)
    if len(text) > 1 and rng.random() < P_SEPARATED:
        mark = str(rng.choice([".", ",", "'", ":", "-", "/"], p=[0.5, 0.2, 0.1, 0.05, 0.1, 0.05]))
        step = int(rng.choice([3, 2, 1], p=[0.7, 0.2, 0.1]))
        items = [
            part
            for i, digit in enumerate(text)
            for part in ([mark, digit] if i and (len(text) - i) % step == 0 else [digit])
        ]
    if not text or rng.random() < P_LEADING:
        items = [*_letters(rng), *items]
    if rng.random() < P_TRAILING:
        trail = rng.choice([".-", "=", "-", ".", ",", "~", "/", ",-", ".=", "--"])
        items = [*items, *str(trail)]
    elif rng.random() < P_LEADING / 2:
        items = [*items, *_letters(rng)]
    return items


def _letters(rng: np.random.Generator) -> list[str]:
    """Return a few signs that stand for letters; `draw_mark` chooses which."""
    return ["a"] * int(rng.integers(1, 4))


def _share(digit: str, writer: Writer) -> float:
    """Return how high this writer makes a digit, as a share of the usual height."""
    return {"0": writer.zero, "1": writer.one}.get(digit, 1.0)


def _scan(
    digit: int, size: float, writer: Writer, digits: Labelled, rng: np.random.Generator
) -> Float32[np.ndarray, "_h _w"]:
    """Return an MNIST digit `size` px high."""
    chosen = int(rng.choice(_indices(digits, digit)))
    picture = digits.pictures[chosen]
    rows, columns = np.flatnonzero(picture.any(axis=1)), np.flatnonzero(picture.any(axis=0))
    crop = picture[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1] / np.float32(255)
    height = max(8, round(crop.shape[0] * size / GLYPH))
    width = max(4, round(crop.shape[1] * size / GLYPH * writer.width))
    return np.clip(cv2.resize(crop, (width, height), interpolation=cv2.INTER_CUBIC), 0, 1)


@lru_cache(maxsize=32)
def _indices_of(labels: bytes, digit: int) -> np.ndarray:
    return np.flatnonzero(np.frombuffer(labels, np.uint8) == digit)


def _indices(digits: Labelled, digit: int) -> np.ndarray:
    return _indices_of(digits.labels.tobytes(), digit)


def _draw(
    digit: int, size: float, writer: Writer, rng: np.random.Generator
) -> Float32[np.ndarray, "_h _w"]:
    """Return a digit `size` px high, drawn as strokes with this writer's pen."""
    pen = writer.pen * FINE
    wider = np.array([writer.width, 1], np.float32)
    strokes = tuple(stroke * wider for stroke in allographs.write(digit, rng))
    return draw(strokes, max(2 * pen, size), pen, rng)


def _paste(page: np.ndarray, glyph: np.ndarray, top: int, left: int) -> None:
    """Lay a glyph on the page where it fits; what sticks out is cut off."""
    up, side = max(0, -top), max(0, -left)
    down, right = (
        min(page.shape[0], top + glyph.shape[0]),
        min(page.shape[1], left + glyph.shape[1]),
    )
    if down <= top + up or right <= left + side:
        return
    place = page[top + up : down, left + side : right]
    np.maximum(place, glyph[up : down - top, side : right - left], out=place)


def _with_pen(ink: np.ndarray, pen: float) -> np.ndarray:
    """Redraw scanned strokes as wide as the writer's pen: (h, w) -> (h, w).

    A stroke's middle is where the distance to its edge is largest; what lies further than half a
    pen from there is taken away, so that thinning never breaks a stroke.
    """
    mask = (ink > INKED).astype(np.uint8)
    distance = cv2.distanceTransform(mask, cv2.DIST_L2, 3)
    peak = cv2.dilate(distance, np.ones((3, 3), np.uint8))
    ridge = distance[(distance >= peak) & (distance > 0)]
    if not ridge.size:
        return ink
    width = 2 * float(np.median(ridge))
    if pen < width - 1:
        reach = 2 * round(width / 2) + 1
        brush = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (reach, reach))
        around = cv2.dilate(distance, brush)
        return ((distance >= around - pen / 2) & (mask > 0)).astype(np.float32)
    lacking = round(pen - width)
    if lacking >= 1:
        brush = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (lacking + 1, lacking + 1))
        return cv2.dilate(ink, brush)
    return ink


def _ends(
    glyph: np.ndarray, left: int, top: int, rng: np.random.Generator
) -> tuple[np.ndarray, np.ndarray]:
    """Return where a pen would come in on the left and go out on the right: (x, y) each."""
    inked = np.argwhere(glyph > INKED)
    if not len(inked):
        corner = np.array([left, top], float)
        return corner, corner
    half = glyph.shape[0] * rng.uniform(0.3, 0.9)
    low, high = inked[inked[:, 0] >= half], inked[inked[:, 0] <= half]
    out = low if len(low) else inked
    into = high if len(high) else inked
    last, first = out[out[:, 1].argmax()], into[into[:, 1].argmin()]
    offset = np.array([left, top], float)
    return first[::-1] + offset, last[::-1] + offset


def _join(
    page: np.ndarray, start: np.ndarray, end: np.ndarray, pen: float, rng: np.random.Generator
) -> None:
    """Draw the curve of a pen that was not lifted between two digits."""
    sag = np.array([0, rng.uniform(-0.1, 0.3) * abs(end[0] - start[0] + 4)])
    middle = (start + end) / 2 + sag
    t = np.linspace(0, 1, 9)[:, None]
    curve = (1 - t) ** 2 * start + 2 * t * (1 - t) * middle + t**2 * end
    _stroke(page, curve, pen * rng.uniform(0.5, 1.0))


def _stroke(page: np.ndarray, points: np.ndarray, pen: float) -> None:
    cv2.polylines(page, [np.round(points).astype(np.int32)], False, 1.0, max(1, round(pen)))


def _bend(ink: np.ndarray, writer: Writer, rng: np.random.Generator) -> np.ndarray:
    """Slant a line and bend it a little, as writers and paper do: (64, w) -> (64, w')."""
    height, width = ink.shape
    lean = abs(writer.slant) * height
    wide = round(width + lean * 0.6)
    grid = (max(2, wide // 24), 4)
    field = rng.normal(0, rng.uniform(0, 1.6), (2, grid[1], grid[0])).astype(np.float32)
    warp = [cv2.resize(f, (wide, height), interpolation=cv2.INTER_CUBIC) for f in field]
    rows, columns = np.mgrid[:height, :wide].astype(np.float32)
    slope = rng.normal(0, 0.06) * height / wide
    source_x = columns - lean * 0.3 + writer.slant * (rows - height / 2) + warp[0]
    source_y = rows + slope * (columns - wide / 2) + warp[1]
    return cv2.remap(
        ink, source_x.astype(np.float32), source_y.astype(np.float32), cv2.INTER_LINEAR
    )


def _neighbours(
    width: int, writer: Writer, digits: Labelled, rng: np.random.Generator
) -> np.ndarray:
    """Return ink of the lines above and below that reaches into this strip: (64, width)."""
    page = np.zeros((TALL, width), np.float32)
    for _ in range(int(rng.integers(1, 5))):
        glyph = _scan(int(rng.integers(10)), writer.height * FINE, writer, digits, rng)
        reach = round(rng.uniform(0.05, 0.2) * glyph.shape[0])
        top = -glyph.shape[0] + reach if rng.random() < INKED else TALL - reach
        _paste(page, glyph, top, int(rng.integers(0, max(1, width))))
    return page
