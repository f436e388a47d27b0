"""Compose forms with known fields."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace

import cv2
import numpy as np

from digits.arrays import UInt8
from digits.synthesis.page_ink import WORDS, print_text
from digits.types import Box

PAGE = (1240, 1754)  # px, A4 at 150 dots per inch


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
        return inked(np.full(self.print_.shape, 250.0), self.print_, self.shade)


def compose_form(layout: int, seed: int = 0) -> ComposedForm:
    """Return one of the ten layouts; another seed prints other words."""
    draw, size = LAYOUTS[layout]
    rng = np.random.default_rng([layout, seed])
    plan = Plan(size, rng, FONTS[(layout + seed) % len(FONTS)])
    draw(plan)
    return ComposedForm(plan.ink, plan.shade, tuple(plan.fields))


def inked(page: np.ndarray, ink: np.ndarray, level: int) -> np.ndarray:
    """Return a page with ink of a grey level over it."""
    share = ink.astype(np.float64) / 255
    return np.clip(page * (1 - share) + np.minimum(page, level) * share, 0, 255).astype(np.uint8)
