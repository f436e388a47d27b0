"""Compose forms with known fields, fill them in, and photograph them."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace

import cv2
import numpy as np

from digits.arrays import Float64, UInt8
from digits.mnist import Labelled
from digits.synthesis.page_camera import clouds, desk
from digits.synthesis.page_ink import WORDS, print_text, trim
from digits.types import Box

PAGE = (1240, 1754)  # px, A4 at 150 dots per inch
INSIDE = 0.62  # of a box's height: how tall digits are written
TALLEST = 44.0  # px: digits on a line
ABOVE = 0.5  # of a cell's height: a digit written above one that is struck out
WRITTEN_OVER = 0.4  # share of corrections that are written over, or blotted out
AWAY = 2.2  # page heights: distance of the camera


@dataclass(frozen=True, slots=True)
class PlannedField:
    """One field of a form."""

    name: str
    kind: str  # number, identifier, date, mark, decimal, tick or digit
    box: Box  # px of the page
    length: int | None = None
    maximum: int | None = None
    cells: tuple[Box, ...] = ()
    total_of: tuple[str, ...] = ()


@dataclass
class Plan:
    """A form being drawn: its print and its fields."""

    size: tuple[int, int]  # px, width and height
    rng: np.random.Generator
    font: str
    ink: np.ndarray = field(init=False)  # uint8, (h, w): 255 full print
    shade: int = 30  # grey level of the print
    fields: list[PlannedField] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.ink = np.zeros((self.size[1], self.size[0]), np.uint8)

    def text(self, x: int, y: int, text: str, size: int = 22, font: str | None = None) -> int:
        """Print text with its top left corner at x, y; return its right end."""
        drawn = print_text(text, font or self.font, size)
        if drawn is None:
            return x
        h, w = drawn.shape
        h, w = min(h, self.size[1] - y), min(w, self.size[0] - x)
        part = self.ink[y : y + h, x : x + w]
        np.maximum(part, drawn[:h, :w], out=part)
        return x + w

    def words(self, x: int, y: int, width: int, lines: int, size: int = 18) -> None:
        """Print a paragraph."""
        for i in range(lines):
            line = ""
            while len(line) * size * 0.55 < width * (0.6 if i == lines - 1 else 0.92):
                line += str(self.rng.choice(WORDS)) + " "
            self.text(x, y + round(i * size * 1.5), line.strip(), size)

    def line(self, x0: int, y0: int, x1: int, y1: int, thick: int = 2) -> None:
        """Print a rule."""
        cv2.line(self.ink, (x0, y0), (x1, y1), 255, thick)

    def frame(self, box: Box, thick: int = 2) -> None:
        """Print the border of a box."""
        corners = (box.x, box.y), (box.right, box.bottom)
        cv2.rectangle(self.ink, *corners, 255, thick)

    def comb(
        self, x: int, y: int, n: int, side: tuple[int, int], name: str, kind: str, gap: int = 0
    ) -> int:
        """Print boxes for one digit each; return where they end."""
        wide, high = side
        cells = tuple(Box(x + i * (wide + gap), y, wide, high) for i in range(n))
        for cell in cells:
            self.frame(cell)
        self.fields.append(PlannedField(name, kind, Box.around(cells), n, cells=cells))
        return cells[-1].right

    def blank(self, box: Box, name: str, kind: str, length: int | None = None) -> None:
        """Print a line to write on."""
        self.line(box.x, box.bottom, box.right, box.bottom)
        self.fields.append(PlannedField(name, kind, box, length))

    def boxed(self, box: Box, name: str, kind: str, maximum: int | None = None) -> None:
        """Print a box to write in."""
        self.frame(box)
        self.fields.append(PlannedField(name, kind, box, None, maximum))

    def add_up(self, names: Sequence[str]) -> None:
        """Make the last field the sum of others."""
        self.fields[-1] = replace(self.fields[-1], total_of=tuple(names))

    def tick(self, x: int, y: int, side: int, name: str) -> None:
        """Print a small box to tick."""
        self.boxed(Box(x, y, side, side), name, "tick")


def _exam_cover(plan: Plan) -> None:
    plan.text(90, 80, "Final examination", 44)
    plan.text(90, 150, "Data structures and algorithms, part one", 26)
    plan.words(90, 210, 1060, 5)
    plan.text(90, 375, "Student number")
    plan.comb(340, 360, 9, (52, 58), "student", "identifier")
    plan.text(90, 465, "Date of birth")
    plan.comb(340, 450, 8, (52, 58), "born", "date")
    plan.text(90, 600, "Question")
    plan.text(420, 600, "Points")
    names = []
    for i in range(8):
        y = 640 + i * 70
        plan.text(100, y + 22, f"{i + 1}. {WORDS[(7 * i) % len(WORDS)]}")
        plan.frame(Box(90, y, 300, 70))
        names.append(f"q{i + 1}")
        plan.boxed(Box(390, y, 180, 70), names[-1], "mark", maximum=20)
        plan.words(620, y + 14, 520, 2, 16)
    plan.text(100, 1222, "Total", 26)
    plan.boxed(Box(390, 1200, 180, 70), "total", "mark", maximum=160)
    plan.add_up(names)
    plan.words(90, 1340, 1060, 8)


def _membership(plan: Plan) -> None:
    plan.text(90, 80, "Membership application", 40)
    plan.words(90, 160, 1060, 4, 17)
    plan.text(90, 300, "Member number")
    plan.comb(90, 335, 8, (48, 56), "member", "identifier", gap=10)
    plan.text(700, 300, "Joined on")
    plan.comb(700, 335, 8, (48, 56), "joined", "date")
    for i, label in enumerate(("Telephone", "Postcode", "Age")):
        y = 470 + 110 * i
        plan.text(90, y + 30, label)
        kind, n, wide = (("identifier", 10, 520), ("identifier", 5, 300), ("number", None, 200))[i]
        plan.blank(Box(300, y, wide, 64), label.lower(), kind, n)
    plan.text(90, 850, "Please tick what applies", 26)
    for i in range(6):
        plan.tick(100, 920 + 70 * i, 34, f"interest {i + 1}")
        plan.words(160, 924 + 70 * i, 600, 1)
    plan.words(90, 1400, 1060, 8, 16)


def _meter_card(plan: Plan) -> None:
    plan.text(60, 50, "Water meter reading", 38)
    plan.words(60, 120, 700, 3, 17)
    plan.text(60, 270, "Meter number")
    plan.comb(60, 305, 7, (56, 64), "meter", "identifier")
    plan.text(60, 410, "Reading in cubic metres")
    plan.comb(60, 445, 6, (64, 74), "reading", "number", gap=6)
    plan.text(60, 560, "Read on")
    plan.comb(60, 595, 8, (56, 64), "read on", "date")
    plan.text(700, 270, "Tick if estimated")
    plan.tick(700, 310, 40, "estimated")
    plan.words(620, 420, 560, 7, 16)


def _answer_sheet(plan: Plan) -> None:
    plan.text(90, 70, "Answer sheet B", 42)
    plan.words(90, 150, 1060, 3)
    plan.text(90, 280, "Roll number", 24)
    plan.comb(330, 265, 6, (56, 62), "roll", "identifier")
    for i in range(30):
        x, y = 110 + 370 * (i // 10), 400 + 110 * (i % 10)
        plan.text(x, y + 22, f"{i + 1}", 26)
        plan.boxed(Box(x + 80, y, 66, 66), f"answer {i + 1}", "digit")
        plan.words(x + 165, y + 8, 150, 2, 14)
    plan.words(90, 1560, 1060, 4)


def _laboratory(plan: Plan) -> None:
    plan.text(90, 70, "Laboratory record", 40)
    plan.words(90, 140, 800, 3)
    plan.text(90, 280, "Sample")
    plan.boxed(Box(260, 262, 300, 66), "sample", "identifier", 6)
    heads = ("pH", "Temperature", "Mass / g")
    for c, head in enumerate(heads):
        plan.text(330 + 280 * c, 400, head)
    for r in range(10):
        y = 440 + 76 * r
        plan.text(100, y + 24, f"Reading {r + 1}")
        plan.frame(Box(90, y, 220, 76))
        for c in range(3):
            plan.boxed(Box(310 + 280 * c, y, 280, 76), f"{heads[c][:4]} {r + 1}", "decimal")
    plan.words(90, 1280, 1060, 10)


def _survey(plan: Plan) -> None:
    plan.text(90, 70, "Customer survey", 40)
    plan.words(90, 150, 1060, 3)
    plan.text(90, 300, "Your age")
    plan.blank(Box(260, 270, 160, 62), "age", "number")
    plan.text(520, 300, "Branch")
    plan.comb(650, 275, 4, (50, 58), "branch", "identifier")
    for r in range(12):
        y = 430 + 80 * r
        plan.words(90, y + 6, 560, 1)
        for c in range(5):
            plan.tick(720 + 90 * c, y, 32, f"question {r + 1} {c + 1}")
    plan.words(90, 1450, 1060, 6)


def _expenses(plan: Plan) -> None:
    plan.text(90, 70, "Expense claim", 40)
    plan.text(90, 140, "Staff number")
    plan.blank(Box(300, 110, 360, 62), "staff", "identifier", 6)
    names = []
    for r in range(9):
        y = 260 + 92 * r
        plan.words(90, y + 24, 600, 1)
        names.append(f"item {r + 1}")
        plan.blank(Box(780, y, 300, 66), names[-1], "number")
    plan.text(600, 1150, "Total", 28)
    plan.boxed(Box(780, 1120, 300, 72), "total", "number")
    plan.add_up(names)
    plan.words(90, 1300, 1060, 10)


def _timesheet(plan: Plan) -> None:
    plan.text(90, 70, "Time sheet", 44)
    plan.text(90, 160, "Worker")
    plan.comb(240, 145, 5, (52, 60), "worker", "identifier")
    plan.text(640, 160, "Week")
    plan.boxed(Box(740, 145, 120, 62), "week", "number")
    for r, day in enumerate(("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday")):
        y = 330 + 84 * r
        plan.frame(Box(90, y, 240, 84))
        plan.text(104, y + 28, day)
        for c in range(4):
            plan.boxed(Box(330 + 190 * c, y, 190, 84), f"{day[:3]} {c + 1}", "decimal")
    plan.text(330, 290, "Morning")
    plan.text(520, 290, "Noon")
    plan.text(710, 290, "Evening")
    plan.text(900, 290, "Night")
    plan.words(90, 920, 1060, 12)


def _admission(plan: Plan) -> None:
    plan.shade = 120
    plan.text(90, 70, "Admission record", 40)
    plan.words(90, 150, 1060, 4)
    plan.text(90, 320, "Patient")
    plan.comb(240, 300, 10, (54, 62), "patient", "identifier")
    plan.text(90, 420, "Admitted")
    plan.comb(240, 400, 8, (54, 62), "admitted", "date", gap=8)
    for i, label in enumerate(("Pulse", "Systolic", "Diastolic", "Weight")):
        x, y = 90 + 560 * (i % 2), 540 + 110 * (i // 2)
        plan.text(x, y + 22, label)
        plan.boxed(Box(x + 190, y, 200, 70), label.lower(), "decimal" if i == 3 else "number")
    for i in range(8):
        x, y = 100 + 560 * (i % 2), 820 + 80 * (i // 2)
        plan.tick(x, y, 36, f"condition {i + 1}")
        plan.words(x + 60, y + 6, 380, 1)
    plan.words(90, 1200, 1060, 14)


def _score_card(plan: Plan) -> None:
    plan.text(60, 60, "Score card", 52)
    plan.text(60, 160, "Player", 28)
    plan.comb(220, 140, 4, (70, 80), "player", "identifier", gap=12)
    for i in range(9):
        x = 60 + 120 * i
        plan.text(x + 40, 300, str(i + 1), 34)
        plan.boxed(Box(x, 350, 110, 110), f"hole {i + 1}", "number")
    plan.text(60, 560, "Marker", 28)
    plan.tick(260, 550, 44, "marked")
    plan.words(420, 540, 700, 4, 20)


LAYOUTS: tuple[tuple[Callable[[Plan], None], tuple[int, int]], ...] = (
    (_exam_cover, PAGE),
    (_membership, PAGE),
    (_meter_card, (1240, 720)),
    (_answer_sheet, PAGE),
    (_laboratory, PAGE),
    (_survey, PAGE),
    (_expenses, PAGE),
    (_timesheet, PAGE),
    (_admission, PAGE),
    (_score_card, (1240, 720)),
)
FONTS = ("DejaVuSans", "DejaVuSerif", "STIXGeneral", "cmr10", "cmss10", "DejaVuSans-Bold")


@dataclass(frozen=True, slots=True)
class ComposedForm:
    """A form's print and its fields."""

    print_: UInt8[np.ndarray, "h w"]  # 255 full print
    shade: int  # grey level of the print
    fields: tuple[PlannedField, ...]

    @property
    def page(self) -> UInt8[np.ndarray, "h w"]:
        """The empty form as a clean scan."""
        return _inked(np.full(self.print_.shape, 250.0), self.print_, self.shade)


def compose_form(layout: int, seed: int = 0) -> ComposedForm:
    """Return one of the ten layouts; another seed prints other words."""
    draw, size = LAYOUTS[layout]
    rng = np.random.default_rng([layout, seed])
    plan = Plan(size, rng, FONTS[(layout + seed) % len(FONTS)])
    draw(plan)
    return ComposedForm(plan.ink, plan.shade, tuple(plan.fields))


@dataclass(frozen=True, slots=True)
class FilledForm:
    """A filled form."""

    page: UInt8[np.ndarray, "h w"]
    values: dict[str, str]  # by name of the field; empty if nothing is written
    corrected: frozenset[str] = frozenset()  # fields that the writer struck out or wrote over


def fill_form(
    form: ComposedForm,
    digits: Labelled,
    rng: np.random.Generator,
    *,
    empty: float = 0.05,
    corrected: float = 0.0,
) -> FilledForm:
    """Write into a form.

    Parameters
    ----------
    digits : whose handwriting
    empty : share of the fields that are left empty
    corrected : share of the others that the writer got wrong at first: the wrong digits are struck
        out or written over, and a box that was ticked is blotted out
    """
    hand = np.zeros(form.print_.shape, np.uint8)
    values = _choose_values(form.fields, rng, empty)
    changed = set()
    for each in form.fields:
        value = values[each.name]
        if corrected and value not in ("", "no") and rng.random() < corrected:
            changed.add(each.name)
            _write_corrected(hand, each, value, digits, rng)
            if each.kind == "tick":
                values[each.name] = "no"
        else:
            _write(hand, each, value, digits, rng)
    page = _inked(np.full(hand.shape, 250.0), form.print_, form.shade)
    level = int(rng.choice([25, 45, 70, 95]))
    return FilledForm(_inked(page.astype(np.float64), hand, level), values, frozenset(changed))


def _inked(page: np.ndarray, ink: np.ndarray, level: int) -> np.ndarray:
    share = ink.astype(np.float64) / 255
    return np.clip(page * (1 - share) + np.minimum(page, level) * share, 0, 255).astype(np.uint8)


def _choose_values(
    fields: Sequence[PlannedField], rng: np.random.Generator, empty: float
) -> dict[str, str]:
    values: dict[str, str] = {}
    for each in fields:
        values[each.name] = "" if rng.random() < empty else _value(each, rng)
    for each in fields:
        if each.total_of:
            values[each.name] = str(sum(int(values[name] or 0) for name in each.total_of))
    return values


def _value(each: PlannedField, rng: np.random.Generator) -> str:
    if each.kind == "tick":
        return "yes" if rng.random() < 0.4 else "no"
    if each.kind == "date":
        year, month, day = rng.integers(1950, 2030), rng.integers(1, 13), rng.integers(1, 29)
        return f"{year:04d}-{month:02d}-{day:02d}"
    if each.kind == "decimal":
        return f"{rng.integers(0, 100)}.{rng.integers(0, 10)}"
    if each.kind == "mark":
        return str(rng.integers(0, (each.maximum or 20) + 1))
    if each.kind == "digit":
        return str(rng.integers(0, 10))
    if each.kind == "number":
        return str(rng.integers(1, 10 ** (each.length or 3)))
    return "".join(str(d) for d in rng.integers(0, 10, each.length or 5))


def written_of(each: PlannedField, value: str) -> str:
    """Return the digits to write for a value; a date as day, month and year."""
    if each.kind == "date" and value:
        year, month, day = value.split("-")
        return f"{day}{month}{year}"
    return value


def _write(
    hand: np.ndarray,
    each: PlannedField,
    value: str,
    digits: Labelled,
    rng: np.random.Generator,
) -> None:
    if each.kind == "tick":
        if value == "yes":
            _tick(hand, each.box, rng)
        return
    text = written_of(each, value)
    if each.cells:
        for cell, sign in zip(each.cells[-len(text) :] if text else (), text, strict=True):
            _write_in_cell(hand, cell, sign, digits, rng)
        return
    # Limited by the width too.
    tall = min(each.box.height * INSIDE, TALLEST, each.box.width / (0.5 + max(1, len(text))))
    _write_line(hand, each.box, float(each.box.x), text, tall, digits, rng)


def _write_in_cell(
    hand: np.ndarray, cell: Box, sign: str, digits: Labelled, rng: np.random.Generator
) -> None:
    tall = cell.height * INSIDE * rng.uniform(0.9, 1.1)
    drawn = _digit(digits, sign, tall, rng)
    x = cell.x + (cell.width - drawn.shape[1]) / 2 + rng.normal(0, 2)
    _paste(hand, drawn, x, cell.y + (cell.height - drawn.shape[0]) / 2 + rng.normal(0, 2))


def _write_line(
    hand: np.ndarray,
    box: Box,
    left: float,
    text: str,
    tall: float,
    digits: Labelled,
    rng: np.random.Generator,
) -> float:
    """Write a number into a box from `left` on; return where it ends."""
    x = left + rng.uniform(0.25, 0.6) * tall
    foot = box.y + box.height * 0.5 + tall / 2 + rng.normal(0, 2)
    for sign in text:
        if sign == ".":
            drawn = np.full((5, 5), 255, np.uint8)
            _paste(hand, drawn, x, foot - 4)
        else:
            drawn = _digit(digits, sign, tall * rng.uniform(0.93, 1.07), rng)
            _paste(hand, drawn, x, foot - drawn.shape[0])
        x += drawn.shape[1] + tall * rng.uniform(0.12, 0.25)
    return float(x)


def _write_corrected(
    hand: np.ndarray,
    each: PlannedField,
    value: str,
    digits: Labelled,
    rng: np.random.Generator,
) -> None:
    """Write something wrong, strike it out or write over it, and write what is right."""
    if each.kind == "tick":
        _tick(hand, each.box, rng)
        _scribble(hand, each.box, rng)
        return
    text = written_of(each, value)
    box = each.box
    if each.cells or each.kind == "digit":
        cells = each.cells[-len(text) :] if each.cells else (box,)
        at = int(rng.integers(0, len(cells)))
        for i, (cell, sign) in enumerate(zip(cells, text, strict=True)):
            _write_in_cell(hand, cell, _another(sign, rng) if i == at else sign, digits, rng)
        if rng.random() < WRITTEN_OVER:
            _write_in_cell(hand, cells[at], text[at], digits, rng)
        else:
            _strike(hand, cells[at], rng)
            small = _digit(digits, text[at], ABOVE * cells[at].height, rng)
            _paste(hand, small, cells[at].x + 4.0, cells[at].y - 0.8 * small.shape[0])
        return
    # The wrong number, struck out, and the right one beside it.
    tall = min(box.height * INSIDE, TALLEST, box.width / (1.5 + 2 * len(text)))
    wrong = "".join(sign if sign == "." else _another(sign, rng) for sign in text)
    end = _write_line(hand, box, float(box.x), wrong, tall, digits, rng)
    around = Box(box.x, round(box.y + (box.height - tall) / 2), round(end - box.x), round(tall))
    if rng.random() < WRITTEN_OVER:
        _scribble(hand, around, rng)
    else:
        _strike(hand, around, rng)
    _write_line(hand, box, end, text, tall, digits, rng)


def _another(sign: str, rng: np.random.Generator) -> str:
    return str((int(sign) + int(rng.integers(1, 10))) % 10)


def _strike(hand: np.ndarray, box: Box, rng: np.random.Generator) -> None:
    """Draw one or two strokes through what stands in a box."""
    thick = int(rng.integers(2, 5))
    for _ in range(int(rng.integers(1, 3))):
        rise = rng.uniform(-0.4, 0.4)
        left = round(box.x + 0.1 * box.width), round(box.y + (0.5 + rise) * box.height)
        right = round(box.x + 0.9 * box.width), round(box.y + (0.5 - rise) * box.height)
        cv2.line(hand, left, right, 255, thick, cv2.LINE_AA)


def _scribble(hand: np.ndarray, box: Box, rng: np.random.Generator) -> None:
    """Blot out what stands in a box by going to and fro."""
    thick = int(rng.integers(3, 5))
    n = max(5, round(box.width / (1.6 * thick)))
    x = np.linspace(box.x + 2, box.right - 2, n)
    y = np.where(np.arange(n) % 2, box.y + 2, box.bottom - 2) + rng.normal(0, 2, n)
    points = np.stack([x, y], axis=1).round().astype(np.int32)
    cv2.polylines(hand, [points], False, 255, thick, cv2.LINE_AA)


def _digit(digits: Labelled, sign: str, tall: float, rng: np.random.Generator) -> np.ndarray:
    """Return a digit of MNIST about `tall` px high, with sharp strokes."""
    chosen = int(rng.choice(np.flatnonzero(digits.labels == int(sign))))
    cut = trim(digits.pictures[chosen])
    if cut is None:
        return np.zeros((1, 1), np.uint8)
    scale = tall / max(cut.shape[0], 0.6 * cut.shape[1])
    size = max(2, round(cut.shape[1] * scale)), max(2, round(cut.shape[0] * scale))
    big = cv2.resize(cut, size, interpolation=cv2.INTER_CUBIC)
    return cv2.convertScaleAbs(cv2.subtract(big, 70), alpha=2.2)


def _tick(hand: np.ndarray, box: Box, rng: np.random.Generator) -> None:
    """Draw a tick or a cross in a box, perhaps over its border."""
    side, thick = box.width, int(rng.integers(2, 5))

    def at(x: float, y: float) -> tuple[int, int]:
        shift = rng.normal(0, 0.06, 2)
        return round(box.x + (x + shift[0]) * side), round(box.y + (y + shift[1]) * side)

    if rng.random() < 0.5:
        first, second, third = at(0.15, 0.55), at(0.42, 0.85), at(1.05, 0.0)
        cv2.line(hand, first, second, 255, thick, cv2.LINE_AA)
        cv2.line(hand, second, third, 255, thick, cv2.LINE_AA)
    else:
        cv2.line(hand, at(0.1, 0.1), at(0.9, 0.9), 255, thick, cv2.LINE_AA)
        cv2.line(hand, at(0.9, 0.1), at(0.1, 0.9), 255, thick, cv2.LINE_AA)


def _paste(hand: np.ndarray, ink: np.ndarray, x: float, y: float) -> None:
    left, top = max(0, round(x)), max(0, round(y))
    part = hand[top : top + ink.shape[0], left : left + ink.shape[1]]
    np.maximum(part, ink[: part.shape[0], : part.shape[1]], out=part)


# The camera.


@dataclass(frozen=True, slots=True)
class Photo:
    """A photograph of a page, and the homography of its points."""

    pixels: UInt8[np.ndarray, "h w"]
    to_photo: Float64[np.ndarray, "3 3"]  # homography from px of the page to px of the photo
    quarters: int  # by which the page was turned to the right
    bend: "Bend | None" = None  # of the paper; None: it lies flat

    def place(self, points: np.ndarray) -> np.ndarray:
        """Return where points of the page, in px of it, lie on the photo: (n, 2) -> (n, 2)."""
        flat = points if self.bend is None else self.bend.move(points)
        x, y, scale = self.to_photo @ np.column_stack([flat, np.ones(len(flat))]).T
        return np.stack([x / scale, y / scale], axis=1)


@dataclass(frozen=True, slots=True)
class Bend:
    """Waves of a paper that does not lie flat: what stands at x, y is seen a little beside it."""

    size: tuple[int, int]  # px of the page
    by: tuple[float, float]  # px by which points move across and down
    waves: tuple[float, float]  # half waves over the page's height, and over its width
    phases: tuple[float, float]

    def shift(self, points: np.ndarray) -> np.ndarray:
        """Return what is seen at points, less the points: (..., 2) -> (..., 2)."""
        width, height = self.size
        turns = points[..., ::-1] / np.array([height, width]) * np.pi * np.array(self.waves)
        return np.array(self.by) * np.sin(turns + np.array(self.phases))

    def move(self, points: np.ndarray) -> np.ndarray:
        """Return where points of the flat page are seen: (n, 2) -> (n, 2)."""
        seen = points.astype(np.float64)
        for _ in range(4):  # a fixed point; the waves are long
            seen = points - self.shift(seen)
        return seen


@dataclass(frozen=True, slots=True)
class Shot:
    """Parameters of a photograph."""

    tilt: float = 0.0  # degrees, at most, in any direction
    lean: float = 0.0  # degrees by which the page is turned, at most
    quarters: int = 0  # further quarter turns to the right
    pixels: int = 2_000_000  # px of the photograph
    crop: float = 0.0  # of a side, at most, that is cut off
    bend: float = 0.0  # of the page's height by which waves in the paper move its points
    shadow: bool = False
    blur: float = 0.0  # px of the photograph
    noise: float = 0.0  # grey levels


def random_shot(rng: np.random.Generator, pixels: int = 2_000_000, bend: float = 0.0) -> Shot:
    """Return random parameters of a phone photograph."""
    return Shot(
        tilt=25.0,
        lean=8.0,
        quarters=int(rng.integers(0, 4)),
        pixels=pixels,
        crop=0.04 if rng.random() < 0.3 else 0.0,
        shadow=bool(rng.random() < 0.5),
        blur=float(rng.uniform(0.3, 1.1)),
        noise=float(rng.uniform(0, 5)),
        bend=bend,
    )


def photograph(page: np.ndarray, shot: Shot, rng: np.random.Generator) -> Photo:
    """Photograph a page on a desk."""
    height, width = page.shape
    bend = _bend(shot.bend, (width, height), rng) if shot.bend else None
    if bend is not None:
        page = _bent(page, bend)
    corners = _seen(width, height, shot, rng)
    matrix = cv2.getPerspectiveTransform(
        np.array([[0, 0], [width, 0], [width, height], [0, height]], np.float32),
        corners.astype(np.float32),
    )
    low, high = corners.min(axis=0), corners.max(axis=0)
    room = (high - low) * (-shot.crop if shot.crop else rng.uniform(0.02, 0.08))
    low, high = low - room, high + room
    scale = float(np.sqrt(shot.pixels / np.prod(high - low)))
    place = np.array([[scale, 0, -scale * low[0]], [0, scale, -scale * low[1]], [0, 0, 1]])
    matrix = place @ matrix
    size = round((high - low)[0] * scale), round((high - low)[1] * scale)
    surface = desk(size[1], size[0], rng).mean(axis=2)
    flags = cv2.INTER_AREA if scale < 1 else cv2.INTER_LINEAR
    source = page if scale >= 0.7 else cv2.GaussianBlur(page, (0, 0), 0.4 / scale)
    seen = cv2.warpPerspective(source, matrix, size, flags=flags).astype(np.float32)
    on = cv2.warpPerspective(np.full(page.shape, 255, np.uint8), matrix, size) / 255.0
    image = seen * on + surface * (1 - on)
    if shot.shadow:
        image *= _shade(size, rng)
    if shot.blur:
        image = cv2.GaussianBlur(image, (0, 0), shot.blur)
    if shot.noise:
        image = image + rng.normal(0, shot.noise, image.shape)
    # OpenCV's coordinates are those of pixel centres, boxes' those of pixel corners.
    half = np.array([[1, 0, 0.5], [0, 1, 0.5], [0, 0, 1]])
    to_photo = half @ matrix @ np.linalg.inv(half)
    return Photo(np.clip(image, 0, 255).astype(np.uint8), to_photo, shot.quarters, bend)


def _seen(width: int, height: int, shot: Shot, rng: np.random.Generator) -> np.ndarray:
    """Return the corners of a page in the picture of a tilted camera: (4, 2)."""
    tilt, way = np.radians(rng.uniform(0, shot.tilt)), rng.uniform(0, 2 * np.pi)
    flat = np.array([[-width, -height], [width, -height], [width, height], [-width, height]]) / 2
    around = np.array([[np.cos(way), -np.sin(way)], [np.sin(way), np.cos(way)]])
    points = flat @ around
    distance = AWAY * max(width, height)
    depth = distance + points[:, 1] * np.sin(tilt)
    points = np.stack([points[:, 0], points[:, 1] * np.cos(tilt)], axis=1)
    points = (points * (distance / depth)[:, None]) @ around.T
    lean = np.radians(rng.uniform(-shot.lean, shot.lean) + 90 * shot.quarters)
    turn = np.array([[np.cos(lean), np.sin(lean)], [-np.sin(lean), np.cos(lean)]])
    return points @ turn


def _bend(share: float, size: tuple[int, int], rng: np.random.Generator) -> Bend:
    """Return waves that move points by up to a share of the page's height, mostly downwards."""
    by = share * size[1]
    across, down = rng.uniform(0.0, 0.4) * by, by
    waves = rng.uniform(1, 2, 2)
    phases = rng.uniform(0, 2 * np.pi, 2)
    return Bend(
        size, (float(across), float(down)), (waves[0], waves[1]), (float(phases[0]), phases[1])
    )


def _bent(page: np.ndarray, bend: Bend) -> np.ndarray:
    """Bend the paper: (h, w) -> (h, w)."""
    height, width = page.shape
    places = np.stack(np.meshgrid(np.arange(width), np.arange(height)), axis=-1)
    x, y = np.moveaxis((places + bend.shift(places)).astype(np.float32), -1, 0)
    return cv2.remap(page, x, y, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)


def _shade(size: tuple[int, int], rng: np.random.Generator) -> np.ndarray:
    """Return uneven light with the edge of a shadow: float32, (h, w)."""
    width, height = size
    level = 1 + 0.08 * clouds(height, width, (3, 3), rng)
    angle = rng.uniform(0, 2 * np.pi)
    y = np.arange(height, dtype=np.float32)[:, None] - height * rng.uniform(0.3, 0.7)
    x = np.arange(width, dtype=np.float32)[None, :] - width * rng.uniform(0.3, 0.7)
    edge = (x * np.cos(angle) + y * np.sin(angle)) / rng.uniform(5, 40)
    shade = 1 / (1 + np.exp(-np.clip(edge, -30, 30)))
    return (level * (1 - rng.uniform(0.2, 0.5) * shade)).astype(np.float32)
