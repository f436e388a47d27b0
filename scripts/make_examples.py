"""Compose the app's example pictures from MNIST's validation digits on synthetic paper.

From the repository's root: python -m scripts.make_examples
"""

from pathlib import Path

import cv2
import numpy as np

from digits.core import Ink
from digits.data import load_mnist

OUT = Path(__file__).parent.parent / "digits" / "ui" / "examples"
SEED = 7


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


def save(name: str, paper: np.ndarray) -> None:
    """Write the paper as a small JPEG."""
    grey = np.clip(paper, 0, 255).astype(np.uint8)
    cv2.imwrite(str(OUT / name), grey, [cv2.IMWRITE_JPEG_QUALITY, 80])


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


if __name__ == "__main__":
    main()
