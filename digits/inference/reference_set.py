"""MNIST's held-out digits with a network's embeddings, to compare new digits with.

They are stored next to the network as `NAME.npz`, so that explanations and learning do not need
MNIST itself.
"""

import hashlib
import io
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from digits.arrays import Float16, Float32, Int, UInt8
from digits.inference.classifier import load_card, load_classifier
from digits.io.atomic_write import atomic_write
from digits.io.verified import read_arrays
from digits.types import Frames, Logits

WEIGHTS = Path(__file__).parent.parent / "weights"  # shipped with the package
HARD = "hard.npz"  # with its own card
CHECKSUM = "neighbours_sha256"  # in the network's card


@dataclass(frozen=True)
class ReferenceSet:
    """The 5,000 validation and calibration digits, held out from training."""

    pictures: UInt8[np.ndarray, "n 28 28"]  # 0 paper to 255 ink, as MNIST has them
    labels: UInt8[np.ndarray, " n"]  # 0 to 9
    embeddings: Float16[np.ndarray, "n _units"]  # the network's last hidden layer
    logits: Logits  # the network's output
    not_a_digit: Float32[np.ndarray, " _n"]  # logits; empty where the network has no reject head

    @property
    def frames(self) -> Frames:
        """The pictures as ink: float32, shape (n, 28, 28), 0.0 to 1.0."""
        return to_ink(self.pictures)

    def nearest(
        self, embedding: Float32[np.ndarray, " _units"], k: int
    ) -> tuple[Int[np.ndarray, " k"], Float32[np.ndarray, " k"]]:
        """Return the indices and distances of the k nearest digits, the nearest first."""
        distance = np.linalg.norm(self.embeddings.astype(np.float32) - embedding, axis=1)
        order = np.argsort(distance, kind="stable")[:k]
        return order, distance[order].astype(np.float32)


@dataclass(frozen=True)
class HardExamples:
    """Hard frames: distorted digits, unusual forms, and frames that hold no digit."""

    digits: UInt8[np.ndarray, "n 28 28"]  # 0 paper to 255 ink
    labels: UInt8[np.ndarray, " n"]  # 0 to 9
    others: UInt8[np.ndarray, "m 28 28"]  # frames that hold no digit


def to_ink(pictures: UInt8[np.ndarray, "n 28 28"]) -> Frames:
    """Return stored pictures as frames: float32, 0.0 to 1.0."""
    return (pictures / np.float32(255)).astype(np.float32)


def write_reference_set(
    path: Path, pictures: UInt8[np.ndarray, "n 28 28"], labels: UInt8[np.ndarray, " n"]
) -> str:
    """Write the reference set of the `.onnx` at `path`; return the checksum for its card."""
    frames = to_ink(pictures)
    classifier = load_classifier(path)
    scores = classifier.network(frames)
    file = io.BytesIO()
    np.savez_compressed(
        file,
        pictures=pictures,
        labels=labels,
        embeddings=classifier.embed(frames).astype(np.float16),
        logits=scores.logits,
        doubts=np.zeros(0, np.float32) if scores.not_a_digit is None else scores.not_a_digit,
    )
    atomic_write(path.with_suffix(".npz"), file.getvalue())
    return hashlib.sha256(file.getvalue()).hexdigest()


def load_reference_set(path: Path) -> ReferenceSet:
    """Open the reference set of the `.onnx` at `path`.

    Raises
    ------
    ModelError
        They are missing, or not those that the network's card names.
    """
    expected = load_card(path).get(CHECKSUM)
    names = ("pictures", "labels", "embeddings", "logits", "doubts")
    return ReferenceSet(*read_arrays(path.with_suffix(".npz"), expected, names))


def load_hard(folder: Path = WEIGHTS) -> HardExamples:
    """Open the hard examples shipped with the package.

    Raises
    ------
    ModelError
        They are missing or damaged.
    """
    expected = load_card(folder / HARD).get("sha256")
    return HardExamples(*read_arrays(folder / HARD, expected, ("digits", "labels", "others")))
