"""Draw tables and columns of numbers on synthetic pages."""

from dataclasses import replace

import numpy as np

from digits.synthesis.page_canvas import Canvas, TrueCell, random_letters, random_word
from digits.synthesis.page_ink import Px, Rectangle, choose_pen, print_colour
from digits.synthesis.page_style import Area, Style, column_format, random_digits

MOST_ROWS = 46
MOST_COLUMNS = 24
_EMPTY = TrueCell(0, 0, 0, "", "", "empty", (0, 0, 0, 0))
_OTHER = replace(_EMPTY, kind="other")


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
            canvas.place_cell(cell, row, column, box)
    return float(y[-1] + side)


def columns(canvas: Canvas, style: Style, area: Area) -> Px:
    """Write numbers in columns without rules."""
    rng, tall = canvas.rng, style.tall
    n = int(rng.integers(1, 6))
    wide = (area.right - area.left) / n
    formats = [column_format(rng) for _ in range(n)]
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
                canvas.place_cell(cell, row, column, box)
        y += lead
    return y + tall


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
    formats = [column_format(rng) for _ in range(len(x) - 1)]
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
            canvas.place_cell(cell, row, column, box)


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
    canvas: Canvas, style: Style, box: Rectangle, written: str, *, struck: float, printed: float
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
