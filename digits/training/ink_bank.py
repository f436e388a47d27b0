"""Gather what synthetic pages and lines are written with: digits and letters by writer."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from digits.mnist import Labelled
from digits.synthesis.page_ink import InkBank, Samples, mnist_samples, trim
from digits.training.handwriting import Handwriting

MNIST_DIGITS = 12_000  # that a page is written with
LEAST_DIGITS = 8  # different digits that a writer must have written
POINTS = 3  # of a recorded stroke's points, one in so many is drawn: pages are many


def load_bank(
    digits: Labelled, handwriting: Handwriting | None, limit: int = MNIST_DIGITS
) -> InkBank:
    """Return what pages and lines are written with: MNIST's digits, and other writers' if any.

    Parameters
    ----------
    digits : of MNIST
    handwriting : of other data sets, one side of the split; None where there is none
    limit : digits of MNIST that are taken
    """
    common = mnist_samples(digits, limit)
    if handwriting is None:
        return InkBank(common)
    writers = [_samples(group) for group in handwriting.writer_groups().values()]
    return InkBank(
        common,
        tuple(w for w in writers if sum(c.isdigit() for c in w) >= LEAST_DIGITS),
        tuple(w for w in writers if sum(c.isalpha() for c in w) >= LEAST_DIGITS),
    )


def _samples(characters: Handwriting) -> Samples:
    """Return one writer's characters by label."""
    samples: dict[str, list[Any]] = {}
    for character in characters.characters:
        if character.scan is not None:
            cut = trim(character.scan)
            if cut is not None and character.source != "optdigits":
                samples.setdefault(character.label, []).append(cut)
        else:
            samples.setdefault(character.label, []).append(_thinned(character.strokes))
    return samples


def _thinned(strokes: Sequence[np.ndarray]) -> tuple[np.ndarray, ...]:
    """Leave out points that a page is too coarse to show."""
    return tuple(
        np.concatenate([stroke[:-1:POINTS], stroke[-1:]]).astype(np.float32) for stroke in strokes
    )
