"""Composed lines in batches of like width, as training takes them.

Apart from training, so that the processes that compose need not import Keras.
"""

import signal

import cv2
import numpy as np

from digits.arrays import Int32, UInt8
from digits.synthesis.line import LONGEST, SyntheticLine, compose_line
from digits.synthesis.numbers import MOST_SYMBOLS
from digits.synthesis.page_ink import InkBank
from digits.types import ALPHABET, STRIP

WIDTHS = (LONGEST // 4, LONGEST // 2, LONGEST)  # px that batches have: a compiler plans each anew
WHITE = 255  # full ink in 8 bits
CLASS_OF = {symbol: i + 1 for i, symbol in enumerate(ALPHABET)}  # class 0 is the blank

Batch = tuple[UInt8[np.ndarray, "n 32 w"], Int32[np.ndarray, "n 16"]]


def compose_batches(bank: InkBank, lines: int, batch: int, seed: tuple[int, ...]) -> list[Batch]:
    """Return `lines` new lines, `batch` at a time; which ones depends on `seed` alone."""
    rng = np.random.default_rng(seed)
    composed = [compose_line(bank, rng) for _ in range(lines)]
    composed.sort(key=lambda line: line.strip.shape[1])  # to pad them less
    batches = [to_batch(composed[i : i + batch]) for i in range(0, lines, batch)]
    return [batches[i] for i in rng.permutation(len(batches))]


def to_batch(lines: list[SyntheticLine]) -> Batch:
    """Pad strips to one of `WIDTHS` with paper, and texts to one length with the blank.

    Strips are kept in 8 bits until they are used, a quarter of the memory. Class 0 is the blank
    and symbol i of the alphabet is class i + 1, as in Keras' CTC.
    """
    longest = max(line.strip.shape[1] for line in lines)
    width = next((width for width in WIDTHS if width >= longest), longest)
    strips = np.zeros((len(lines), STRIP, width), np.uint8)
    texts = np.zeros((len(lines), MOST_SYMBOLS), np.int32)
    for i, line in enumerate(lines):
        strips[i, :, : line.strip.shape[1]] = np.round(line.strip * WHITE)
        texts[i, : len(line.written)] = [CLASS_OF[symbol] for symbol in line.written]
    return strips, texts


_bank: InkBank | None = None  # of the process that composes


def start_composer(bank: InkBank) -> None:
    """Prepare a process that composes parts of an epoch: it is given the bank only once."""
    global _bank
    _bank = bank
    cv2.setNumThreads(1)
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is for the process that trains


def compose_part(lines: int, batch: int, seed: tuple[int, ...]) -> list[Batch]:
    """Return lines as `compose_batches` does, of the bank that the process was given."""
    if _bank is None:
        raise RuntimeError("start_composer was not called in this process")
    return compose_batches(_bank, lines, batch, seed)
