"""Show the forms of `digits.synthesis.allographs`: docs/allographs.md and its picture.

python scripts/make_allographs.py
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
TEXT = """# Forms of digits

![Every form, with a fine and a broad pen](images/allographs.png)

MNIST's writers were American. `digits.synthesis.allographs` adds the forms of writers elsewhere:
`write(digit, rng)` returns pen strokes, `draw(strokes, height, pen)` the ink. A form is given by
two extreme drawings; a digit is between the two, with random errors, slant, width and
proportions. The shares are chosen, not measured; they are the frequencies in training.
Forms marked * also occur in MNIST. `python scripts/make_allographs.py` writes this page and the
picture.

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
    picture = DOCS / "images" / "allographs.png"
    picture.write_bytes(cv2.imencode(".png", sheet())[1].tobytes())
    (DOCS / "allographs.md").write_text(TEXT + table(), encoding="utf-8")
    print(f"wrote {picture.name}, {picture.stat().st_size // 1000} kB, and allographs.md")


if __name__ == "__main__":
    main()
