"""A window of a synthetic page: ink by class, its colour, and the ground truth of its numbers."""

import string
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from itertools import pairwise

import cv2
import numpy as np

from digits.synthesis.page_ink import (
    FINE,
    SHIFT,
    WORDS,
    InkBank,
    Pen,
    Px,
    Rectangle,
    Strokes,
    draw_digit,
    draw_letter,
    draw_script,
    draw_strokes,
    print_text,
    smooth,
    to_array,
)
from digits.types import DIGIT, PIXEL_CLASSES, PRINT, PRINTED_DIGIT, RULE, STRUCK, WRITING

CORE = 0.3  # of a digit's height: thickness of the line through a number's middle
PART = 0.55  # of a digit's height: digits further apart are two cores
SOLID, DOTTED, DOUBLE = range(3)  # styles of a rule
HEIGHT_STEP = 32  # steps of the height map for each doubling
HEIGHT_BASE = 4.0  # px: height of step 0
REACH = 0.25  # of a number's height by which the middle of a digit may lie outside its box
P_TOUCHING = 0.2  # share of numbers whose digits touch
SEEN = 30  # of 255: paler ink does not change a pixel's colour
CAPITAL = 0.72  # of a font's size: height of its digits
SIGNS: dict[str, Strokes] = {
    "/": (to_array([[0.45, -0.1], [0, 1.1]]),),
    "-": (to_array([[0, 0.5], [0.5, 0.5]]),),
    "+": (to_array([[0, 0.5], [0.6, 0.5]]), to_array([[0.3, 0.2], [0.3, 0.8]])),
    "x": (to_array([[0, 0.3], [0.5, 0.8]]), to_array([[0.5, 0.3], [0, 0.8]])),
    "=": (to_array([[0, 0.38], [0.55, 0.38]]), to_array([[0, 0.62], [0.55, 0.62]])),
    ":": (to_array([[0, 0.3], [0.02, 0.32]]), to_array([[0, 0.8], [0.02, 0.82]])),
    "%": (
        to_array([[0.5, 0], [0, 1]]),
        to_array([[0.1, 0.1], [0.2, 0.15], [0.1, 0.25], [0.05, 0.15], [0.1, 0.1]]),
        to_array([[0.45, 0.8], [0.52, 0.88], [0.42, 0.95], [0.4, 0.85], [0.45, 0.8]]),
    ),
}
DROP = {"/": -0.1, "-": 0.45, "+": 0.2, "x": 0.3, "=": 0.36, ":": 0.3, "%": 0.0}


@dataclass(frozen=True, slots=True)
class TrueNumber:
    """One number of a page."""

    text: str  # digits only
    written: str  # with its separators
    box: Rectangle  # px: left, top, right, bottom
    line: int  # the same for all numbers of a line
    printed: bool = False
    struck_out: bool = False

    def holds(self, x: Px, y: Px) -> bool:
        """Return whether a digit's middle lies in the box, or `REACH` of its height beside it."""
        left, top, right, bottom = self.box
        reach = REACH * (bottom - top)
        return bool(left - reach < x < right + reach and top - reach < y < bottom + reach)

    def is_inside(self, width: int, height: int) -> bool:
        """Return whether a picture of this size shows the whole number."""
        left, top, right, bottom = self.box
        return bool(left >= 0 and top >= 0 and right <= width and bottom <= height)


@dataclass(frozen=True, slots=True)
class TrueCell:
    """One cell of a table; `written` is empty without a number."""

    table: int
    row: int
    column: int
    text: str
    written: str
    kind: str  # "number", "empty" or "other"
    box: Rectangle  # px: left, top, right, bottom
    struck_out: bool = False
    printed: bool = False


@dataclass
class Canvas:
    """The drawn window; its coordinates are the page's minus the window's offset."""

    width: int  # px of the window
    height: int
    left: Px  # px: position of the window on the page
    top: Px
    bank: InkBank
    rng: np.random.Generator
    ground: np.ndarray  # uint8, (h, w, 3): the bare paper
    layers: np.ndarray = field(init=False)  # uint8, (7, h, w): ink of each class
    colour: np.ndarray = field(init=False)  # uint8, (h, w, 3): of the ink
    core: np.ndarray = field(init=False)  # uint8, (h, w)
    tall: np.ndarray = field(init=False)  # uint8, (h, w): see `encode_height`
    numbers: list[TrueNumber] = field(default_factory=list)
    cells: list[TrueCell] = field(default_factory=list)
    line: int = 0
    tables: int = 0

    def __post_init__(self) -> None:
        shape = (self.height, self.width)
        self.layers = np.zeros((len(PIXEL_CLASSES), *shape), np.uint8)
        self.colour = np.zeros((*shape, 3), np.uint8)
        self.core = np.zeros(shape, np.uint8)
        self.tall = np.zeros(shape, np.uint8)

    def sees(self, left: Px, top: Px, right: Px, bottom: Px) -> bool:
        """Return whether a part of the page is in the window."""
        return bool(
            right > self.left
            and left < self.left + self.width
            and bottom > self.top
            and top < self.top + self.height
        )

    def paste(
        self,
        kind: int,
        ink: np.ndarray,
        x: Px,
        y: Px,
        colour: np.ndarray,
        tall: Px = 0,
    ) -> None:
        """Put ink on the page with its top left corner at x, y."""
        left, top = round(x - self.left), round(y - self.top)
        height, width = ink.shape
        x0, y0 = max(left, 0), max(top, 0)
        x1, y1 = min(left + width, self.width), min(top + height, self.height)
        if x1 <= x0 or y1 <= y0:
            return
        part = ink[y0 - top : y1 - top, x0 - left : x1 - left]
        layer = self.layers[kind, y0:y1, x0:x1]
        np.maximum(layer, part, out=layer)
        self.colour[y0:y1, x0:x1][part > SEEN] = colour
        if tall:
            self.tall[y0:y1, x0:x1] = encode_height(tall)

    def polyline(
        self,
        kind: int,
        points: np.ndarray,
        width: Px,
        colour: np.ndarray,
        *,
        closed: bool = False,
        strength: int = 255,
    ) -> None:
        """Draw a line through points (n, 2) of the page."""
        placed = np.asarray(points, np.float32) - np.array([self.left, self.top])
        low, high = placed.min(axis=0) - width - 1, placed.max(axis=0) + width + 1
        if high[0] < 0 or high[1] < 0 or low[0] > self.width or low[1] > self.height:
            return
        fine = [np.round(placed * FINE).astype(np.int32)]
        thick = max(1, round(width))
        x0, y0 = max(0, int(low[0])), max(0, int(low[1]))
        x1, y1 = min(self.width, int(high[0]) + 2), min(self.height, int(high[1]) + 2)
        drawn = np.zeros((y1 - y0, x1 - x0), np.uint8)
        fine = [fine[0] - (x0 * FINE, y0 * FINE)]
        cv2.polylines(drawn, fine, closed, strength, thick, cv2.LINE_AA, SHIFT)
        self.paste(kind, drawn, x0 + self.left, y0 + self.top, colour)

    def fill(self, left: Px, top: Px, right: Px, bottom: Px, colour: object) -> None:
        """Colour a band of the paper."""
        x0, x1 = (int(np.clip(x - self.left, 0, self.width)) for x in (left, right))
        y0, y1 = (int(np.clip(y - self.top, 0, self.height)) for y in (top, bottom))
        self.ground[y0:y1, x0:x1] = colour

    def rule(
        self,
        start: tuple[Px, Px],
        end: tuple[Px, Px],
        width: Px,
        colour: np.ndarray,
        style: int = SOLID,
    ) -> None:
        """Draw a printed line."""
        a, b = np.array(start, np.float32), np.array(end, np.float32)
        low, high = np.minimum(a, b) - 6, np.maximum(a, b) + 6
        if not self.sees(low[0], low[1], high[0], high[1]):
            return
        if style == DOUBLE:
            across = np.array([-(b - a)[1], (b - a)[0]]) / max(1.0, float(np.hypot(*(b - a))))
            off = across * (width / 2 + self.rng.uniform(1, 2.5))
            self.polyline(RULE, np.stack([a - off, b - off]), width, colour)
            self.polyline(RULE, np.stack([a + off, b + off]), width, colour)
        elif style == DOTTED:
            length, step = float(np.hypot(*(b - a))), float(self.rng.uniform(1.5, 6))
            along = (b - a) / max(1.0, length)
            # Only the dashes inside the window.
            first = max(0.0, float((np.array([self.left, self.top]) - a) @ along) - 20)
            last = min(length, first + self.width + self.height)
            for at in np.arange(first - first % (2 * step), last, 2 * step):
                dash = np.stack([a + along * at, a + along * min(length, at + step)])
                self.polyline(RULE, dash, width, colour)
        else:
            self.polyline(RULE, np.stack([a, b]), width, colour)

    def frame(
        self,
        box: Rectangle,
        width: Px,
        colour: np.ndarray,
        style: int = SOLID,
    ) -> None:
        """Draw the border of a box."""
        left, top, right, bottom = box
        corners = [(left, top), (right, top), (right, bottom), (left, bottom)]
        for i in range(4):
            self.rule(corners[i], corners[(i + 1) % 4], width, colour, style)

    def print(
        self,
        x: Px,
        y: Px,
        text: str,
        font: str,
        size: Px,
        colour: np.ndarray,
        room: Px = 1e9,
    ) -> Px:
        """Print text with its top left corner at x, y; return its right end.

        What consists of digits only is of the class of printed digits, the rest is print.
        """
        points = max(6, int(size))
        for token in _tokens(text):
            width = len(token) * points * 0.6
            if x + width > self.left + self.width + 400 or width * 0.5 > room:
                break
            drawn = print_text(token, font, points)
            if drawn is None:
                continue
            kind = PRINTED_DIGIT if token.strip(".,%-/").isdigit() else PRINT
            h, w = drawn.shape
            base = y + points * 0.75
            top = base - h if not set("gpqyj,;") & set(token) else base - h * 0.8
            self.paste(kind, drawn, x, top, colour, points * CAPITAL)
            if kind == PRINTED_DIGIT:
                self._mark_number(token, [(x, top, w, h)], points * CAPITAL, printed=True)
            room -= w
            x += w + points * 0.32
        return x

    def _mark_number(
        self,
        written: str,
        boxes: Sequence[Rectangle],
        tall: Px,
        *,
        printed: bool = False,
        struck: bool = False,
    ) -> None:
        """Record the ground truth of a number, and draw its core."""
        left, top = min(b[0] for b in boxes), min(b[1] for b in boxes)
        right, bottom = max(b[0] + b[2] for b in boxes), max(b[1] + b[3] for b in boxes)
        if not self.sees(left, top, right, bottom):
            return
        digits = "".join(c for c in written if c.isdigit())
        box = (left - self.left, top - self.top, right - self.left, bottom - self.top)
        self.numbers.append(TrueNumber(digits, written, box, self.line, printed, struck))
        if not struck:
            for run in [list(boxes)] if printed else _runs(boxes, PART * tall):
                self._draw_core(run, tall)

    def _draw_core(self, run: list[Rectangle], tall: Px) -> None:
        middles = [(x + w / 2, y + h / 2) for x, y, w, h in run]
        first = (run[0][0] + 0.25 * run[0][2], middles[0][1])
        last = (run[-1][0] + 0.75 * run[-1][2], middles[-1][1])
        points = np.array([first, *middles, last]) - (self.left, self.top)
        thick = max(2, round(tall * CORE))
        placed = [np.round(points * 4).astype(np.int32)]
        cv2.polylines(self.core, placed, False, 255, thick, cv2.LINE_8, 2)

    def place_cell(self, cell: TrueCell, row: int, column: int, box: Rectangle) -> None:
        """Add a cell of the latest table; its box is in px of the whole page."""
        left, top, right, bottom = box
        placed = (left - self.left, top - self.top, right - self.left, bottom - self.top)
        self.cells.append(replace(cell, table=self.tables, row=row, column=column, box=placed))

    def number(
        self,
        x: Px,
        y: Px,
        tall: Px,
        written: str,
        pen: Pen,
        *,
        room: Px = 1e9,
        struck: bool = False,
        gap: float | None = None,
    ) -> Px:
        """Write a number with its top left corner at x, y; return its right end.

        Digits, points, commas, dashes and slashes of a number are digit ink; other signs are
        other writing. A number that is struck out has a class of its own, with all its strokes.
        """
        rng = self.rng
        if gap is None:
            gap = rng.uniform(-0.03, 0.22) if rng.random() > P_TOUCHING else rng.uniform(-0.16, 0)
        start, space = x, tall * gap
        if not self.sees(x - tall, y - tall, x + (len(written) + 1) * tall * 1.3, y + 2 * tall):
            return x + len(written) * (0.55 * tall + space)
        kind = STRUCK if struck else DIGIT
        drift, boxes, done = rng.normal(0, 0.04), [], ""
        for sign in written:
            if sign.isdigit():
                size = tall * rng.uniform(0.88, 1.1)
                ink = draw_digit(pen, sign, size, rng)
                if done and x + ink.shape[1] - start > room:
                    break
                top = y + tall - ink.shape[0] + drift * (x - start) + rng.normal(0, 0.04 * tall)
                if ink.shape[0] < 0.7 * size:
                    top -= 0.3 * (tall - ink.shape[0])
                self.paste(kind, ink, x, top, pen.colour, tall)
                boxes.append((x, top, float(ink.shape[1]), float(ink.shape[0])))
            elif sign == " ":
                x += 0.4 * tall
                continue
            else:
                ink = self._sign(sign, x, y, tall, pen, kind)
            done += sign
            x += ink.shape[1] + space * (0.5 if sign in ".," else 1) + rng.normal(0, 0.03 * tall)
        if boxes:
            self._mark_number(done, boxes, tall, struck=struck)
            if struck:
                self.strike(boxes[0][0], boxes[0][1], x, boxes[0][1] + tall, tall, pen)
        return x

    def _sign(self, sign: str, x: Px, y: Px, tall: Px, pen: Pen, kind: int) -> np.ndarray:
        """Write a separator or an operator."""
        rng = self.rng
        if sign in ".,":
            dot = max(1.5, pen.width * tall * rng.uniform(0.9, 1.5))
            strokes: Strokes = (
                (to_array([[0, 0], [0.02, 0.02]]),)
                if sign == "."
                else (smooth(to_array([[0.1, 0], [0.12, 0.12], [0, 0.3]]), 1),)
            )
            thick = replace(pen, width=dot / tall, slant=0.0)
            ink = draw_strokes(strokes, thick, tall, rng)
            self.paste(kind, ink, x, y + tall * rng.uniform(0.88, 1.02) - dot * 0.6, pen.colour)
            return ink
        shaky = tuple(s + rng.normal(0, 0.03, s.shape).astype(np.float32) for s in SIGNS[sign])
        ink = draw_strokes(shaky, pen, tall, rng, wide=rng.uniform(0.7, 1.3))
        separates = sign in "-/:"
        layer = kind if separates or kind == STRUCK else WRITING
        top = y + tall * (DROP[sign] + rng.normal(0, 0.03))
        self.paste(layer, ink, x, top, pen.colour, tall)
        return ink

    def word(self, x: Px, y: Px, tall: Px, text: str, pen: Pen) -> Px:
        """Write a word with its top left corner at x, y; return its right end."""
        rng = self.rng
        width = len(text) * tall * 0.7
        if not self.sees(x, y - tall, x + width * 1.5, y + 2 * tall):
            return x + width
        if pen.letters is None:
            ink = draw_script(pen, text, tall)
            if ink is not None:
                self.paste(WRITING, ink, x, y + tall - ink.shape[0], pen.colour, tall)
                x += ink.shape[1]
            return x
        gap = rng.uniform(-0.08, 0.1) * tall
        for letter in text:
            if letter in SIGNS and letter != "x":
                x += self._sign(letter, x, y, 0.8 * tall, pen, WRITING).shape[1] + gap
                continue
            ink = draw_letter(pen, letter, tall, rng)
            if ink is None:
                x += 0.3 * tall
                continue
            below = 0.35 * tall if letter in "gpqyj" else 0.0
            self.paste(WRITING, ink, x, y + tall - ink.shape[0] + below, pen.colour, tall)
            x += ink.shape[1] + gap
        return x

    def stroke(self, points: object, pen: Pen, tall: Px, *, kind: int = WRITING) -> None:
        """Draw one stroke of the pen through points of the page."""
        curve = smooth(np.asarray(points, np.float32), 3)
        width = max(1.0, pen.width * tall * self.rng.uniform(0.7, 1.2))
        self.polyline(kind, curve, width, pen.colour)

    def strike(self, left: Px, top: Px, right: Px, bottom: Px, tall: Px, pen: Pen) -> None:
        """Strike something out: a line, a cross, or a zigzag."""
        rng = self.rng
        over = 0.2 * tall
        middle = top + tall * rng.uniform(0.3, 0.7, 2)
        level = [(left - over, middle[0]), (right + over, middle[1])]
        falling = [(left - over, top), (right + over, bottom)]
        rising = [(left - over, bottom), (right + over, top)]
        kind = rng.choice(5, p=[0.4, 0.2, 0.1, 0.15, 0.15])
        if kind == 4:
            n = int((right - left) / max(2, 0.14 * tall)) + 3
            x = np.linspace(left, right, n)
            y = np.where(np.arange(n) % 2, top + 0.1 * tall, bottom - 0.1 * tall)
            zigzag = np.stack([x, y + rng.normal(0, 0.08 * tall, n)], axis=1)
            self.stroke(zigzag, pen, tall, kind=STRUCK)
            return
        for ends in ([level], [rising], [falling], [falling, rising])[kind]:
            self.stroke(_shaky(ends, 0.04 * tall, rng), pen, tall, kind=STRUCK)
        if kind == 0 and rng.random() < 0.3:
            self.stroke(_shaky(level, 0.1 * tall, rng), pen, tall, kind=STRUCK)

    def circle(self, box: Rectangle, tall: Px, pen: Pen) -> None:
        """Draw a ring around a box."""
        left, top, right, bottom = box
        turn = np.linspace(0, 2 * np.pi * self.rng.uniform(0.9, 1.1), 24) + self.rng.uniform(0, 6)
        x = (left + right) / 2 + ((right - left) / 2 + 0.35 * tall) * np.cos(turn)
        y = (top + bottom) / 2 + ((bottom - top) / 2 + 0.3 * tall) * np.sin(turn)
        self.stroke(np.stack([x, y], axis=1), pen, tall)

    def tick(self, x: Px, y: Px, tall: Px, pen: Pen) -> None:
        """Write a mark that is not a digit: a tick, cross, dash, slash, ring or dot."""
        rng = self.rng
        marks = (
            [
                [
                    (x, y + 0.55 * tall),
                    (x + 0.25 * tall, y + tall),
                    (x + 0.35 * tall, y + 0.8 * tall),
                    (x + 0.95 * tall, y - 0.1 * tall),
                ]
            ],
            [
                _shaky([(x, y), (x + 0.8 * tall, y + 0.9 * tall)], 1, rng),
                _shaky([(x + 0.8 * tall, y), (x, y + 0.9 * tall)], 1, rng),
            ],
            [
                _shaky(
                    [
                        (x, y + tall / 2),
                        (x + rng.uniform(0.4, 1.6) * tall, y + rng.uniform(0.4, 0.6) * tall),
                    ],
                    1,
                    rng,
                )
            ],
            [_shaky([(x, y + tall), (x + rng.uniform(0.3, 1.5) * tall, y)], 1, rng)],
        )
        kind = int(rng.choice(5, p=[0.35, 0.2, 0.18, 0.17, 0.1]))
        if kind == 4:
            self.circle((x, y, x + tall, y + tall), 0.2 * tall, pen)
            return
        for points in marks[kind]:
            self.stroke(points, pen, tall)

    def scribble(self, x: Px, y: Px, width: Px, tall: Px, pen: Pen) -> None:
        """Write a signature or a doodle."""
        rng = self.rng
        n = int(rng.integers(5, 20))
        along = np.linspace(x, x + width, n) + rng.normal(0, 0.08 * width, n)
        down = y + tall / 2 + rng.normal(0, 0.3 * tall, n)
        self.stroke(np.stack([along, down], axis=1), pen, min(tall, 40.0))


def encode_height(tall: Px) -> int:
    """Return the height map's value for digits of `tall` px; 0 means no digit."""
    return int(np.clip(round(HEIGHT_STEP * np.log2(max(tall, 1.0) / HEIGHT_BASE)), 1, 255))


def random_word(rng: np.random.Generator) -> str:
    """Return a random word of a form."""
    return WORDS[rng.integers(len(WORDS))]


def random_letters(rng: np.random.Generator) -> str:
    """Return random letters for a cell: a grade, "AB", an abbreviation."""
    kind = rng.random()
    if kind < 0.5:
        return "ABCDEFabcdef"[rng.integers(12)] + ("", "", "+", "-")[rng.integers(4)]
    if kind < 0.65:
        return ("AB", "ab", "NA", "Abs", "P", "F", "OK", "n", "ja", "x")[rng.integers(10)]
    if kind < 0.85:
        return "ACDEFGHJKLMNPRTUVWXYadefhkmnprtuvwxy"[rng.integers(36)]
    return "".join(string.ascii_uppercase[i] for i in rng.integers(0, 26, 3))


def _runs(boxes: Sequence[Rectangle], apart: Px) -> list[list[Rectangle]]:
    """Split boxes from left to right where the gap is at least `apart` px."""
    runs = [[boxes[0]]]
    for before, box in pairwise(boxes):
        if box[0] - before[0] - before[2] < apart:
            runs[-1].append(box)
        else:
            runs.append([box])
    return runs


def _tokens(text: str) -> list[str]:
    """Split text so that numbers are separate tokens."""
    tokens: list[str] = []
    for word in text.split():
        plain = word.strip(".,%-/").isdigit()
        if tokens and not plain and not tokens[-1].strip(".,%-/").isdigit():
            tokens[-1] += " " + word
        else:
            tokens.append(word)
    return tokens


def _shaky(ends: Sequence[tuple[Px, Px]], by: Px, rng: np.random.Generator) -> np.ndarray:
    """Return points along a hand-drawn straight line: (6, 2)."""
    share = np.linspace(0, 1, 6)[:, None]
    start, end = np.array(ends[0]), np.array(ends[-1])
    return start * (1 - share) + end * share + rng.normal(0, max(by, 0.1), (6, 2))
