"""Readings made by hand, for tests of what pages say about them."""

import numpy as np

from digits.types import Box, Cell, Digit, Line, Mark, ModelName, Reading

FRAME = np.zeros((28, 28), np.float32)


def digit(character: str, x: int, y: int, *, confidence: float | None = None) -> Digit:
    """Return a digit 8 px wide; "7" is doubtful and perhaps 1, "?" is rejected."""
    value = int(character) if character.isdigit() else None
    sure = (0.6 if character == "7" else 0.99) if confidence is None else confidence
    chances = [0.001] * 10
    chances[1 if value is None else value] = sure
    chances[1 if value == 7 else 0] += 1 - sure if value == 7 else 0
    return Digit(value, sure, Box(x, y, 8, 8), tuple(chances), None, FRAME)


def line(text: str, x: int = 0, y: int = 0, *, point: int = 0, **changes) -> Line:
    """Return a number whose digits stand 9 px apart, with a point after the first `point`."""
    marks = (Mark("dot", Box(x + 9 * point - 1, y + 6, 1, 1)),) if point else ()
    written = f"{text[:point]}.{text[point:]}" if point else text
    digits = tuple(digit(c, x + 9 * i, y) for i, c in enumerate(text))
    confidence = 0.4 if {"7", "?"} & set(text) else 0.99
    box = Box(x, y, max(1, 9 * len(text)), 8)
    return Line(text, confidence, box, digits, **({"marks": marks, "written": written} | changes))


def reading(*lines: Line, name: str = "a", **changes) -> Reading:
    """Return a reading of these lines."""
    text = "\n".join(each.text for each in lines)
    status = "blank" if not lines else "refused" if set(text) <= {"?", "\n"} else "read"
    given = {"status": status, "text": text, "confidence": 0.8, "lines": tuple(lines)}
    known = {"id": name * 64, "size": (200, 100), "model": ModelName("fake", "0" * 64)}
    return Reading(**(known | given | changes))


def table(*rows: str, name: str = "a") -> Reading:
    """Return a ruled table, each row's cells parted by blanks; "." is an empty one."""
    lines, cells = [], []
    for down, row in enumerate(rows):
        texts = ["" if text == "." else text for text in row.split()]
        numbers = [line(text, 40 * across, 20 * down) for across, text in enumerate(texts)]
        cells += [
            Cell(down, across, text, 0.99, Box(40 * across, 20 * down, 38, 18))
            for across, text in enumerate(texts)
        ]
        digits = tuple(each for number in numbers for each in number.digits)
        lines.append(Line("\t".join(texts), 0.9, Box(0, 20 * down, 120, 18), digits))
    return reading(*lines, name=name, cells=tuple(cells))
