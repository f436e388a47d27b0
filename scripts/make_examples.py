"""Compose the app's example pictures from MNIST's validation digits on synthetic paper.

From the repository's root: python -m scripts.make_examples
"""

from collections.abc import Callable
from pathlib import Path

import cv2
import numpy as np
from PIL import Image

from digits.forms.template import Field, Form
from digits.mnist import Labelled, load_mnist
from digits.synthesis.form_camera import Shot, photograph
from digits.synthesis.form_filling import fill_form
from digits.synthesis.page_forms import compose_form
from digits.types import Ink

OUT = Path(__file__).parent.parent / "digits" / "ui" / "examples"
SEED = 7
METER_CARD, SCORE_CARD = 2, 9  # layouts of composed forms
TITLES = ("Pupil", "Task 1", "Task 2", "Task 3", "Total")
SHEET = (
    ("01384", "8", "12", "9", "29"),
    ("01397", "7.5", "14", "6", "27.5"),
    ("01402", "10", "9", "7", "26"),
    ("01416", "4", "11", "8", "33"),  # added up wrongly
    ("01423", "6", "15", "10", "31"),
    ("01438", "9", "8", "5.5", "22.5"),
    ("01445", "3", "13", "7", "23"),
)


def page(height: int, width: int, rng: np.random.Generator, *, shadow: float) -> np.ndarray:
    """Return empty paper, grey levels as float, darker towards one corner."""
    across = np.linspace(1, 1 - shadow, width)[None, :]
    down = np.linspace(1, 1 - shadow / 2, height)[:, None]
    return 228 * across * down + rng.normal(0, 2.5, (height, width))


def put(paper: np.ndarray, digit: Ink, top: int, left: int, size: int, darkness: float) -> None:
    """Write one digit on the paper, `size` px for the whole 28 px frame."""
    ink = np.clip(cv2.resize(digit, (size, size), interpolation=cv2.INTER_CUBIC), 0, 1)
    ink = np.clip((cv2.GaussianBlur(ink, (0, 0), size / 60) - 0.25) * 2, 0, 1)
    paper[top : top + size, left : left + size] *= 1 - darkness * ink


def print_word(paper: np.ndarray, word: str, place: tuple[int, int]) -> None:
    """Print a word with its lower left corner at a place."""
    printed = np.zeros(paper.shape, np.uint8)  # OpenCV writes on bytes only
    cv2.putText(printed, word, place, cv2.FONT_HERSHEY_SIMPLEX, 1.1, 255, 2)
    paper *= 1 - 0.7 * printed / 255


def mark_sheet(some: Callable[[int], Ink], rng: np.random.Generator) -> np.ndarray:
    """Return a ruled mark sheet, photographed askew: identifier, three marks, their total."""
    across = np.cumsum([70, 250, 170, 170, 170, 190])  # px, where upright lines stand
    rows = [TITLES, *SHEET]
    paper = page(110 + 84 * len(rows), 1090, rng, shadow=0.35)
    for down, row in enumerate(rows):
        top = 50 + 84 * down
        for left, right, text in zip(across, across[1:], row, strict=False):
            cv2.rectangle(paper, (left, top), (right, top + 84), 120, 2)
            if down == 0:
                print_word(paper, text, (left + 16, top + 56))
                continue
            x = left + 20
            for character in text:
                if character == ".":
                    cv2.circle(paper, (x + 3, top + 62), 4, 50, -1)
                    x += 12
                else:
                    put(paper, some(int(character)), top + 14, x - 8, 56, 0.8)
                    x += 42
    height, width = paper.shape
    seen = np.array(
        [[18, 10], [width - 40, 34], [width - 8, height - 12], [0, height - 34]], np.float32
    )
    whole = np.array([[0, 0], [width, 0], [width, height], [0, height]], np.float32)
    view = cv2.getPerspectiveTransform(whole, seen)
    return cv2.warpPerspective(paper, view, (width, height), borderMode=cv2.BORDER_REPLICATE)


def save(name: str, paper: np.ndarray) -> None:
    """Write the paper as a small JPEG."""
    grey = np.clip(paper, 0, 255).astype(np.uint8)
    cv2.imwrite(str(OUT / name), grey, [cv2.IMWRITE_JPEG_QUALITY, 80])


def form_and_pages(digits: Labelled) -> None:
    """Write a form and three photographed pages of it, one of another form among them."""
    composed = compose_form(METER_CARD)
    kinds = {"meter": "Meter number", "reading": "Reading", "read on": "Read on"}
    fields = tuple(
        Field(
            kinds.get(each.name, "Estimated"),
            each.kind,  # type: ignore[arg-type]
            each.box,
            None if each.kind == "number" else each.length,
            cells=each.cells,
        )
        for each in composed.fields
    )
    Form("Meter cards", fields, composed.page, True).save(OUT / "a form.json")
    pages = []
    for seed, layout in enumerate((METER_CARD, METER_CARD, METER_CARD, SCORE_CARD)):
        rng = np.random.default_rng(seed)
        filled = fill_form(compose_form(layout), digits, rng, empty=0.0)
        shot = Shot(tilt=18.0, lean=6.0, quarters=seed % 4, pixels=900_000, shadow=seed == 1)
        pages.append(Image.fromarray(photograph(filled.page, shot, rng).pixels))
    pages[0].save(OUT / "pages of a form.pdf", save_all=True, append_images=pages[1:], quality=70)


def main() -> None:
    """Write the examples."""
    OUT.mkdir(parents=True, exist_ok=True)
    rng = np.random.default_rng(SEED)
    digits = load_mnist().validation
    by_value = [np.flatnonzero(digits.labels == value) for value in range(10)]

    def some(value: int) -> Ink:
        return digits.frames[rng.choice(by_value[value])]

    for value, name in ((3, "three in shadow.jpg"), (8, "eight on a board.jpg")):
        paper = page(420, 420, rng, shadow=0.5)
        put(paper, some(value), 70, 90, 240, 0.8)
        save(name, 255 - paper * 0.9 if "board" in name else paper)
    paper = page(420, 560, rng, shadow=0.2)
    paper[30::42] *= 0.82
    put(paper, some(5), 180, 330, 130, 0.75)
    save("five on ruled paper.jpg", paper)
    paper = page(260, 900, rng, shadow=0.3)
    for place, value in enumerate((2, 0, 2, 6)):
        put(paper, some(value), 45 + int(rng.integers(-8, 8)), 60 + 200 * place, 170, 0.8)
    save("a year.jpg", paper)
    save("blank paper.jpg", page(300, 400, rng, shadow=0.3))
    save("a mark sheet.jpg", mark_sheet(some, rng))
    form_and_pages(digits)


if __name__ == "__main__":
    main()
