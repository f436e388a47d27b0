"""Compose training crops in separate processes, and pass them through shared memory."""

from __future__ import annotations

import os
import threading
from dataclasses import dataclass
from multiprocessing import get_context
from multiprocessing.shared_memory import SharedMemory
from typing import TYPE_CHECKING

import cv2
import numpy as np

from digits.inference.segmenter import CHANNELS, normalise
from digits.synthesis.page import CROP, ComposedPage, compose_crop
from digits.synthesis.page_ink import InkBank

if TYPE_CHECKING:
    from multiprocessing.sharedctypes import Synchronized
    from multiprocessing.synchronize import Event

SLOTS = 2048  # crops kept at once
QUANTUM = 24.0  # steps of a stored pixel for each 1.0 of the normalised page
HALF = CROP // 2
CORE_BIT, SHEET_BIT = 8, 16  # added to a pixel's class
START = 256  # crops to wait for before the first batch


@dataclass(frozen=True, slots=True)
class CropBatch:
    """Crops as input of the network, and their ground truth."""

    pages: np.ndarray  # float32, (n, 256, 256, 4)
    labels: np.ndarray  # uint8, (n, 128, 128): class, core and sheet bits
    tall: np.ndarray  # uint8, (n, 128, 128)
    lies: np.ndarray  # float32, (n, 2): quarter turns, degrees


def pack(crop: ComposedPage) -> tuple[np.ndarray, np.ndarray, np.ndarray, tuple[float, float]]:
    """Return a crop in 8 bits: normalised page, labels with their bits, heights, orientation."""
    page = np.clip(np.round(normalise(crop.rgb) * QUANTUM), -127, 127).astype(np.int8)
    labels = crop.labels + CORE_BIT * crop.core + SHEET_BIT * crop.sheet
    return page, labels.astype(np.uint8), crop.tall, (float(crop.quarters), crop.angle)


def to_batch(crops: list[ComposedPage]) -> CropBatch:
    """Return crops as one batch."""
    pages, labels, tall, lies = zip(*(pack(crop) for crop in crops), strict=True)
    return CropBatch(
        np.stack(pages) / np.float32(QUANTUM),
        np.stack(labels),
        np.stack(tall),
        np.array(lies, np.float32),
    )


class CropStream:
    """Crops composed by other processes while this one trains.

    Each crop is drawn `reuse` times on average; composers rest when they are ahead.
    """

    def __init__(self, bank: InkBank, *, seed: int, workers: int = 1, reuse: float = 2.0) -> None:
        context = get_context("spawn")
        sizes = (SLOTS * CROP * CROP * CHANNELS, SLOTS * HALF * HALF, SLOTS * HALF * HALF)
        self._memory = [SharedMemory(create=True, size=size) for size in (*sizes, SLOTS * 8)]
        self._arrays = _views(self._memory)
        self._made, self._wanted = context.Value("q", 0), context.Value("d", 2.0 * START)
        self._stop = context.Event()
        self._reuse = reuse
        self._rng = np.random.default_rng((seed, 1))
        self._lock = threading.Lock()
        names = [memory.name for memory in self._memory]
        self._workers = [
            context.Process(
                target=_compose,
                args=(names, bank, (seed, 2, k), self._made, self._wanted, self._stop),
                daemon=True,
            )
            for k in range(workers)
        ]
        for worker in self._workers:
            worker.start()

    def take(self, n: int) -> CropBatch:
        """Return `n` crops among the latest. Thread-safe."""
        while True:
            if not all(worker.is_alive() for worker in self._workers):
                raise RuntimeError("a process that composes crops ended; see its message above")
            if self._made.value >= max(START, n):
                break
            self._stop.wait(0.2)
        with self._lock:
            self._wanted.value += n / self._reuse
            chosen = self._rng.integers(0, min(self._made.value, SLOTS), n)
        pages, labels, tall, lies = self._arrays
        return CropBatch(
            pages[chosen] / np.float32(QUANTUM), labels[chosen], tall[chosen], lies[chosen]
        )

    def close(self) -> None:
        """End the composers and release the memory."""
        self._stop.set()
        for worker in self._workers:
            worker.join(10)
        del self._arrays
        for memory in self._memory:
            memory.close()
            memory.unlink()


def _views(memory: list[SharedMemory]) -> tuple[np.ndarray, ...]:
    """Return pages, labels, heights and orientations of the crops, in shared memory."""
    return (
        np.ndarray((SLOTS, CROP, CROP, CHANNELS), np.int8, memory[0].buf),
        np.ndarray((SLOTS, HALF, HALF), np.uint8, memory[1].buf),
        np.ndarray((SLOTS, HALF, HALF), np.uint8, memory[2].buf),
        np.ndarray((SLOTS, 2), np.float32, memory[3].buf),
    )


def _compose(
    names: list[str],
    bank: InkBank,
    seed: tuple[int, ...],
    made: Synchronized[int],
    wanted: Synchronized[float],
    stop: Event,
) -> None:
    """Compose crops until told to stop."""
    cv2.setNumThreads(1)
    parent = os.getppid()
    memory = [SharedMemory(name=name) for name in names]
    pages, labels, tall, lies = _views(memory)
    rng = np.random.default_rng(seed)
    while not stop.is_set() and os.getppid() == parent:
        if made.value > wanted.value:
            stop.wait(0.05)
            continue
        packed = pack(compose_crop(bank, rng))
        with made.get_lock():
            slot = made.value % SLOTS
            made.value += 1
        pages[slot], labels[slot], tall[slot], lies[slot] = packed
