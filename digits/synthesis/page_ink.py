"""Ink of single characters for synthetic pages: digits and letters of many writers, and print."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path

import cv2
import numpy as np
from PIL import Image, ImageDraw, ImageFont

from digits.mnist import Labelled
from digits.synthesis.marks import letter_height

Px = float | int | np.float32  # a place or a length in pixels
Rectangle = tuple[Px, Px, Px, Px]  # left, top, right, bottom
Strokes = tuple[np.ndarray, ...]  # each float32, (n, 2), x and y; the character is 1.0 high
Sample = np.ndarray | Strokes  # uint8 picture, 0 paper to 255 ink, cut to its box; or strokes
Samples = Mapping[str, Sequence[Sample]]  # by character

INKED = 60  # of 255; paler pixels are outside a character's box
SHARPEST = 1.3  # factor of enlargement from which pictures are sharpened
FINE = 16  # fractions of a pixel in OpenCV's coordinates
SHIFT = 4  # bits of it
P_STICK = 0.25  # share of writers who write 1 as one straight stroke
FONTS = (
    *("DejaVuSans", "DejaVuSans-Bold", "DejaVuSansMono", "DejaVuSerif", "DejaVuSans-Oblique"),
    *("DejaVuSerif-Bold", "DejaVuSerif-Italic", "DejaVuSansMono-Bold"),
    *("STIXGeneral", "STIXGeneralBol", "STIXGeneralItalic", "cmr10", "cmss10", "cmtt10", "cmb10"),
)
_WORDS = """
name date total marks score no grade points sum student signature class amount address phone
number question part roll subject exam of the and to in page test result heading form please
fill only office use code year month day hole par player handicap rain temp wind hours remarks
Name Vorname Datum Summe Punkte Note Klasse Nummer Betrag Ort Telefon Unterschrift Aufgabe Blatt
Seite nombre fecha nota curso grupo firma ad soyad tarih numara lorem ipsum dolor sit amet
consectetur adipiscing elit section answer write your block capitals member club team left right
round absent present pass fail first second third north south east west week
"""
SCRIPTS = ("DejaVuSans-Oblique", "DejaVuSerif-Italic", "STIXGeneralItalic", "cmmi10", "cmti10")
HERSHEY = (
    cv2.FONT_HERSHEY_SCRIPT_SIMPLEX,
    cv2.FONT_HERSHEY_SCRIPT_COMPLEX,
    cv2.FONT_HERSHEY_SIMPLEX | cv2.FONT_ITALIC,
)
WORDS = tuple(_WORDS.split())


@dataclass(frozen=True)
class InkBank:
    """Characters to compose pages with, of the writers of one split only."""

    common: Samples  # digits of many writers, MNIST's
    writers: tuple[Samples, ...] = ()  # digits, one mapping for each writer
    letters: tuple[Samples, ...] = ()  # letters, one mapping for each writer


@dataclass(frozen=True)
class Pen:
    """How one person writes on a page; lengths in heights of a digit."""

    digits: Samples
    letters: Samples | None  # None: a script font
    script: str | int
    colour: np.ndarray  # uint8, RGB
    width: Px
    slant: float
    wide: Px  # of a character's natural width
    stick: bool  # 1 is one straight stroke
    common: Samples = field(repr=False)


def mnist_samples(digits: Labelled, limit: int = 12_000) -> Samples:
    """Return digits of MNIST, cut to their boxes, by label."""
    samples: dict[str, list[Sample]] = {}
    for picture, label in zip(digits.pictures[:limit], digits.labels[:limit], strict=True):
        cut = trim(picture)
        if cut is not None:
            samples.setdefault(str(label), []).append(cut)
    return samples


def to_array(points: object) -> np.ndarray:
    """Return coordinates as float32."""
    return np.asarray(points, np.float32)


def trim(picture: np.ndarray) -> np.ndarray | None:
    """Crop a picture to its ink; None without ink."""
    rows = np.flatnonzero(picture.max(axis=1) > INKED)
    columns = np.flatnonzero(picture.max(axis=0) > INKED)
    if not len(rows) or not len(columns):
        return None
    return np.ascontiguousarray(
        picture[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1], np.uint8
    )


def smooth(points: np.ndarray, times: int = 3) -> np.ndarray:
    """Cut the corners of a polyline (Chaikin 1974): (n, 2) -> (m, 2)."""
    for _ in range(times):
        if not 3 <= len(points) < 60:
            break
        finer = np.empty((2 * len(points), 2), np.float32)
        finer[0], finer[-1] = points[0], points[-1]
        finer[1:-1:2] = 0.75 * points[:-1] + 0.25 * points[1:]
        finer[2:-1:2] = 0.25 * points[:-1] + 0.75 * points[1:]
        points = finer
    return points


def choose_pen(bank: InkBank, rng: np.random.Generator) -> Pen:
    """Return a writer with a pen."""
    own = bool(bank.writers) and rng.random() < 0.75
    return Pen(
        digits=bank.writers[rng.integers(len(bank.writers))] if own else bank.common,
        letters=bank.letters[rng.integers(len(bank.letters))]
        if bank.letters and rng.random() < 0.6
        else None,
        script=SCRIPTS[rng.integers(len(SCRIPTS))]
        if rng.random() < 0.5
        else int(HERSHEY[rng.integers(len(HERSHEY))]),
        colour=pen_colour(rng),
        width=float(np.clip(rng.lognormal(np.log(0.09), 0.35), 0.035, 0.22)),
        slant=float(rng.normal(0, 0.18)),
        wide=float(rng.uniform(0.8, 1.15)),
        stick=bool(rng.random() < P_STICK),
        common=bank.common,
    )


def pen_colour(rng: np.random.Generator) -> np.ndarray:
    """Return the colour of a ballpoint, felt pen or pencil: uint8, RGB."""
    kind = rng.choice(5, p=[0.38, 0.32, 0.14, 0.05, 0.11])
    if kind == 4:
        level = rng.uniform(60, 135)
        return np.clip([level, level, level + 5], 0, 255).astype(np.uint8)
    middle = ([35, 35, 40], [45, 60, 140], [190, 45, 50], [40, 110, 60])[kind]
    return np.clip(rng.normal(middle, 22), 0, 225).astype(np.uint8)


def print_colour(rng: np.random.Generator, coloured: float = 0.3) -> np.ndarray:
    """Return the colour of print: mostly grey to black; uint8, RGB."""
    if rng.random() < coloured:
        middles = ([60, 90, 150], [170, 60, 60], [60, 120, 80], [120, 90, 140], [40, 140, 190])
        return np.clip(rng.normal(middles[rng.integers(5)], 25), 0, 225).astype(np.uint8)
    return np.full(3, rng.uniform(0, 120), np.uint8)


def draw_digit(pen: Pen, digit: str, tall: Px, rng: np.random.Generator) -> np.ndarray:
    """Return one digit about `tall` px high: uint8, 0 to 255, cut to its box."""
    if digit == "1" and pen.stick:
        return _stick(pen, tall, rng)
    samples = pen.digits.get(digit) or pen.common[digit]
    sample = samples[int(rng.integers(len(samples)))]
    if isinstance(sample, tuple):
        wide = pen.wide * rng.uniform(0.92, 1.08)
        return draw_strokes(sample, pen, tall, rng, wide=wide)
    return _scaled(sample, pen, tall)


def _stick(pen: Pen, tall: Px, rng: np.random.Generator) -> np.ndarray:
    """Return a 1 that is one straight stroke."""
    lean = pen.slant * 0.5 + rng.normal(0, 0.04)
    bow = rng.normal(0, 0.02)
    stroke = to_array([[lean, 0], [lean / 2 + bow, 0.5], [0, 1]])
    return draw_strokes((smooth(stroke, 2),), pen, tall, rng, slant=0.0)


def draw_strokes(
    strokes: Strokes,
    pen: Pen,
    tall: Px,
    rng: np.random.Generator,
    *,
    wide: Px = 1.0,
    slant: float | None = None,
) -> np.ndarray:
    """Draw strokes about `tall` px high with a round pen: uint8, cut to their box."""
    lean = pen.slant if slant is None else slant
    width = max(1.15, pen.width * tall * rng.uniform(0.9, 1.1))
    margin = int(width) + 2
    placed = [
        np.stack([(s[:, 0] * wide - lean * (s[:, 1] - 0.5)) * tall, s[:, 1] * tall], axis=1)
        for s in strokes
    ]
    every = np.concatenate(placed)
    low, high = every.min(axis=0), every.max(axis=0)
    size = (high - low + 2 * margin + 1).astype(int)
    ink = np.zeros((size[1], size[0]), np.uint8)
    for stroke in placed:
        points = np.round((stroke - low + margin) * FINE).astype(np.int32)
        if np.ptp(points, axis=0).max(initial=0) < FINE:
            middle = (int(points[0, 0]), int(points[0, 1]))
            cv2.circle(ink, middle, int(width * FINE / 2) + 4, 255, -1, cv2.LINE_AA, SHIFT)
        else:
            cv2.polylines(ink, [points], False, 255, max(1, round(width)), cv2.LINE_AA, SHIFT)
    if width < 1.5 or rng.random() < 0.4:
        ink = cv2.GaussianBlur(ink, (3, 3), 0.6)
    cut = trim(ink)
    return ink if cut is None else cut


def _scaled(picture: np.ndarray, pen: Pen, tall: Px) -> np.ndarray:
    """Scale and slant a scanned digit."""
    height, width = picture.shape
    scale = tall / max(height, 0.5 * width)
    size = max(2, int(width * scale * pen.wide)), max(3, int(height * scale))
    if scale > SHARPEST:
        big = cv2.resize(picture, size, interpolation=cv2.INTER_CUBIC)
        ink = cv2.convertScaleAbs(cv2.subtract(big, 75), alpha=2.4)
    else:
        ink = cv2.resize(picture, size, interpolation=cv2.INTER_AREA)
        ink = cv2.convertScaleAbs(ink, alpha=1.3)
    lean = pen.slant * 0.6
    if abs(lean) < 0.05:
        return ink
    shift = abs(lean) * size[1]
    matrix = to_array([[1, -lean, shift if lean > 0 else 0], [0, 1, 0]])
    return cv2.warpAffine(ink, matrix, (int(size[0] + shift + 1), size[1]))


def draw_letter(pen: Pen, letter: str, tall: Px, rng: np.random.Generator) -> np.ndarray | None:
    """Return one handwritten letter, `tall` px as high as a capital; None if the pen has none."""
    share = letter_height(letter)
    if pen.letters is not None:
        samples = pen.letters.get(letter)
        if not samples:
            return None
        sample = samples[int(rng.integers(len(samples)))]
        if isinstance(sample, tuple):
            return draw_strokes(sample, pen, tall * share, rng, wide=pen.wide)
        return _scaled(sample, pen, tall * share)
    return draw_script(pen, letter, tall * 1.1)


def draw_script(pen: Pen, text: str, tall: Px) -> np.ndarray | None:
    """Return a word in a font that resembles handwriting."""
    if isinstance(pen.script, int):
        scale = float(tall / 24)
        thick = max(1, round(pen.width * tall))
        (width, height), below = cv2.getTextSize(text, pen.script, scale, thick)
        ink = np.zeros((height + below + 2 * thick + 4, width + 2 * thick + 4), np.uint8)
        place = (thick + 1, height + thick + 1)
        cv2.putText(ink, text, place, pen.script, scale, 255, thick, cv2.LINE_AA)
        drawn = trim(ink)
    else:
        drawn = print_text(text, pen.script, max(8, int(tall * 1.3)))
    if drawn is None or abs(pen.slant) < 0.1:
        return drawn
    shift = abs(pen.slant) * 0.5 * drawn.shape[0]
    matrix = to_array([[1, -pen.slant * 0.5, shift if pen.slant > 0 else 0], [0, 1, 0]])
    size = (int(drawn.shape[1] + shift + 1), drawn.shape[0])
    return cv2.warpAffine(drawn, matrix, size)


@lru_cache(maxsize=4096)
def print_text(text: str, font: str, size: int) -> np.ndarray | None:
    """Return printed text, cut to its box: uint8, 0 to 255."""
    opened = _open_font(font, size)
    left, top, right, bottom = (int(side) for side in opened.getbbox(text))
    if right <= left or bottom <= top:
        return None
    page = Image.new("L", (right - left + 2, bottom - top + 2), 0)
    ImageDraw.Draw(page).text((1 - left, 1 - top), text, 255, opened)
    return np.asarray(page)


@lru_cache(maxsize=512)
def _open_font(font: str, size: int) -> ImageFont.FreeTypeFont:
    """Open one of the free fonts that come with Matplotlib."""
    return ImageFont.truetype(str(_fonts() / f"{font}.ttf"), size)


@lru_cache(maxsize=1)
def _fonts() -> Path:
    import matplotlib

    return Path(matplotlib.get_data_path()) / "fonts" / "ttf"
