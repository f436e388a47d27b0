"""Draw the other blocks of synthetic pages, such as text, fields and rows of boxes."""

from collections.abc import Sequence
from dataclasses import replace

import cv2
import numpy as np

from digits.synthesis.page_canvas import DOTTED, Canvas, random_word
from digits.synthesis.page_ink import Px, Rectangle, choose_pen, pen_colour, print_colour
from digits.synthesis.page_style import Area, Style, random_digits, random_number, rule_colour
from digits.types import PRINT

BOX_LENGTHS = (1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 12)


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
    colour = rule_colour(rng)
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
