"""Evaluate a reader on digits by writers it was not trained on, given as strokes or scans."""

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np

from digits.reader import Reader
from digits.synthesis.strokes import Handwritten, draw
from digits.types import Hint, Picture

SINGLE = Hint(single=True)
HEIGHT = 100  # px, of a digit that is drawn from its strokes
MARGIN = 25  # px of paper around it
PEN = 0.07  # heights; a ballpoint on a digit of 8 mm
PAPER = 255


@dataclass(frozen=True, slots=True)
class WriterDigit:
    """The reading of one digit by a known writer."""

    source: str
    writer: str
    truth: str
    text: str
    confidence: float

    @property
    def right(self) -> bool:
        """Whether the digit was read correctly."""
        return self.text == self.truth


def to_picture(character: Handwritten) -> Picture:
    """Return a character on white paper; strokes are drawn without variation."""
    if character.scan is not None:
        ink = character.scan
    else:
        drawn = draw(character.strokes, HEIGHT, PEN * HEIGHT)
        ink = np.asarray(np.round(PAPER * drawn), np.uint8)
    grey = PAPER - np.pad(ink, MARGIN)
    height, width = grey.shape
    return Picture(grey, width, height, hashlib.sha256(grey.tobytes()).hexdigest())


def evaluate_writers(reader: Reader, characters: Iterable[Handwritten]) -> list[WriterDigit]:
    """Read each digit with the hint `single`."""
    answers = []
    for character in characters:
        reading = reader.read(to_picture(character), SINGLE)
        answers.append(
            WriterDigit(
                character.source,
                character.writer,
                character.label,
                reading.text,
                reading.confidence,
            )
        )
    return answers
