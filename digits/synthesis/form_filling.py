"""Fill in composed forms by hand, with corrections as people make them."""

from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np

from digits.arrays import UInt8
from digits.mnist import Labelled
from digits.synthesis.page_forms import ComposedForm, PlannedField, inked
from digits.synthesis.page_ink import trim
from digits.types import Box

INSIDE = 0.62  # of a box's height: how tall digits are written
TALLEST = 44.0  # px: digits on a line
ABOVE = 0.5  # of a cell's height: a digit written above one that is struck out
WRITTEN_OVER = 0.4  # share of corrections that are written over, or blotted out


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
    pen = _Pen(np.zeros(form.print_.shape, np.uint8), digits, rng)
    values = _choose_values(form.fields, rng, empty)
    changed = set()
    for each in form.fields:
        value = values[each.name]
        is_corrected = bool(corrected and value not in ("", "no") and rng.random() < corrected)
        pen.write(each, value, is_corrected=is_corrected)
        if is_corrected:
            changed.add(each.name)
            if each.kind == "tick":
                values[each.name] = "no"
    level = int(rng.choice([25, 45, 70, 95]))
    return FilledForm(inked(form.page, pen.ink, level), values, frozenset(changed))


def written_of(each: PlannedField, value: str) -> str:
    """Return the digits to write for a value; a date as day, month and year."""
    if each.kind == "date" and value:
        year, month, day = value.split("-")
        return f"{day}{month}{year}"
    return value


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


@dataclass(frozen=True, slots=True)
class _Pen:
    """Handwriting on a page."""

    ink: np.ndarray  # uint8, (h, w): 255 full ink
    digits: Labelled
    rng: np.random.Generator

    def write(self, each: PlannedField, value: str, *, is_corrected: bool) -> None:
        """Write the value of a field, perhaps after something wrong."""
        text = written_of(each, value)
        if each.kind == "tick":
            self._write_tick(each.box, value, is_corrected=is_corrected)
        elif is_corrected and (each.cells or each.kind == "digit"):
            self._correct_cell(each.cells[-len(text) :] or (each.box,), text)
        elif is_corrected:
            self._correct_line(each.box, text)
        elif each.cells:
            for cell, sign in zip(each.cells[-len(text) :] if text else (), text, strict=True):
                self._write_in_cell(cell, sign)
        else:
            widest = each.box.width / (0.5 + max(1, len(text)))
            tall = min(each.box.height * INSIDE, TALLEST, widest)
            self._write_line(each.box, float(each.box.x), text, tall)

    def _write_tick(self, box: Box, value: str, *, is_corrected: bool) -> None:
        if value == "yes":
            self._tick(box)
        if is_corrected:
            self._scribble(box)

    def _correct_cell(self, cells: Sequence[Box], text: str) -> None:
        """Write one digit wrong, and write the right one over it or above it."""
        at = int(self.rng.integers(0, len(cells)))
        for i, (cell, sign) in enumerate(zip(cells, text, strict=True)):
            self._write_in_cell(cell, self._another(sign) if i == at else sign)
        if self.rng.random() < WRITTEN_OVER:
            self._write_in_cell(cells[at], text[at])
        else:
            self._strike(cells[at])
            small = self._digit(text[at], ABOVE * cells[at].height)
            self._paste(small, cells[at].x + 4.0, cells[at].y - 0.8 * small.shape[0])

    def _correct_line(self, box: Box, text: str) -> None:
        """Write a wrong number, strike it out, and write the right one beside it."""
        tall = min(box.height * INSIDE, TALLEST, box.width / (1.5 + 2 * len(text)))
        wrong = "".join(sign if sign == "." else self._another(sign) for sign in text)
        end = self._write_line(box, float(box.x), wrong, tall)
        around = Box(box.x, round(box.y + (box.height - tall) / 2), round(end - box.x), round(tall))
        if self.rng.random() < WRITTEN_OVER:
            self._scribble(around)
        else:
            self._strike(around)
        self._write_line(box, end, text, tall)

    def _write_in_cell(self, cell: Box, sign: str) -> None:
        tall = cell.height * INSIDE * self.rng.uniform(0.9, 1.1)
        drawn = self._digit(sign, tall)
        x = cell.x + (cell.width - drawn.shape[1]) / 2 + self.rng.normal(0, 2)
        self._paste(drawn, x, cell.y + (cell.height - drawn.shape[0]) / 2 + self.rng.normal(0, 2))

    def _write_line(self, box: Box, left: float, text: str, tall: float) -> float:
        """Write a number into a box from `left` on; return where it ends."""
        x = left + self.rng.uniform(0.25, 0.6) * tall
        foot = box.y + box.height * 0.5 + tall / 2 + self.rng.normal(0, 2)
        for sign in text:
            if sign == ".":
                drawn = np.full((5, 5), 255, np.uint8)
                self._paste(drawn, x, foot - 4)
            else:
                drawn = self._digit(sign, tall * self.rng.uniform(0.93, 1.07))
                self._paste(drawn, x, foot - drawn.shape[0])
            x += drawn.shape[1] + tall * self.rng.uniform(0.12, 0.25)
        return float(x)

    def _another(self, sign: str) -> str:
        return str((int(sign) + int(self.rng.integers(1, 10))) % 10)

    def _strike(self, box: Box) -> None:
        """Draw one or two strokes through what stands in a box."""
        thick = int(self.rng.integers(2, 5))
        for _ in range(int(self.rng.integers(1, 3))):
            rise = self.rng.uniform(-0.4, 0.4)
            left = round(box.x + 0.1 * box.width), round(box.y + (0.5 + rise) * box.height)
            right = round(box.x + 0.9 * box.width), round(box.y + (0.5 - rise) * box.height)
            cv2.line(self.ink, left, right, 255, thick, cv2.LINE_AA)

    def _scribble(self, box: Box) -> None:
        """Blot out what stands in a box by going to and fro."""
        thick = int(self.rng.integers(3, 5))
        n = max(5, round(box.width / (1.6 * thick)))
        x = np.linspace(box.x + 2, box.right - 2, n)
        y = np.where(np.arange(n) % 2, box.y + 2, box.bottom - 2) + self.rng.normal(0, 2, n)
        points = np.stack([x, y], axis=1).round().astype(np.int32)
        cv2.polylines(self.ink, [points], False, 255, thick, cv2.LINE_AA)

    def _digit(self, sign: str, tall: float) -> np.ndarray:
        """Return a digit of MNIST about `tall` px high, with sharp strokes."""
        chosen = int(self.rng.choice(np.flatnonzero(self.digits.labels == int(sign))))
        cut = trim(self.digits.pictures[chosen])
        if cut is None:
            return np.zeros((1, 1), np.uint8)
        scale = tall / max(cut.shape[0], 0.6 * cut.shape[1])
        size = max(2, round(cut.shape[1] * scale)), max(2, round(cut.shape[0] * scale))
        big = cv2.resize(cut, size, interpolation=cv2.INTER_CUBIC)
        return cv2.convertScaleAbs(cv2.subtract(big, 70), alpha=2.2)

    def _tick(self, box: Box) -> None:
        """Draw a tick or a cross in a box, perhaps over its border."""
        side, thick = box.width, int(self.rng.integers(2, 5))

        def at(x: float, y: float) -> tuple[int, int]:
            shift = self.rng.normal(0, 0.06, 2)
            return round(box.x + (x + shift[0]) * side), round(box.y + (y + shift[1]) * side)

        if self.rng.random() < 0.5:
            first, second, third = at(0.15, 0.55), at(0.42, 0.85), at(1.05, 0.0)
            cv2.line(self.ink, first, second, 255, thick, cv2.LINE_AA)
            cv2.line(self.ink, second, third, 255, thick, cv2.LINE_AA)
        else:
            cv2.line(self.ink, at(0.1, 0.1), at(0.9, 0.9), 255, thick, cv2.LINE_AA)
            cv2.line(self.ink, at(0.9, 0.1), at(0.1, 0.9), 255, thick, cv2.LINE_AA)

    def _paste(self, ink: np.ndarray, x: float, y: float) -> None:
        left, top = max(0, round(x)), max(0, round(y))
        part = self.ink[top : top + ink.shape[0], left : left + ink.shape[1]]
        np.maximum(part, ink[: part.shape[0], : part.shape[1]], out=part)
