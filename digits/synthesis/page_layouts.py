"""Lay out synthetic pages: blocks such as tables, rows of boxes and fields, by kind of page."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import cv2
import numpy as np

from digits.synthesis.page_canvas import (
    DOTTED,
    DOUBLE,
    SOLID,
    Canvas,
    TrueCell,
    random_letters,
    random_word,
)
from digits.synthesis.page_ink import (
    FONTS,
    Pen,
    Px,
    Rectangle,
    choose_pen,
    pen_colour,
    print_colour,
)
from digits.types import PRINT

MOST_ROWS = 46
MOST_COLUMNS = 24
BOX_LENGTHS = (1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 12)


@dataclass(frozen=True)
class Style:
    """Print and handwriting of one page; lengths in px."""

    tall: Px  # height of a handwritten digit
    pen: Pen
    font: str
    size: Px  # of print
    ink: np.ndarray  # colour of print
    rule: np.ndarray  # colour of rules
    thick: Px  # of rules
    dashes: int  # SOLID, DOTTED or DOUBLE


@dataclass(frozen=True, slots=True)
class Area:
    """The area of a page for blocks: px of the page."""

    left: Px
    top: Px
    right: Px
    bottom: Px


Block = Callable[[Canvas, Style, Area], Px]  # draws at the area's top; returns its own bottom


def choose_style(canvas: Canvas, tall: Px) -> Style:
    """Return the print and the writer of one page."""
    rng = canvas.rng
    ink = print_colour(rng)
    return Style(
        tall=tall,
        pen=choose_pen(canvas.bank, rng),
        font=FONTS[rng.integers(len(FONTS))],
        size=float(np.clip(tall * rng.uniform(0.4, 1.25), 8, 60)),
        ink=ink,
        rule=ink if rng.random() < 0.5 else _rule_colour(rng),
        thick=float(rng.choice([1, 1.4, 2, 3, 4, 6], p=[0.36, 0.18, 0.24, 0.13, 0.06, 0.03])),
        dashes=int(rng.choice([SOLID, DOTTED, DOUBLE], p=[0.88, 0.09, 0.03])),
    )


def _rule_colour(rng: np.random.Generator) -> np.ndarray:
    """Return the colour of rules: as print, or faint."""
    colour = print_colour(rng, 0.45)
    if rng.random() < 0.4:
        faint = rng.uniform(0.3, 0.75)
        colour = (colour * (1 - faint) + 245 * faint).astype(np.uint8)
    return colour


# ------------------------------------------------------------------------------------- numbers


def random_digits(rng: np.random.Generator, length: int) -> str:
    """Return digits; round, repeated and zero-filled numbers are frequent."""
    kind = rng.random()
    if kind < 0.06:
        return str(rng.integers(10)) * length
    digits = "".join(str(d) for d in rng.integers(0, 10, length))
    if kind < 0.14:
        return ("0" * int(rng.integers(1, 3)) + digits)[:length]
    if kind < 0.22:
        zeros = int(rng.integers(1, 4))
        return (digits[: max(1, length - zeros)] + "000")[:length]
    if kind < 0.3:
        return "".join("1" if rng.random() < 0.6 else d for d in digits)
    return digits


def random_number(rng: np.random.Generator) -> str:
    """Return a number, usually a whole one."""
    length = int(rng.choice([1, 2, 3, 4, 5, 6, 9], p=[0.2, 0.31, 0.2, 0.13, 0.08, 0.05, 0.03]))
    digits = random_digits(rng, length)
    kind = rng.random()
    if kind < 0.12 and length > 1:
        place = int(rng.integers(1, length))
        return digits[:place] + ("." if rng.random() < 0.6 else ",") + digits[place:]
    if kind < 0.15:
        return "-" + digits
    if kind < 0.18:
        return f"{digits[:2]}/{random_digits(rng, int(rng.integers(1, 3)))}"
    if kind < 0.2:
        return f"{rng.integers(1, 32):02d}{'./-'[rng.integers(3)]}{rng.integers(1, 13):02d}"
    if kind < 0.21:
        return digits + "%"
    if kind < 0.23 and length > 2:
        return digits + ".-"
    return digits


def _column_format(rng: np.random.Generator) -> Callable[[], str]:
    """Return a generator of the numbers of one column of a table."""
    kind = int(rng.choice(6, p=[0.22, 0.3, 0.14, 0.12, 0.1, 0.12]))
    length = int(rng.integers(1, 5))

    def one() -> str:
        if kind == 0:
            return str(rng.integers(10))
        if kind == 1:
            return str(rng.integers(100))
        if kind == 2:
            return random_digits(rng, length)
        if kind == 3:
            return f"{rng.integers(100)}{'.,'[length % 2]}{rng.integers(10)}"
        if kind == 4:
            sign = "-" if rng.random() < 0.3 else ""
            return f"{sign}{rng.integers(40)}"
        return random_number(rng)

    return one


# -------------------------------------------------------------------------------------- blocks


def paragraph(canvas: Canvas, style: Style, area: Area) -> Px:
    """Print running text."""
    rng, size = canvas.rng, style.size * canvas.rng.uniform(0.6, 1.0)
    y, lead = area.top, size * rng.uniform(1.15, 1.6)
    for _ in range(int(rng.integers(1, 9))):
        if y > area.bottom:
            break
        if canvas.sees(area.left, y, area.right, y + size):
            words = [
                random_word(rng) if rng.random() < 0.9 else str(rng.integers(1000))
                for _ in range(14)
            ]
            text = " ".join(words)
            canvas.print(area.left, y, text, style.font, size, style.ink, area.right - area.left)
        y += lead
    return y + size


def heading(canvas: Canvas, style: Style, area: Area) -> Px:
    """Print a title, sometimes with a number."""
    rng, size = canvas.rng, style.size * canvas.rng.uniform(0.9, 1.8)
    text = " ".join(random_word(rng) for _ in range(int(rng.integers(1, 4))))
    text = text.upper() if rng.random() < 0.3 else text.title()
    if rng.random() < 0.3:
        text += f" {rng.integers(3000)}"
    x = area.left + rng.uniform(0, 0.4) * (area.right - area.left)
    canvas.print(x, area.top, text, style.font, size, style.ink)
    return area.top + size * rng.uniform(1.4, 2.5)


def field_line(canvas: Canvas, style: Style, area: Area) -> Px:
    """Print a label followed by a line, and write on the line."""
    rng, tall = canvas.rng, style.tall
    x, y = area.left, area.top
    high = max(tall, style.size) * rng.uniform(1.2, 2.2)
    while x < area.right - 2 * tall:
        canvas.line += 1
        base = y + high * 0.85
        label = random_word(rng).capitalize() + (":" if rng.random() < 0.5 else "")
        if rng.random() < 0.85:
            x = canvas.print(x, base - style.size * 0.8, label, style.font, style.size, style.ink)
        end = min(area.right, x + rng.uniform(2, 9) * tall)
        if rng.random() < 0.65:
            dashes = DOTTED if rng.random() < 0.3 else style.dashes
            canvas.rule((x, base), (end, base), style.thick, style.rule, dashes)
        at = x + rng.uniform(0.1, 1) * tall
        top = base - tall * rng.uniform(0.9, 1.12)
        kind = rng.random()
        if kind < 0.55:
            after = canvas.number(at, top, tall, random_number(rng), style.pen)
        elif kind < 0.8:
            after = canvas.word(at, top, tall, random_word(rng), style.pen)
        elif kind < 0.86:
            canvas.scribble(at, top, rng.uniform(2, 5) * tall, tall * 1.3, style.pen)
            after = at + 5 * tall
        else:
            after = at
        x = max(after, end) + rng.uniform(0.4, 3) * tall
        if rng.random() < 0.25:
            x = canvas.print(
                x, base - style.size * 0.8, random_word(rng), style.font, style.size, style.ink
            )
        if rng.random() < 0.6:
            break
    return y + high


def box_row(canvas: Canvas, style: Style, area: Area) -> Px:
    """Print a row of boxes for one character each, filled or not."""
    rng, tall = canvas.rng, style.tall
    high = tall * rng.uniform(1.0, 1.8)
    wide = high * rng.uniform(0.6, 1.25)
    gap = 0.0 if rng.random() < 0.65 else rng.uniform(0.05, 0.5) * wide
    n = int(rng.choice(BOX_LENGTHS))
    x = area.left + rng.uniform(0, 0.3) * (area.right - area.left)
    y = area.top + rng.uniform(0, 0.4) * high
    if rng.random() < 0.5:
        if rng.random() < 0.5:
            label = random_word(rng).title()
            canvas.print(area.left, y + high * 0.25, label, style.font, style.size, style.ink)
            x += len(label) * style.size * 0.6
        else:
            canvas.print(x, y, random_word(rng), style.font, style.size * 0.8, style.ink)
            y += style.size * 1.2
    comb = rng.random() < 0.15
    for i in range(n):
        left = x + i * (wide + gap)
        box = (left, y, left + wide, y + high)
        if comb:
            _comb(canvas, style, box)
        else:
            canvas.frame(box, style.thick, style.rule, style.dashes)
    _fill_boxes(canvas, style, [x + i * (wide + gap) for i in range(n)], (y, wide, high))
    if rng.random() < 0.2:
        canvas.print(x, y + high + 3, random_word(rng), style.font, style.size * 0.7, style.ink)
    return y + high * rng.uniform(1.05, 2.2)


def _comb(canvas: Canvas, style: Style, box: Rectangle) -> None:
    """Print a field with only a baseline and short separators."""
    left, top, right, bottom = box
    tooth = bottom - (bottom - top) * canvas.rng.uniform(0.15, 0.5)
    canvas.rule((left, bottom), (right, bottom), style.thick, style.rule)
    canvas.rule((left, tooth), (left, bottom), style.thick, style.rule)
    canvas.rule((right, tooth), (right, bottom), style.thick, style.rule)


def _fill_boxes(canvas: Canvas, style: Style, lefts: Sequence[Px], size: tuple[Px, Px, Px]) -> None:
    """Write one character into each box; the digits are one number."""
    rng = canvas.rng
    y, wide, high = size
    kind = rng.random()
    letters = 0.0 if kind < 0.75 else (1.0 if kind < 0.92 else 0.4)
    filled = 0.0 if rng.random() < 0.08 else (1.0 if rng.random() < 0.85 else 0.6)
    share = rng.uniform(0.5, 1.05)
    digits = random_digits(rng, len(lefts))
    canvas.line += 1
    for left, digit in zip(lefts, digits, strict=True):
        if rng.random() > filled:
            continue
        tall = min(high * share * rng.uniform(0.92, 1.08), high * 1.15)
        top = y + (high - tall) * rng.uniform(0.0, 1.0) + rng.normal(0, 0.03 * high)
        at = left + wide * rng.uniform(0.0, 0.45)
        if digit == "1":  # between borders and touching them
            at = left + wide * rng.uniform(0.03, 0.9)
        if rng.random() < letters:
            letter = "ABCDEFGHJKLMNPRTUVWXY"[rng.integers(21)]
            canvas.word(at, top, tall, letter, style.pen)
        else:
            struck = bool(rng.random() < 0.03)
            canvas.number(at, top, tall, digit, style.pen, struck=struck)


def table(canvas: Canvas, style: Style, area: Area) -> Px:
    """Print a table with headings, and fill its cells."""
    rng, tall = canvas.rng, style.tall
    high = tall * rng.uniform(1.05, 2.2)
    wide = tall * (rng.uniform(0.95, 2.0) if rng.random() < 0.3 else rng.uniform(1.5, 4.5))
    rows = int(np.clip((area.bottom - area.top) / high, 1, rng.integers(2, MOST_ROWS)))
    columns = int(np.clip((area.right - area.left) / wide, 1, rng.integers(2, MOST_COLUMNS)))
    even = rng.random() < 0.5
    widths = wide * (np.ones(columns) if even else rng.uniform(0.7, 1.5, columns))
    if rng.random() < 0.4:
        widths[0] *= rng.uniform(1.5, 3.5)  # names
    heights = high * (np.ones(rows) if rng.random() < 0.8 else rng.uniform(0.85, 1.35, rows))
    x = area.left + np.concatenate([[0], np.cumsum(widths)])
    y = area.top + np.concatenate([[0], np.cumsum(heights)])
    _bands(canvas, x, y)
    _rules(canvas, style, x, y)
    _fill_table(canvas, style, x, y)
    return float(y[-1] + tall * rng.uniform(0.3, 1))


def _bands(canvas: Canvas, x: np.ndarray, y: np.ndarray) -> None:
    """Colour headings, or every other row, or some columns."""
    rng = canvas.rng
    if rng.random() > 0.3:
        return
    pale = np.clip(rng.normal(215, 22, 3), 90, 250)
    full = print_colour(rng, 0.8)
    kind = rng.random()
    if kind < 0.4:
        canvas.fill(x[0], y[0], x[-1], y[1], full if rng.random() < 0.4 else pale)
    elif kind < 0.75:
        for i in range(int(rng.integers(0, 2)), len(y) - 1, 2):
            canvas.fill(x[0], y[i], x[-1], y[i + 1], pale)
    else:
        for i in rng.integers(0, len(x) - 1, int(rng.integers(1, 4))):
            canvas.fill(x[i], y[0], x[i + 1], y[-1], pale)


def _rules(canvas: Canvas, style: Style, x: np.ndarray, y: np.ndarray) -> None:
    """Print a table's lines: all, some, or none."""
    rng = canvas.rng
    kind = str(
        rng.choice(["all", "rows", "columns", "frame", "none"], p=[0.68, 0.1, 0.05, 0.11, 0.06])
    )
    heavy = int(rng.choice([0, 2, 3, 5], p=[0.6, 0.15, 0.15, 0.1]))

    def lines(at: np.ndarray, inner: bool) -> list[tuple[Px, Px]]:
        chosen = [i for i in range(len(at)) if inner or i in (0, 1, len(at) - 1)]
        return [
            (float(at[i]), style.thick + (2 if heavy and i % heavy == 0 else 0))
            for i in chosen
            if rng.random() < 0.985
        ]

    over = rng.uniform(0, 6) if rng.random() < 0.15 else 0.0
    if kind in ("all", "rows", "frame"):
        for at, thick in lines(y, kind != "frame"):
            shift = rng.normal(0, 1.2) if rng.random() < 0.1 else 0.0
            canvas.rule(
                (x[0] - over, at), (x[-1] + over, at + shift), thick, style.rule, style.dashes
            )
    if kind in ("all", "columns", "frame"):
        for at, thick in lines(x, kind != "frame"):
            canvas.rule((at, y[0] - over), (at, y[-1] + over), thick, style.rule, style.dashes)


def _fill_table(canvas: Canvas, style: Style, x: np.ndarray, y: np.ndarray) -> None:
    """Fill a table's cells and record their content."""
    rng = canvas.rng
    head = rng.random() < 0.6
    names = rng.random() < 0.5
    full = float(rng.choice([0.95, 0.7, 0.35, 0.08], p=[0.5, 0.28, 0.15, 0.07]))
    struck = float(rng.choice([0, 0.03, 0.2], p=[0.5, 0.42, 0.08]))
    printed = float(rng.choice([0, 0.4], p=[0.93, 0.07]))
    formats = [_column_format(rng) for _ in range(len(x) - 1)]
    if rng.random() < 0.5:
        formats = [formats[0]] * len(formats)
    other = rng.uniform(0.1, 0.6)
    canvas.tables += 1
    for row in range(len(y) - 1):
        canvas.line += 1
        if rng.random() < 0.1:
            style = replace(style, pen=choose_pen(canvas.bank, rng))
        for column in range(len(x) - 1):
            box = (float(x[column]), float(y[row]), float(x[column + 1]), float(y[row + 1]))
            if not canvas.sees(*box):
                continue
            if (head and row == 0) or (names and column == 0):
                cell = _label(canvas, style, box, row)
            elif rng.random() < full:
                cell = _number_cell(
                    canvas, style, box, formats[column](), struck=struck, printed=printed
                )
            else:
                cell = _other_cell(canvas, style, box) if rng.random() < other else _EMPTY
            placed = (
                box[0] - canvas.left,
                box[1] - canvas.top,
                box[2] - canvas.left,
                box[3] - canvas.top,
            )
            canvas.cells.append(
                replace(cell, table=canvas.tables, row=row, column=column, box=placed)
            )


_EMPTY = TrueCell(0, 0, 0, "", "", "empty", (0, 0, 0, 0))
_OTHER = replace(_EMPTY, kind="other")


def _label(canvas: Canvas, style: Style, box: Rectangle, row: int) -> TrueCell:
    """Print a heading, or a name that is printed or written by hand."""
    rng = canvas.rng
    left, top, right, bottom = box
    size = min(style.size, 0.7 * (bottom - top))
    if rng.random() < 0.15:
        tall = min(style.tall * 0.8, 0.75 * (bottom - top))
        canvas.word(left + 3, top + (bottom - top - tall) * 0.5, tall, random_word(rng), style.pen)
        return _OTHER
    digits = rng.random() < 0.35
    text = (
        str(row + rng.integers(3) if rng.random() < 0.6 else rng.integers(500))
        if digits
        else (random_word(rng).title())
    )
    at = left + (right - left) * rng.uniform(0.05, 0.35)
    down = top + (bottom - top - size) * rng.uniform(0.2, 0.8)
    canvas.print(at, down, text, style.font, size, style.ink, 0.95 * (right - at))
    if digits:
        return replace(_EMPTY, text=text, written=text, kind="number", printed=True)
    return _OTHER


def _number_cell(
    canvas: Canvas,
    style: Style,
    box: Rectangle,
    written: str,
    *,
    struck: float,
    printed: float,
) -> TrueCell:
    """Write a number into a cell, sometimes struck out with the correct one beside or above."""
    rng = canvas.rng
    left, top, right, bottom = box
    wide, high = right - left, bottom - top
    tall = min(style.tall, 0.95 * high) * rng.uniform(0.9, 1.08)
    if rng.random() < printed:
        size = min(tall / 0.72, 0.9 * high)
        digits = "".join(c for c in written if c.isdigit())
        canvas.print(left + 0.2 * wide, top + 0.1 * high, digits, style.font, size, style.ink, wide)
        return replace(_EMPTY, text=digits, written=digits, kind="number", printed=True)
    need = tall * 0.85 * len(written)
    if need > wide:
        tall = max(0.4 * tall, tall * wide / need)
    at = left + rng.uniform(0.02, 0.45) * max(2.0, wide - need)
    down = top + (high - tall) * rng.uniform(0.1, 0.95) + rng.normal(0, 0.05 * high)
    digits = "".join(c for c in written if c.isdigit())
    if rng.random() >= struck:
        end = canvas.number(at, down, tall, written, style.pen)
        if rng.random() < 0.02:
            canvas.circle((at, down, end, down + tall), tall, style.pen)
        return replace(_EMPTY, text=digits, written=written, kind="number")
    wrong = random_digits(rng, max(1, len(digits)))
    end = canvas.number(at, down, tall, wrong, style.pen, struck=True)
    if rng.random() < 0.35:
        return replace(_EMPTY, kind="other", struck_out=True)
    if rng.random() < 0.5:
        canvas.number(end + 0.2 * tall, down, tall * rng.uniform(0.6, 1), written, style.pen)
    else:
        small = tall * rng.uniform(0.5, 0.75)
        canvas.number(
            at + rng.uniform(0, 0.5) * tall, down - 1.05 * small, small, written, style.pen
        )
    return replace(_EMPTY, text=digits, written=written, kind="number", struck_out=True)


def _other_cell(canvas: Canvas, style: Style, box: Rectangle) -> TrueCell:
    """Write something else into a cell: letters, ticks, slashes, words, print."""
    rng = canvas.rng
    left, top, right, bottom = box
    wide, high = right - left, bottom - top
    tall = min(style.tall, 0.85 * high)
    at, down = left + rng.uniform(0.1, 0.3) * wide, top + (high - tall) * rng.uniform(0.2, 0.8)
    kind = rng.random()
    if kind < 0.4:
        canvas.word(at, down, tall, random_letters(rng), style.pen)
    elif kind < 0.62:
        canvas.tick(at, down, min(tall, 0.7 * wide), style.pen)
    elif kind < 0.72:
        canvas.word(at, down, tall * 0.8, random_word(rng), style.pen)
    elif kind < 0.82:
        points = [(left + 0.1 * wide, bottom - 0.1 * high), (right - 0.1 * wide, top + 0.1 * high)]
        canvas.stroke(points, style.pen, tall)
    elif kind < 0.94:
        size = min(style.size, 0.7 * high)
        canvas.print(at, down, random_word(rng), style.font, size, style.ink, 0.8 * wide)
    else:
        canvas.scribble(at, down, 0.7 * wide, tall, style.pen)
    return _OTHER


def sudoku(canvas: Canvas, style: Style, area: Area) -> Px:
    """Print a grid in which some digits are printed and others written."""
    rng = canvas.rng
    side = style.tall * rng.uniform(1.15, 1.9)
    n = int(rng.choice([9, 9, 6, 4]))
    at = np.arange(n + 1) * side
    x, y = area.left + at, area.top + at
    block = 3 if n % 3 == 0 else 2
    for i in range(n + 1):
        thick = style.thick + (2 if i % block == 0 else 0)
        canvas.rule((x[i], y[0]), (x[i], y[-1]), thick, style.rule)
        canvas.rule((x[0], y[i]), (x[-1], y[i]), thick, style.rule)
    canvas.tables += 1
    given = rng.uniform(0.2, 0.6)
    for row in range(n):
        canvas.line += 1
        for column in range(n):
            box = (float(x[column]), float(y[row]), float(x[column + 1]), float(y[row + 1]))
            cell = _number_cell(
                canvas, style, box, str(rng.integers(1, 10)), struck=0.01, printed=given
            )
            placed = (
                box[0] - canvas.left,
                box[1] - canvas.top,
                box[2] - canvas.left,
                box[3] - canvas.top,
            )
            canvas.cells.append(
                replace(cell, table=canvas.tables, row=row, column=column, box=placed)
            )
    return float(y[-1] + side)


def tally(canvas: Canvas, style: Style, area: Area) -> Px:
    """Print names with open rules, and a number on each rule."""
    rng, tall = canvas.rng, style.tall
    lead = tall * rng.uniform(1.2, 2.2)
    y = area.top + lead
    middle = area.left + (area.right - area.left) * rng.uniform(0.2, 0.6)
    end = min(area.right, middle + tall * rng.uniform(2.5, 7))
    through = rng.random() < 0.4
    labelled = rng.random()
    for _ in range(int(rng.integers(2, 16))):
        if y > area.bottom:
            break
        canvas.line += 1
        start = area.left if through else middle
        canvas.rule((start, y), (end, y), style.thick, style.rule, style.dashes)
        if labelled < 0.5:
            text = f"{random_word(rng)} {random_word(rng)}".title()
            canvas.print(
                area.left,
                y - style.size,
                text,
                style.font,
                style.size,
                style.ink,
                middle - area.left,
            )
        elif labelled < 0.75:
            canvas.word(area.left, y - tall, 0.9 * tall, random_word(rng), style.pen)
        if rng.random() < 0.9:
            at = middle + rng.uniform(0.1, 0.6) * (end - middle)
            number = random_digits(rng, int(rng.integers(1, 5)))
            canvas.number(at, y - tall * rng.uniform(0.85, 1.15), tall, number, style.pen)
        y += lead
    return y + 0.5 * tall


def worksheet(canvas: Canvas, style: Style, area: Area) -> Px:
    """Write sums: a + b = c in a row, or one above the other with carry digits."""
    rng, tall = canvas.rng, style.tall
    y, x = area.top, area.left
    sign = "+-x:"[rng.integers(4)]
    printed = rng.random() < 0.4
    columned = rng.random() < 0.4
    while x < area.right - 4 * tall:
        canvas.line += 1
        a, b, c = (random_digits(rng, int(rng.integers(1, 4))) for _ in range(3))
        if columned:
            for k, number in enumerate((a, b, c)):
                canvas.number(
                    x + (3 - len(number)) * 0.7 * tall,
                    y + k * 1.25 * tall,
                    tall,
                    number,
                    style.pen,
                    gap=0.1,
                )
            canvas.word(
                x - 0.6 * tall, y + 1.25 * tall, tall, sign if sign != "x" else "+", style.pen
            )
            ends = [(x - 0.5 * tall, y + 2.4 * tall), (x + 2.2 * tall, y + 2.4 * tall)]
            canvas.stroke(ends, style.pen, tall)
            if rng.random() < 0.4:
                canvas.number(
                    x + 0.7 * tall, y - 0.5 * tall, 0.45 * tall, str(rng.integers(1, 4)), style.pen
                )
            x += 4 * tall
        else:
            if printed:
                text = f"{a} {sign} {b} ="
                x = canvas.print(x, y, text, style.font, tall * 1.2, style.ink)
            else:
                x = canvas.number(x, y, tall, a, style.pen) + 0.3 * tall
                x = canvas.word(x, y, tall, sign if sign in "+-" else "+", style.pen) + 0.3 * tall
                x = canvas.number(x, y, tall, b, style.pen) + 0.3 * tall
                x = canvas.word(x, y, tall, "=", style.pen)
            x = canvas.number(x + 0.3 * tall, y, tall, c, style.pen) + 2 * tall
    return y + tall * (rng.uniform(4, 5.5) if columned else rng.uniform(1.5, 2.5))


def columns(canvas: Canvas, style: Style, area: Area) -> Px:
    """Write numbers in columns without rules."""
    rng, tall = canvas.rng, style.tall
    n = int(rng.integers(1, 6))
    wide = (area.right - area.left) / n
    formats = [_column_format(rng) for _ in range(n)]
    lead = tall * rng.uniform(1.15, 1.9)
    y = area.top
    canvas.tables += 1
    for row in range(int(rng.integers(2, 14))):
        if y > area.bottom:
            break
        canvas.line += 1
        for column in range(n):
            x = area.left + column * wide + rng.normal(0, 0.15 * tall)
            box = (area.left + column * wide, y, area.left + (column + 1) * wide, y + lead)
            cell = _EMPTY
            if column == 0 and n > 1 and formats[0] is formats[-1]:
                canvas.word(x, y, 0.9 * tall, random_word(rng), style.pen)
                cell = _OTHER
            elif rng.random() < 0.93:
                written = formats[column]()
                canvas.number(
                    x + 0.1 * wide, y, tall, written, style.pen, struck=bool(rng.random() < 0.02)
                )
                digits = "".join(c for c in written if c.isdigit())
                cell = replace(_EMPTY, text=digits, written=written, kind="number")
            if canvas.sees(*box):
                placed = (
                    box[0] - canvas.left,
                    box[1] - canvas.top,
                    box[2] - canvas.left,
                    box[3] - canvas.top,
                )
                canvas.cells.append(
                    replace(cell, table=canvas.tables, row=row, column=column, box=placed)
                )
        y += lead
    return y + tall


def note_line(canvas: Canvas, style: Style, area: Area) -> Px:
    """Write one line of free notes: numbers, words, ticks, scribbles."""
    rng = canvas.rng
    tall = style.tall * rng.uniform(0.85, 1.15)
    x = area.left + rng.uniform(0, 3) * tall
    y = area.top
    tight = rng.random() < 0.5
    words = rng.random() < 0.6
    canvas.line += 1
    while x < area.right - tall:
        if rng.random() < 0.06:
            style = replace(style, pen=choose_pen(canvas.bank, rng))
        kind = rng.random()
        if kind < 0.7 or not words:
            x = canvas.number(
                x,
                y + rng.normal(0, 0.06 * tall),
                tall * rng.uniform(0.92, 1.08),
                random_number(rng),
                style.pen,
                struck=bool(rng.random() < 0.07),
            )
        elif kind < 0.9:
            x = canvas.word(x, y, tall * rng.uniform(0.7, 1.1), random_word(rng), style.pen)
        elif kind < 0.95:
            canvas.tick(x, y, tall, style.pen)
            x += tall
        else:
            canvas.scribble(x, y, tall * rng.uniform(1, 5), tall, style.pen)
            x += 3 * tall
        x += tall * (rng.uniform(0.5, 1.5) if tight else rng.uniform(0.6, 5))
        if rng.random() < 0.15:
            break
    return y + tall * rng.uniform(1.1, 2.2)


def digit_row(canvas: Canvas, style: Style, area: Area) -> Px:
    """Write a plain row of digits, near each other or apart."""
    rng, tall = canvas.rng, style.tall
    gap = float(rng.choice([rng.uniform(-0.05, 0.2), rng.uniform(0.2, 0.6), rng.uniform(0.6, 2)]))
    n = int(rng.integers(1, 12))
    canvas.line += 1
    canvas.number(
        area.left + rng.uniform(0, 2) * tall,
        area.top,
        tall,
        random_digits(rng, n),
        style.pen,
        gap=gap,
        struck=bool(rng.random() < 0.04),
    )
    return area.top + tall * rng.uniform(1.15, 2.5)


def amount(canvas: Canvas, style: Style, area: Area) -> Px:
    """Write an amount of money after print, as on a cheque."""
    rng, tall = canvas.rng, style.tall
    canvas.line += 1
    x = area.left + rng.uniform(0, 2) * tall
    if rng.random() < 0.6:
        text = ("Rs", "EUR", "$", "CHF", "Betrag", "Total", "#")[rng.integers(7)]
        x = canvas.print(x, area.top + 0.2 * tall, text, style.font, style.size, style.ink)
    if rng.random() < 0.15:
        x = canvas.word(x, area.top, tall, ("Rs", "EUR", "kg")[rng.integers(3)], style.pen)
    number = random_digits(rng, int(rng.integers(1, 8)))
    if rng.random() < 0.4:  # round amounts are frequent
        number = (number[: int(rng.integers(1, 4))] + "0000")[: int(rng.integers(2, 8))]
    if rng.random() < 0.5:
        number += (".-", ",-", "-", "/-", ".00", "=")[rng.integers(6)]
    wide = (len(number) + 2) * 0.7 * tall
    if rng.random() < 0.4:
        canvas.frame(
            (x - 0.3 * tall, area.top - 0.3 * tall, x + wide, area.top + 1.4 * tall),
            style.thick,
            style.rule,
        )
    elif rng.random() < 0.5:
        base = area.top + tall * rng.uniform(0.9, 1.1)
        canvas.rule((area.left, base), (area.right, base), style.thick, style.rule, style.dashes)
    canvas.number(x, area.top, tall, number, style.pen, struck=bool(rng.random() < 0.03))
    return area.top + tall * rng.uniform(2, 3)


def written_words(canvas: Canvas, style: Style, area: Area) -> Px:
    """Write a line of words without a number."""
    rng, tall = canvas.rng, style.tall * canvas.rng.uniform(0.7, 1.1)
    x = area.left + rng.uniform(0, 2) * tall
    while x < area.right - 2 * tall and rng.random() < 0.9:
        x = canvas.word(x, area.top, tall, random_word(rng), style.pen) + 0.5 * tall
    return area.top + tall * rng.uniform(1.3, 2.2)


def signature(canvas: Canvas, style: Style, area: Area) -> Px:
    """Write a signature, on a rule or without one."""
    rng, tall = canvas.rng, style.tall
    x = area.left + rng.uniform(0, 0.5) * (area.right - area.left)
    canvas.scribble(x, area.top, rng.uniform(2.5, 6) * tall, 1.5 * tall, style.pen)
    if rng.random() < 0.5:
        canvas.rule(
            (x, area.top + 1.3 * tall),
            (x + 6 * tall, area.top + 1.3 * tall),
            style.thick,
            style.rule,
        )
    return area.top + 2 * tall


def picture(canvas: Canvas, style: Style, area: Area) -> Px:
    """Print a logo, a code, bars, or a stamp."""
    rng = canvas.rng
    side = float(np.clip(rng.uniform(1, 4) * style.tall, 16, 220))
    x, y = area.left + rng.uniform(0, 0.7) * (area.right - area.left), area.top
    if not canvas.sees(x, y, x + side, y + side):
        return y + side
    kind = rng.random()
    n = int(side)
    drawn = np.zeros((n, n), np.uint8)
    if kind < 0.2:  # a matrix code
        cells = (rng.random((14, 14)) < 0.5).astype(np.uint8) * 255
        drawn = cv2.resize(cells, (n, n), interpolation=cv2.INTER_NEAREST)
    elif kind < 0.35:  # bars
        drawn[: n // 2] = (rng.random(n) < 0.5) * 255
    elif kind < 0.65:  # shapes
        for _ in range(int(rng.integers(2, 6))):
            middle = rng.integers(0, n, 2)
            if rng.random() < 0.5:
                centre = (int(middle[0]), int(middle[1]))
                radius = int(n * rng.uniform(0.08, 0.4)) + 1
                cv2.circle(drawn, centre, radius, 255, -1 if rng.random() < 0.5 else 3)
            else:
                corners = middle + rng.integers(-n // 3, n // 3 + 1, (int(rng.integers(3, 6)), 2))
                cv2.fillPoly(drawn, [corners.astype(np.int32)], 255, cv2.LINE_AA)
    else:  # a round stamp
        centre, radius = (n // 2, n // 2), max(3, n // 2 - 3)
        cv2.circle(drawn, centre, radius, 255, max(1, n // 40), cv2.LINE_AA)
        cv2.circle(drawn, centre, max(2, int(0.7 * radius)), 255, 1, cv2.LINE_AA)
        size = max(7, n // 7)
        canvas.print(
            x + 0.25 * n, y + 0.45 * n, random_word(rng).upper(), style.font, size, style.ink
        )
    colour = pen_colour(rng) if kind > 0.65 else style.ink
    canvas.paste(PRINT, drawn, x, y, colour)
    return y + side * 1.1


def ring_row(canvas: Canvas, style: Style, area: Area) -> Px:
    """Print circles or boxes to tick, with letters or numbers in or beside them."""
    rng, side = canvas.rng, style.size * canvas.rng.uniform(0.9, 1.5)
    x = area.left
    round_ones = rng.random() < 0.6
    for i in range(int(rng.integers(2, 10))):
        if round_ones and canvas.sees(x, area.top, x + side, area.top + side):
            turn = np.linspace(0, 2 * np.pi, 24)
            points = np.stack(
                [
                    x + side * (0.5 + 0.5 * np.cos(turn)),
                    area.top + side * (0.5 + 0.5 * np.sin(turn)),
                ],
                axis=1,
            )
            canvas.polyline(PRINT, points, style.thick, style.ink)
        elif not round_ones:
            canvas.frame((x, area.top, x + side, area.top + side), style.thick, style.rule)
        if rng.random() < 0.2:
            canvas.tick(x, area.top - 0.1 * side, side, style.pen)
        elif rng.random() < 0.5:
            canvas.print(
                x + 0.3 * side,
                area.top + 0.1 * side,
                "ABCDEFGHIJ"[i],
                style.font,
                0.7 * side,
                style.ink,
            )
        x += side * rng.uniform(1.2, 3)
    return area.top + side * rng.uniform(1.3, 2)


def one_digit(canvas: Canvas, style: Style, area: Area) -> Px:
    """Write one digit in the middle."""
    rng, tall = canvas.rng, style.tall
    x = (area.left + area.right) / 2 - 0.3 * tall + rng.normal(0, 0.3 * tall)
    y = (area.top + area.bottom) / 2 - 0.5 * tall + rng.normal(0, 0.3 * tall)
    canvas.number(x, y, tall, str(rng.integers(10)), style.pen)
    return area.bottom + 1


def paper_lines(canvas: Canvas, style: Style, area: Area) -> None:
    """Print ruled or squared paper, perhaps with a margin, under everything else."""
    rng = canvas.rng
    lead = style.tall * rng.uniform(0.3, 1.9)
    colour = _rule_colour(rng)
    thick = 1.0 if rng.random() < 0.75 else 2.0
    kind = rng.random()
    offset = rng.uniform(0, lead, 2)
    if kind < 0.85:
        for y in np.arange(canvas.top + offset[0], canvas.top + canvas.height, lead):
            canvas.rule((area.left - 999, y), (area.right + 999, y), thick, colour)
    if kind > 0.4:
        for x in np.arange(canvas.left + offset[1], canvas.left + canvas.width, lead):
            canvas.rule((x, area.top - 999), (x, area.bottom + 999), thick, colour)
    if rng.random() < 0.3:
        x = area.left + rng.uniform(0, 0.3) * (area.right - area.left)
        canvas.rule((x, area.top - 999), (x, area.bottom + 999), 1, print_colour(rng, 0.7))


# kind: blocks and their weights
KINDS: dict[str, dict[Block, float]] = {
    "table": {heading: 0.3, paragraph: 0.15, field_line: 0.15, table: 1.0},
    "score_card": {picture: 0.25, heading: 0.2, table: 1.0},
    "dense_table": {table: 1.0, heading: 0.1},
    "boxes": {box_row: 1.0, heading: 0.15, field_line: 0.1},
    "id_page": {paragraph: 1.0, box_row: 0.5, heading: 0.2, picture: 0.05},
    "form": {
        field_line: 1.0,
        box_row: 0.35,
        ring_row: 0.25,
        paragraph: 0.3,
        signature: 0.15,
        heading: 0.2,
        picture: 0.1,
    },
    "exam_cover": {paragraph: 0.5, field_line: 0.5, table: 0.7, signature: 0.15, heading: 0.3},
    "sudoku": {sudoku: 1.0, heading: 0.2},
    "tally": {tally: 1.0, heading: 0.2},
    "worksheet": {worksheet: 1.0, heading: 0.1},
    "columns": {columns: 1.0},
    "notes": {note_line: 1.0, signature: 0.04, picture: 0.03},
    "rows": {digit_row: 1.0},
    "amount": {amount: 1.0, paragraph: 0.15, heading: 0.2},
    "single": {one_digit: 1.0},
    "nothing": {paragraph: 1.0, written_words: 1.0, picture: 0.7, signature: 0.3, ring_row: 0.3},
}
SHARES: dict[str, float] = {  # of training crops
    "table": 0.15,
    "score_card": 0.07,
    "dense_table": 0.07,
    "boxes": 0.14,
    "id_page": 0.05,
    "form": 0.08,
    "exam_cover": 0.05,
    "sudoku": 0.03,
    "tally": 0.05,
    "worksheet": 0.04,
    "columns": 0.04,
    "notes": 0.06,
    "rows": 0.08,
    "amount": 0.05,
    "single": 0.02,
    "nothing": 0.02,
}
LINED = {
    "notes": 0.6,
    "rows": 0.4,
    "worksheet": 0.5,
    "columns": 0.3,
    "single": 0.4,
    "tally": 0.1,
    "nothing": 0.3,
}  # share on ruled or squared paper


def lay_out(canvas: Canvas, kind: str, area: Area, tall: Px) -> None:
    """Fill a page with the blocks of its kind, from top to bottom."""
    rng = canvas.rng
    style = choose_style(canvas, tall)
    if kind == "dense_table":
        style = replace(style, size=max(8.0, 0.6 * style.size), thick=min(style.thick, 2.0))
    if rng.random() < LINED.get(kind, 0.0):
        paper_lines(canvas, style, area)
    blocks = list(KINDS[kind])
    weights = np.array(list(KINDS[kind].values()))
    y = area.top
    while y < min(area.bottom, canvas.top + canvas.height):
        block = blocks[rng.choice(len(blocks), p=weights / weights.sum())]
        y = block(canvas, style, replace(area, top=y)) + rng.uniform(0, 0.6) * tall
    if rng.random() < 0.05:
        top = rng.uniform(area.top, area.bottom)
        picture(canvas, replace(style, ink=pen_colour(rng)), replace(area, top=top))
