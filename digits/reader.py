"""The chain from a picture to a reading: one line for each stage, and nobody else composes them."""

import hashlib
import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace

import numpy as np

from digits.core import (
    ANY,
    CLASSES,
    FRAME,
    Box,
    CrowdedError,
    Digit,
    DigitsError,
    Frames,
    Hint,
    HintError,
    Ink,
    Line,
    Picture,
    Reading,
    Status,
)
from digits.image.frame import to_frame
from digits.image.ink import extract_ink
from digits.image.layout import Glyph, find_lines, find_single
from digits.image.quality import describe_faults
from digits.model.classifier import Answers, Classifier


@dataclass(frozen=True)
class Reader:
    """Reads pictures with one model. Immutable, so that threads may share it."""

    classifier: Classifier

    def read(self, picture: Picture, hint: Hint = ANY) -> Reading:
        """Read what is written on `picture`.

        Parameters
        ----------
        picture : as `digits.image.pixels.load_picture` gives it
        hint : what is known about it; nothing needs to be

        Returns
        -------
        Reading
            Its boxes are in pixels of the upright original. Status "blank" and no digit where
            there is no ink.

        Raises
        ------
        HintError
            The hint contradicts itself or the picture.
        """
        _check(hint, picture)
        ink = extract_ink(picture.grey)
        try:
            lines = _find(ink, picture, hint)
        except CrowdedError as error:
            return self._refuse(picture, hint, error)
        frames = to_frames([glyph for line in lines for glyph in line])
        answers = self.classifier.classify(frames)
        return self._compose(picture, hint, lines, frames, answers, ink)

    def _refuse(self, picture: Picture, hint: Hint, reason: DigitsError) -> Reading:
        """Say why a picture cannot be handwriting; that is not "blank"."""
        sentence = str(reason)
        return Reading(
            id=_identity(picture, self.classifier.name.sha256, hint),
            size=(picture.width, picture.height),
            status="refused",
            model=self.classifier.name,
            text="",
            confidence=0.0,
            notes=(f"{sentence[:1].upper()}{sentence[1:]}.",),
        )

    def _compose(  # the results of every stage meet here
        self,
        picture: Picture,
        hint: Hint,
        lines: list[list[Glyph]],
        frames: Frames,
        answers: Answers,
        ink: Ink,
    ) -> Reading:
        """Put answers and places together as one `Reading`."""
        which = iter(range(len(frames)))
        read = tuple(
            _line([_digit(picture, glyph, frames, answers, next(which)) for glyph in line])
            for line in lines
            if line
        )
        confidence = float(np.prod([line.confidence for line in read])) if read else 0.0
        status: Status = "blank"
        if read:
            status = "read" if confidence >= hint.accept else "doubtful"
        return Reading(
            id=_identity(picture, self.classifier.name.sha256, hint),
            size=(picture.width, picture.height),
            status=status,
            model=self.classifier.name,
            text="\n".join(line.text for line in read),
            confidence=confidence,
            lines=read,
            notes=describe_faults(
                picture, ink, [digit.box for line in read for digit in line.digits]
            ),
        )


def to_frames(glyphs: Sequence[Glyph]) -> Frames:
    """Return one frame for each character: float32, shape (n, 28, 28); n may be 0."""
    if not glyphs:
        return np.zeros((0, FRAME, FRAME), np.float32)
    return np.stack(
        [to_frame(glyph.ink, Box(0, 0, glyph.box.width, glyph.box.height)) for glyph in glyphs]
    )


def _check(hint: Hint, picture: Picture) -> None:
    if hint.length is not None and hint.length < 1:
        raise HintError(f"a number has at least 1 digit, not {hint.length}")
    if hint.single and hint.length not in (None, 1):
        raise HintError(f"one digit was promised and {hint.length}: leave one of the two hints out")
    if not 0 <= hint.accept <= 1:
        raise HintError(f"the accepted confidence lies between 0 and 1, not at {hint.accept}")
    for box in hint.boxes:
        inside = box.x >= 0 and box.y >= 0 and box.width > 0 and box.height > 0
        if not inside or box.right > picture.width or box.bottom > picture.height:
            raise HintError(
                f"the box {box.x},{box.y},{box.width},{box.height} does not lie inside the "
                f"picture of {picture.width}x{picture.height} pixels"
            )


def _find(ink: Ink, picture: Picture, hint: Hint) -> list[list[Glyph]]:
    """Return the characters of each line, each region of the hint being a line of its own."""
    if not hint.boxes:
        return _find_in(ink, hint)
    lines = []
    for region in hint.boxes:
        box = picture.from_original(region)
        found = _find_in(ink[box.rows_and_columns()], hint)
        lines.append([_moved(glyph, box) for line in found for glyph in line])
    return lines


def _find_in(ink: Ink, hint: Hint) -> list[list[Glyph]]:
    if hint.single or hint.length == 1:
        return [find_single(ink)]
    lines = find_lines(ink)
    length = hint.length
    if length is None:
        return lines
    # One line was promised: the one that comes nearest to its length, the longer if in doubt.
    return sorted(lines, key=lambda line: (abs(len(line) - length), -len(line)))[:1]


def _moved(glyph: Glyph, region: Box) -> Glyph:
    box = replace(glyph.box, x=glyph.box.x + region.x, y=glyph.box.y + region.y)
    return replace(glyph, box=box)


def _digit(picture: Picture, glyph: Glyph, frames: Frames, answers: Answers, i: int) -> Digit:
    """Return the i-th character; its value is None where it is too likely no digit."""
    probabilities, doubt = answers.probabilities[i], answers.not_a_digit
    value = int(probabilities.argmax())
    return Digit(
        value=None if answers.refused[i] else value,
        confidence=float(probabilities[value]),
        box=picture.to_original(glyph.box),
        probabilities=tuple(float(probabilities[k]) for k in range(CLASSES)),
        not_a_digit=None if doubt is None else float(doubt[i]),
        frame=frames[i],
    )


def _line(digits: list[Digit]) -> Line:
    box = digits[0].box
    for digit in digits[1:]:
        box = box.union(digit.box)
    text = "".join("?" if digit.value is None else str(digit.value) for digit in digits)
    return Line(text, float(np.prod([digit.confidence for digit in digits])), box, tuple(digits))


def _identity(picture: Picture, model: str, hint: Hint) -> str:
    """Return the SHA-256 that the same picture, model and hint always give."""
    told = json.dumps([picture.sha256, model, asdict(hint)], sort_keys=True)
    return hashlib.sha256(told.encode()).hexdigest()
