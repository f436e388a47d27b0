"""Choose the print, the handwriting and the numbers of a synthetic page."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from digits.synthesis.page_canvas import DOTTED, DOUBLE, SOLID, Canvas
from digits.synthesis.page_ink import FONTS, Pen, Px, choose_pen, print_colour


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
        rule=ink if rng.random() < 0.5 else rule_colour(rng),
        thick=float(rng.choice([1, 1.4, 2, 3, 4, 6], p=[0.36, 0.18, 0.24, 0.13, 0.06, 0.03])),
        dashes=int(rng.choice([SOLID, DOTTED, DOUBLE], p=[0.88, 0.09, 0.03])),
    )


def rule_colour(rng: np.random.Generator) -> np.ndarray:
    """Return the colour of rules: as print, or faint."""
    colour = print_colour(rng, 0.45)
    if rng.random() < 0.4:
        faint = rng.uniform(0.3, 0.75)
        colour = (colour * (1 - faint) + 245 * faint).astype(np.uint8)
    return colour


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


def column_format(rng: np.random.Generator) -> Callable[[], str]:
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
