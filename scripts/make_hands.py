"""Show every form in which `digits.synthesis.allographs` writes: docs/hands.md and its picture.

python scripts/make_hands.py
"""

from pathlib import Path

import cv2
import numpy as np

from digits.synthesis.allographs import FORMS, Allograph, forms_of, write
from digits.synthesis.strokes import draw
from digits.types import CLASSES, Pixels

DOCS = Path(__file__).parent.parent / "docs"
SAMPLES = 6  # of each form, half with a fine pen, half with a broad one
HEIGHT = 34  # px of a digit
PENS = (1.6, 4.0)  # px
CELL = (42, 62)  # px, height and width
NAME = 150  # px for the name of a form
COLUMNS = 2
BLACK, WHITE = 0, 255
TEXT = """# How the world writes digits

![Every form, with a fine and a broad pen](images/hands.png)

MNIST's writers were American. `digits.synthesis.allographs` adds the forms of other hands, as
strokes of a pen: `write(digit, rng)` makes the strokes, `draw(strokes, height, pen)` the ink. A
form is given by two drawings, its extremes; every digit written lies between the two, a little off
everywhere, with its own slant, width and proportions. Shares are set by judgement, not measured:
they say how often a form is drawn for training, not how often people use it. Those marked * are
also MNIST's. `python scripts/make_hands.py` writes this page and the picture.

| digit | forms, and their share of the drawn digits |
|---|---|
"""


def row(form: Allograph, rng: np.random.Generator) -> Pixels:
    """Return one form's name and samples."""
    height, width = CELL
    picture = np.full((height, NAME + SAMPLES * width), WHITE, np.uint8)
    words = f"{form.digit}  {form.name}"
    cv2.putText(picture, words, (4, 27), cv2.FONT_HERSHEY_SIMPLEX, 0.42, BLACK, 1, cv2.LINE_AA)
    for i in range(SAMPLES):
        pen = PENS[i * len(PENS) // SAMPLES]
        ink = draw(write(form.digit, rng, form), HEIGHT, pen)[:, :width]
        left, (rows, columns) = NAME + i * width, ink.shape
        picture[4 : 4 + rows, left : left + columns] = np.round(WHITE * (1 - ink))
    return picture


def sheet() -> Pixels:
    """Return the picture of all forms."""
    rng = np.random.default_rng(1)
    rows = [row(form, rng) for form in FORMS]
    rows += [np.full_like(rows[0], WHITE)] * (-len(rows) % COLUMNS)
    length = len(rows) // COLUMNS
    return np.hstack([np.vstack(rows[i * length : (i + 1) * length]) for i in range(COLUMNS)])


def table() -> str:
    """Return the forms of each digit, one digit a row."""
    lines = []
    for digit in range(CLASSES):
        forms = (f"{f.name}{'*' * f.in_mnist} {f.share:.0%}" for f in forms_of(digit))
        lines.append(f"| {digit} | {'; '.join(forms)} |\n")
    return "".join(lines)


def main() -> None:
    """Write the page and its picture."""
    picture = DOCS / "images" / "hands.png"
    picture.write_bytes(cv2.imencode(".png", sheet())[1].tobytes())
    (DOCS / "hands.md").write_text(TEXT + table(), encoding="utf-8")
    print(f"wrote {picture.name}, {picture.stat().st_size // 1000} kB, and hands.md")


if __name__ == "__main__":
    main()
