"""Compose a line: a number in one writer's handwriting, and marks that are not read.

Digits are MNIST's, other writers' where there are any, or drawn as strokes. A line is written at
twice the strip's height, slanted and bent as a whole, then handed to the paper.
"""

from dataclasses import dataclass, replace
from itertools import pairwise

import cv2
import numpy as np

from digits.arrays import Float32
from digits.image.rectify import normalise
from digits.synthesis import allographs
from digits.synthesis.marks import (
    FONTS,
    LETTERS,
    PRINTS,
    draw_letter,
    draw_letters,
    draw_mark,
    draw_print,
    draw_scribble,
    draw_stamp,
    letter_height,
)
from digits.synthesis.numbers import Number, Sign, choose_number
from digits.synthesis.page_ink import InkBank, Samples
from digits.synthesis.paper import P_NEIGHBOUR, photograph
from digits.synthesis.strokes import StrokeStyle, draw, vary
from digits.types import GLYPH, STRIDE, STRIP, Box

FINE = 2  # lines are drawn this many times larger than a strip
TALL = STRIP * FINE  # px
LONGEST = 512  # px of the strip; longer lines are squeezed
INKED = 0.5  # of full ink
WHITE = 255  # full ink of a scan
P_SCRIBBLE = 0.02  # share of numbers with a flourish across
P_OTHER = 0.5  # share of lines by writers of other data sets than MNIST, where there are any
P_LETTERS = 0.6  # share of writers whose letters are real ones, where there are any
DRAWN = (0.0, 0.4, 1.0)  # shares of an MNIST writer's digits that are drawn as strokes
P_DRAWN = (0.45, 0.4, 0.15)  # shares of writers for these
SCANNED = "29"  # always taken from MNIST: drawing other forms made no difference (docs/habits.md)
P_PRINTED = 0.05  # share of lines that are printed
P_SMALL_ZERO = 0.4  # share of writers whose zeros are smaller than the rest
P_JOINED = 0.15  # share of writers who join their digits
P_GLYPH_JOINED = 0.4  # of the digits of such a writer
P_COMMON_BAR = 0.3  # share of neighbouring fives and sevens under one bar, of such a writer
P_STAMP = 0.05  # share of lines with a part of a rubber stamp across them
P_COMB = 0.08  # share of plain numbers in boxes of one digit each
P_PRESSURE = 0.3  # share of pens whose width varies along a stroke


@dataclass(frozen=True, slots=True)
class SyntheticLine:
    """A strip as a camera would see it, and the number on it."""

    strip: Float32[np.ndarray, "h w"]  # as `digits.image.rectify` gives it
    written: str  # digits and separators of `digits.types.ALPHABET`; may be empty

    @property
    def text(self) -> str:
        """The digits alone."""
        return "".join(sign for sign in self.written if sign.isdigit())


@dataclass(frozen=True, slots=True)
class LineStyle:
    """How one writer writes one line; lengths in px of the strip."""

    height: float  # of a digit
    pen: float  # width of the stroke
    slant: float  # px sideways for each px of height
    gap: float  # of the height, between digits; negative where they touch
    unrest: float  # of the height: variation of sizes and positions
    width: float  # of a digit's natural width
    drawn: float  # share of digits that are drawn instead of taken from MNIST
    zero: float  # of the height, the size of a 0
    one: float  # of the height, the size of a 1
    growth: float  # of its size by which each digit exceeds the previous one
    joined: bool
    font: int | None  # printed in this font; None if handwritten
    digits: Samples | None  # of a writer of another data set than MNIST
    natural: float  # px, height of that writer's scans
    letters: Samples | None  # None: of a font
    script: int  # that font
    strokes: StrokeStyle  # how recorded strokes vary
    presses: bool  # the width of the pen varies along a stroke


def compose_line(bank: InkBank, rng: np.random.Generator, height: int = STRIP) -> SyntheticLine:
    """Return one line of handwriting and its text.

    Parameters
    ----------
    bank : characters to write with
    rng : all that is random; the same state gives the same line
    height : px, of the strip; twice the usual gives the digit network as much to see as pictures do
    """
    number = choose_number(rng)
    style = _choose_style(bank, rng, len(number.signs))
    ink, printed = _write(number, style, bank, rng)
    if rng.random() < P_NEIGHBOUR:
        ink = np.maximum(ink, _neighbours(ink.shape[1], style, bank, rng))
    ink = _fit(ink, number.written)
    printed = None if printed is None else _fit(printed, number.written)
    width = max(height, -(-ink.shape[1] * height // TALL))
    return SyntheticLine(normalise(photograph(ink, (height, width), rng, printed)), number.written)


def _fit(ink: np.ndarray, written: str) -> np.ndarray:
    """Squeeze a line that is too long, and widen one that has too few steps for CTC."""
    repeats = sum(a == b for a, b in pairwise(written))
    least = FINE * STRIDE * (len(written) + repeats + 1)
    width = int(np.clip(ink.shape[1], least, LONGEST * FINE))
    width += width % FINE
    if width == ink.shape[1]:
        return ink
    return cv2.resize(ink, (width, TALL), interpolation=cv2.INTER_AREA)


def _choose_style(bank: InkBank, rng: np.random.Generator, n_signs: int) -> LineStyle:
    height = rng.uniform(14, 28)
    pen = float(np.clip(rng.lognormal(np.log(0.095), 0.42), 0.035, 0.26) * height)
    gap = (rng.uniform(-0.12, 0.1), rng.uniform(0.05, 0.4), rng.uniform(0.3, 1.3))[rng.integers(3)]
    own = None
    if bank.writers and rng.random() < P_OTHER:
        own = bank.writers[int(rng.integers(len(bank.writers)))]
    letters = None
    if bank.letters and rng.random() < P_LETTERS:
        letters = bank.letters[int(rng.integers(len(bank.letters)))]
    return LineStyle(
        height=height,
        pen=pen,
        slant=rng.normal(0.12, 0.25) if own is None else rng.normal(0.0, 0.2),
        gap=min(gap, max(0.15, LONGEST / height / (n_signs + 1) - 0.75)),
        unrest=rng.uniform(0.02, 0.12),
        width=float(np.exp(rng.normal(0.05, 0.17))),
        drawn=DRAWN[int(np.searchsorted(np.cumsum(P_DRAWN[:-1]), rng.random()))],
        zero=rng.uniform(0.5, 0.95) if rng.random() < P_SMALL_ZERO else 1.0,
        one=float(np.exp(rng.normal(0.03, 0.12))),
        growth=float(rng.normal(0, 0.025)),
        joined=bool(rng.random() < P_JOINED),
        font=int(rng.integers(len(PRINTS))) if rng.random() < P_PRINTED else None,
        digits=own,
        natural=_natural_height(own),
        letters=letters,
        script=int(rng.integers(len(FONTS))),
        strokes=StrokeStyle(
            pen=pen / height,
            slant=float(rng.normal(0, 0.05)),
            stretch=float(rng.normal(0, 0.08)),
            wobble=float(rng.uniform(0, 0.012)),
            cut=float(rng.uniform(0, 0.15)),
        ),
        presses=bool(rng.random() < P_PRESSURE),
    )


def _natural_height(writer: Samples | None) -> float:
    """Return the height of a writer's scanned digits in px; 1.0 without scans."""
    if writer is None:
        return 1.0
    firsts = [samples[0] for digit, samples in writer.items() if digit.isdigit() and digit != "1"]
    heights = [sample.shape[0] for sample in firsts if not isinstance(sample, tuple)]
    return float(np.median(heights)) if heights else 1.0


class _Line:
    """A line being composed, at twice the strip's size: a cursor and two layers of ink."""

    def __init__(self, style: LineStyle, n_signs: int, rng: np.random.Generator) -> None:
        self.style, self.rng = style, rng
        self.tall = style.height * FINE
        self.pen = style.pen * FINE
        room = round(self.tall * 3 * (n_signs + 6))
        self.scans = np.zeros((TALL, room), np.float32)
        self.pens = np.zeros((TALL, room), np.float32)
        self.base = TALL - (TALL - self.tall) * rng.uniform(0.1, 0.85)
        # px down per px along; over the whole line it is less than a digit's height
        self.drift = rng.normal(0, 0.1) / ((n_signs + 3) * (0.8 + max(0.0, style.gap)))
        self.cursor = self.start = rng.uniform(0.0, 0.5) * self.tall + 6
        self.raised = rng.random() * rng.integers(0, 2)
        self.written = 0  # digits so far
        self.last: np.ndarray | None = None  # right end of the previous digit, for joined digits

    def put(self, page: np.ndarray, glyph: np.ndarray, lift: float | int) -> Box:
        """Paste a glyph at the cursor, this many px above the baseline."""
        height, width = glyph.shape
        lift += self.rng.normal(0, self.style.unrest) * self.tall / 2
        top = round(self.base + self.drift * (self.cursor - self.start) - lift - height)
        left = round(self.cursor)
        _paste(page, glyph, top, left)
        return Box(left, top, width, height)

    def advance(
        self, width: float | int, share: float | int = 1.0, least: float | int = 0.22
    ) -> None:
        """Move the cursor past a glyph and a share of the usual gap."""
        pitch = share * self.style.gap + self.rng.normal(0, self.style.unrest)
        self.cursor += max(width + pitch * self.tall, self.tall * least)


def _write(
    number: Number, style: LineStyle, bank: InkBank, rng: np.random.Generator
) -> tuple[Float32[np.ndarray, "64 _w"], Float32[np.ndarray, "64 _w"] | None]:
    """Write a number; return its ink, and the boxes printed around its digits."""
    n_signs = sum(len(sign.kind) if sign.role == "struck" else 1 for sign in number.signs)
    line = _Line(style, n_signs, rng)
    printed = None
    if number.is_plain and rng.random() < P_COMB:
        printed = _write_in_boxes(line, number, bank)
    else:
        for i, sign in enumerate(number.signs):
            _write_sign(line, sign, bank, before=number.signs[i - 1] if i else None)
    tail = rng.uniform(0.0, 0.6) * line.tall + 4
    end = round(min(line.cursor - min(0.0, style.gap) * line.tall + tail, line.pens.shape[1]))
    scans, pens = line.scans[:, :end], line.pens[:, :end]
    ink = np.maximum(_with_pen(scans, line.pen), pens) if scans.any() else pens
    _cross(ink, style, rng, often=P_SCRIBBLE if number.written else INKED / 2)
    bent, middle = _bend(ink, style, rng)
    if printed is not None:  # print has no slant
        shift = np.array([[1, 0, middle], [0, 1, 0]], np.float32)
        printed = cv2.warpAffine(printed[:, :end], shift, bent.shape[::-1])
    return bent, printed


def _write_sign(line: _Line, sign: Sign, bank: InkBank, *, before: Sign | None) -> None:
    """Write one sign at the cursor and move on."""
    rng, tall = line.rng, line.tall
    if sign.role == "struck":
        _write_struck(line, sign, bank)
    elif sign.role:
        line.last = None
        glyph = _letter(sign, tall, line.style, rng)
        drop = 0.25 * glyph.shape[0] if sign.kind and sign.kind in "gpqyj" else 0.0
        line.put(line.pens, glyph, -drop)
        line.advance(glyph.shape[1], share=rng.uniform(0, 0.5))
    elif sign.kind == " ":
        line.last = None
        line.cursor += rng.uniform(0.2, 0.7) * sign.size * tall
    elif sign.kind.isdigit():
        _write_digit(line, sign, bank)
    else:
        line.last = None
        if before is not None and before.kind.isdigit():  # marks touch their digits
            line.cursor -= rng.uniform(0, 0.8) * max(0.0, line.style.gap) * tall
        glyph = draw_mark(sign.kind, tall, line.pen, rng)
        low, high = _LIFTS.get(sign.kind, (0.0, 0.0))
        lift = sign.lift + rng.uniform(low, high)
        if sign.kind in ",;":
            lift -= glyph.shape[0] / tall * rng.uniform(0.4, 1.0)
        line.put(line.pens, glyph, lift * tall)
        line.advance(glyph.shape[1], share=rng.uniform(0.2, 1.0))


# Of the height: range of a mark's lower edge above the baseline.
_LIFTS = {
    **{"-": (0.28, 0.5), "=": (0.2, 0.35), "'": (0.7, 0.95), "~": (0.2, 0.4), ":": (0.05, 0.2)},
    **{".": (-0.06, 0.08), ",": (0.0, 0.12), "/": (-0.22, 0.02), "+": (0.15, 0.35)},
    "·": (0.35, 0.5),
}


def _write_digit(line: _Line, sign: Sign, bank: InkBank) -> None:
    """Write a digit, and the stroke that joins it to the previous one."""
    style, rng, tall = line.style, line.rng, line.tall
    digit = sign.kind
    size = tall * _share(digit, style) * sign.size * (1 + style.growth) ** line.written
    size *= 1 + rng.normal(0, style.unrest)
    line.written += 1
    glyph, is_scan = _digit(digit, max(size, 0.3 * tall), style, bank, rng)
    lift = sign.lift * tall
    if digit == "0":  # a small zero is raised as often as it is on the baseline
        lift += line.raised * max(0.0, sign.size * tall - glyph.shape[0])
    box = line.put(line.scans if is_scan else line.pens, glyph, lift)
    if style.joined:
        ends = _ends(glyph, box.x, box.y, rng)
        if line.last is not None and rng.random() < P_GLYPH_JOINED:
            _join(line.pens, line.last, ends[0], line.pen, rng)
        line.last = ends[1]
        if digit in "57" and rng.random() < P_COMMON_BAR:
            bar = (box.x + box.width * 0.3, box.y + 1.0), (box.right + tall * 0.8, box.y - 1.0)
            _stroke(line.pens, np.array(bar), line.pen)
    line.advance(box.width)


def _write_struck(line: _Line, sign: Sign, bank: InkBank) -> None:
    """Write digits and strike them out clearly, so that they are not another form of a digit."""
    rng, tall = line.rng, line.tall
    left = line.cursor
    for digit in sign.kind:
        _write_digit(line, Sign(digit), bank)
    line.last = None
    right = max(left + 0.3 * tall, line.cursor - max(0.0, line.style.gap) * tall)
    top = line.base + line.drift * (left - line.start) - tall
    kind = rng.integers(3 if len(sign.kind) > 1 else 2)
    if kind == 0:  # to and fro
        n = int(rng.integers(4, 9))
        x = np.linspace(left - 0.1 * tall, right + 0.1 * tall, n) + rng.normal(0, 0.04 * tall, n)
        y = top + tall * np.where(np.arange(n) % 2, rng.uniform(0, 0.3, n), rng.uniform(0.7, 1, n))
        _stroke(line.pens, np.stack([x, y], axis=1), line.pen)
    elif kind == 1:  # a cross, or a grid of strokes
        for _ in range(int(rng.integers(1, 3))):
            for up, down in ((0.0, 1.0), (1.0, 0.0)):
                ends = np.array([[left, top + up * tall], [right, top + down * tall]])
                _stroke(line.pens, ends + rng.normal(0, 0.12 * tall, (2, 2)), line.pen)
    else:
        for _ in range(int(rng.integers(1, 4))):
            y = top + tall * (0.5 + rng.normal(0, 0.12, 2))
            ends = np.stack([[left - 0.2 * tall, right + 0.2 * tall], y], axis=1)
            _stroke(line.pens, ends, line.pen)
    line.cursor = max(line.cursor, right + rng.uniform(0, 0.3) * tall)


def _write_in_boxes(line: _Line, number: Number, bank: InkBank) -> np.ndarray:
    """Write digits into printed boxes of one digit each, and return the boxes: (64, w)."""
    rng, tall = line.rng, line.tall
    pitch = tall * rng.uniform(0.85, 1.5)
    printed = np.zeros(line.pens.shape, np.float32)
    start, n = line.cursor, len(number.signs)
    thick = int(rng.integers(1, 4))
    low = min(TALL - 1.0, line.base + tall * rng.uniform(0.0, 0.35))
    high = max(0.0, line.base - tall * rng.uniform(1.0, 1.4))
    if rng.random() < 0.3:  # noqa: PLR2004  # a comb: low teeth on a rule
        high = line.base - tall * rng.uniform(0.1, 0.5)
    elif rng.random() < 0.7:  # noqa: PLR2004
        _print_rule(printed, (start, high), (start + n * pitch, high), thick)
    _print_rule(printed, (start, low), (start + n * pitch, low), thick)
    for i in range(n + 1):
        x = start + i * pitch
        _print_rule(printed, (x, low), (x, high), thick)
    line.style = replace(line.style, joined=False)
    for i, sign in enumerate(number.signs):
        line.cursor = start + (i + rng.uniform(0.1, 0.3)) * pitch
        _write_digit(line, sign, bank)
    line.cursor = start + n * pitch
    return printed


def _print_rule(
    page: np.ndarray,
    start: tuple[float | int, float | int],
    end: tuple[float | int, float | int],
    thick: int,
) -> None:
    """Print a straight line."""
    (x0, y0), (x1, y1) = start, end
    cv2.line(page, (round(x0), round(y0)), (round(x1), round(y1)), 1.0, thick)


def _cross(ink: np.ndarray, style: LineStyle, rng: np.random.Generator, *, often: float) -> None:
    """Draw a flourish (`often`) or a stamp across a line, in place."""
    if rng.random() < often:
        draw_scribble(ink, style.pen * FINE, rng)
    if rng.random() < P_STAMP:
        draw_stamp(ink, style.height * FINE, rng)


def _share(digit: str, style: LineStyle) -> float:
    """Return the height of a digit in this handwriting, as a share of the usual height."""
    return {"0": style.zero, "1": style.one}.get(digit, 1.0)


def _digit(
    digit: str, size: float | int, style: LineStyle, bank: InkBank, rng: np.random.Generator
) -> tuple[np.ndarray, bool]:
    """Return a digit about `size` px high, and whether it was scanned (with another pen)."""
    if style.font is not None:
        return draw_print(digit, style.font, round(size)), False
    own = style.digits.get(digit) if style.digits is not None else None
    if own:
        sample = own[int(rng.integers(len(own)))]
        if isinstance(sample, tuple):
            return _draw_strokes(sample, size, style, rng), False
        return _scan(sample, size / style.natural, style.width), True
    if style.digits is None and digit not in SCANNED and rng.random() < style.drawn:
        return _draw(int(digit), size, style, rng), False
    return _scan(_common(bank, digit, rng), size / GLYPH, style.width), True


def _common(bank: InkBank, digit: str, rng: np.random.Generator) -> np.ndarray:
    samples = bank.common[digit]
    return np.asarray(samples[int(rng.integers(len(samples)))])


def _scan(
    sample: np.ndarray, scale: float | int, wide: float | int
) -> Float32[np.ndarray, "_h _w"]:
    """Return a scanned digit at another size."""
    height = int(np.clip(round(sample.shape[0] * scale), 6, TALL))
    width = max(3, round(sample.shape[1] * scale * wide))
    method = cv2.INTER_CUBIC if height > sample.shape[0] else cv2.INTER_AREA
    resized = cv2.resize(sample, (width, height), interpolation=method)
    return np.multiply(resized, np.float32(1 / WHITE), dtype=np.float32)


def _draw_strokes(
    strokes: tuple[np.ndarray, ...], size: float | int, style: LineStyle, rng: np.random.Generator
) -> Float32[np.ndarray, "_h _w"]:
    """Return a recorded character, drawn with this handwriting's pen."""
    pen = max(1.0, style.pen * FINE)
    varied = vary(strokes, style.strokes, rng)
    if style.width != 1:
        varied = tuple(stroke * np.array([style.width, 1], np.float32) for stroke in varied)
    return draw(varied, max(2 * pen, size), pen, rng if style.presses else None)


def _letter(
    sign: Sign, tall: float | int, style: LineStyle, rng: np.random.Generator
) -> np.ndarray:
    """Return a letter: this one of a word, or any."""
    letter = sign.kind
    if style.letters is not None:
        known = [letter] if letter else [each for each in style.letters if each in LETTERS]
        letter = known[int(rng.integers(len(known)))] if known else ""
        samples = style.letters.get(letter)
        if samples:
            sample = samples[int(rng.integers(len(samples)))]
            size = tall * letter_height(letter)
            if isinstance(sample, tuple):
                return _draw_strokes(sample, size, style, rng)
            return _scan(sample, size / sample.shape[0], style.width)
    return draw_letter(letter, style.script, tall) if letter else draw_letters(tall, rng)


def _draw(
    digit: int, size: float | int, style: LineStyle, rng: np.random.Generator
) -> Float32[np.ndarray, "_h _w"]:
    """Return a digit `size` px high, drawn as strokes with this handwriting's pen."""
    pen = style.pen * FINE
    wider = np.array([style.width, 1], np.float32)
    strokes = tuple(stroke * wider for stroke in allographs.write(digit, rng))
    return draw(strokes, max(2 * pen, size), pen, rng)


def _paste(page: np.ndarray, glyph: np.ndarray, top: int, left: int) -> None:
    """Paste a glyph on the page; parts outside are cut off."""
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
    """Redraw scanned strokes with the width of the style's pen: (h, w) -> (h, w).

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
    """Return where a pen would enter on the left and leave on the right: (x, y) each."""
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
    """Draw the curve that joins two digits."""
    sag = np.array([0, rng.uniform(-0.1, 0.3) * abs(end[0] - start[0] + 4)])
    middle = (start + end) / 2 + sag
    t = np.linspace(0, 1, 9)[:, None]
    curve = (1 - t) ** 2 * start + 2 * t * (1 - t) * middle + t**2 * end
    _stroke(page, curve, pen * rng.uniform(0.5, 1.0))


def _stroke(page: np.ndarray, points: np.ndarray, pen: float) -> None:
    cv2.polylines(page, [np.round(points).astype(np.int32)], False, 1.0, max(1, round(pen)))


def _bend(ink: np.ndarray, style: LineStyle, rng: np.random.Generator) -> tuple[np.ndarray, float]:
    """Slant and slightly bend a line: (64, w) -> (64, w').

    Also returns by how many px its middle moved to the right.
    """
    height, width = ink.shape
    lean = abs(style.slant) * height
    wide = round(width + lean * 0.6)
    grid = (max(2, wide // 24), 4)
    field = rng.normal(0, rng.uniform(0, 1.6), (2, grid[1], grid[0])).astype(np.float32)
    warp = [cv2.resize(f, (wide, height), interpolation=cv2.INTER_CUBIC) for f in field]
    rows = np.arange(height, dtype=np.float32)[:, None]
    columns = np.arange(wide, dtype=np.float32)
    slope = np.float32(rng.normal(0, 0.06) * height / wide)
    middle = np.float32(lean * 0.3)
    source_x = warp[0] + (columns - middle) + np.float32(style.slant) * (rows - height / 2)
    source_y = warp[1] + rows + slope * (columns - wide / 2)
    return cv2.remap(ink, source_x, source_y, cv2.INTER_LINEAR), float(middle)


def _neighbours(
    width: int, style: LineStyle, bank: InkBank, rng: np.random.Generator
) -> np.ndarray:
    """Return ink of the lines above and below inside this strip: (64, width)."""
    page = np.zeros((TALL, width), np.float32)
    for _ in range(int(rng.integers(1, 6))):
        size = style.height * FINE
        glyph, _ = _digit(str(int(rng.integers(10))), size, style, bank, rng)
        reach = round(rng.uniform(0.05, 0.3) * glyph.shape[0])
        top = -glyph.shape[0] + reach if rng.random() < INKED else TALL - reach
        _paste(page, glyph, top, int(rng.integers(0, max(1, width))))
    return page
