"""Make the hard examples that learning is compared on: digits/weights/hard.npz and its card.

    python scripts/make_hard.py

Half of the digits are MNIST's held-out ones, distorted as in training; half are drawn in forms that
MNIST has not met. What is no digit is made of the same digits, of strokes, letters and textures.
"""

import hashlib
import io
import sys
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).parent.parent))

from digits.image.mnist_normalize import to_frame
from digits.inference.card import write_card
from digits.inference.reference_set import HARD
from digits.io.atomic_write import atomic_write
from digits.mnist import load_mnist
from digits.registry import WEIGHTS
from digits.synthesis.allographs import draw_frame
from digits.synthesis.negatives import draw_negatives
from digits.training.augmentation import augment
from digits.types import CLASSES, Box

DIGITS, OTHERS = 1_000, 500  # frames
SEED = 20261123


def main() -> int:
    """Draw, write, and say how large it is."""
    rng = np.random.default_rng(SEED)
    known = load_mnist().held_out
    chosen = rng.choice(len(known), DIGITS // 2, replace=False)
    distorted = augment(known.frames[chosen], known.labels[chosen], rng)
    labels = np.arange(DIGITS // 2, dtype=np.uint8) % CLASSES
    drawn = np.stack([draw_frame(int(label), rng) for label in labels])
    inks = draw_negatives(known.pictures, known.labels, OTHERS, rng, held_out=True)
    others = np.stack([to_frame(ink, Box(0, 0, ink.shape[1], ink.shape[0])) for ink in inks])
    file = io.BytesIO()
    np.savez_compressed(
        file,
        digits=to_grey(np.concatenate([distorted, drawn])),
        labels=np.concatenate([known.labels[chosen], labels]),
        others=to_grey(others),
    )
    atomic_write(WEIGHTS / HARD, file.getvalue())
    card = {"name": "hard examples", "seed": SEED, "digits": DIGITS, "others": OTHERS}
    write_card(WEIGHTS / HARD, card)
    print(f"{len(file.getvalue())} bytes, SHA-256 {hashlib.sha256(file.getvalue()).hexdigest()}")
    return 0


def to_grey(frames: np.ndarray) -> np.ndarray:
    """Return frames as they are stored: uint8, 255 full ink."""
    return np.asarray((255 * np.clip(frames, 0, 1)).round(), np.uint8)


if __name__ == "__main__":
    sys.exit(main())
