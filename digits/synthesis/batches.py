"""Composed lines in batches of like width, as training takes them.

Apart from training, so that the process that composes need not import Keras.
"""

import signal

import numpy as np
from jaxtyping import Int32, UInt8

from digits.mnist import Labelled
from digits.synthesis.line import MOST_DIGITS, SyntheticLine, compose_line
from digits.types import STRIP

POOLED = 8  # batches whose lines are sorted by width together, to pad them less
STEP = 32  # px; widths are rounded up to it, for TensorFlow plans anew for each width
WHITE = 255  # full ink in 8 bits

Batch = tuple[UInt8[np.ndarray, "n 32 w"], Int32[np.ndarray, "n 12"]]


def compose_batches(digits: Labelled, lines: int, batch: int, seed: tuple[int, ...]) -> list[Batch]:
    """Return `lines` new lines, `batch` at a time; which ones depends on `seed` alone."""
    rng = np.random.default_rng(seed)
    composed = [compose_line(digits, rng) for _ in range(lines)]
    batches = []
    for start in range(0, lines, POOLED * batch):
        pool = composed[start : start + POOLED * batch]
        pool.sort(key=lambda line: line.strip.shape[1])
        batches += [to_batch(pool[i : i + batch]) for i in range(0, len(pool), batch)]
    return [batches[i] for i in rng.permutation(len(batches))]


def to_batch(lines: list[SyntheticLine]) -> Batch:
    """Pad strips to one width with paper, and texts to one length with the blank.

    Strips are kept in 8 bits until they are used, a quarter of the memory. Class 0 is the blank
    and digit d is class d + 1, as in Keras' CTC.
    """
    width = max(line.strip.shape[1] for line in lines)
    strips = np.zeros((len(lines), STRIP, -(-width // STEP) * STEP), np.uint8)
    texts = np.zeros((len(lines), MOST_DIGITS), np.int32)
    for i, line in enumerate(lines):
        strips[i, :, : line.strip.shape[1]] = np.round(line.strip * WHITE)
        texts[i, : len(line.text)] = [int(digit) + 1 for digit in line.text]
    return strips, texts


_digits: Labelled | None = None  # of the process that composes


def start_composer(digits: Labelled) -> None:
    """Prepare a process that composes parts of an epoch: it is given the digits only once."""
    global _digits
    _digits = digits
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is for the process that trains


def compose_part(lines: int, batch: int, seed: tuple[int, ...]) -> list[Batch]:
    """Return lines as `compose_batches` does, of the digits that the process was given."""
    if _digits is None:
        raise RuntimeError("start_composer was not called in this process")
    return compose_batches(_digits, lines, batch, seed)
