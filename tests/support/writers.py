"""A person's corrected digits, for tests: one writer whose digits are read badly."""

import io
from datetime import UTC, datetime, timedelta

import numpy as np
from PIL import Image

from digits.corrections.from_reading import frame_png
from digits.corrections.store import Correction
from digits.image.mnist_normalize import to_frame
from digits.synthesis.allographs import forms_of, write
from digits.synthesis.strokes import draw
from digits.types import Box, ModelName

TAUGHT = "5501234675"  # many fives and sevens: their forms are the odd ones
START = datetime(2026, 1, 1, tzinfo=UTC)


def picture_of(digit: int, rng: np.random.Generator, lean: float = 1.2) -> np.ndarray:
    """Return grey levels of a digit in the writer's own form, leaning, with a broad pen."""
    forms = forms_of(digit)
    ink = draw(write(digit, rng, forms[max(-2, -len(forms))], lean), 40, 8.0, rng)
    return (255 - 255 * ink).astype(np.uint8)


def corrected_digits(n: int, *, read: str = "3", lean: float = 1.2) -> list[Correction]:
    """Return n corrections of single digits, one a minute, the oldest first."""
    rng = np.random.default_rng(11)
    made = []
    for i in range(n):
        digit = int(TAUGHT[i % len(TAUGHT)])
        grey = picture_of(digit, rng, lean)
        box = Box(0, 0, grey.shape[1], grey.shape[0])
        ink = (1 - grey / 255).astype(np.float32)
        made.append(
            Correction(
                reading=f"{i:064}",
                line=0,
                digit=0,
                box=box,
                crop=png_of(grey),
                frame=frame_png(to_frame(ink, box)),
                read=read,
                model=ModelName("cnn", "0" * 64),
                truth=str(digit),
                source="draw",
                file=None,
                made=START + timedelta(minutes=i),
                act="chosen",
            )
        )
    return made


def png_of(grey: np.ndarray) -> bytes:
    """Return grey levels as a PNG."""
    file = io.BytesIO()
    Image.fromarray(grey).save(file, "PNG")
    return file.getvalue()
