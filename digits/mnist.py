"""Load MNIST as disjoint parts: train, validation and calibration.

Only `digits.evaluation.folder` uses the 10,000 test digits of the same file.
"""

import io
import json
import zipfile
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from digits.arrays import UInt8
from digits.errors import DataError
from digits.io.verified import read_verified
from digits.types import FRAME, Frames

MNIST_FILE = Path(__file__).parent.parent / "data" / "mnist.npz"
N_TRAIN = 55_000  # digits; the rest of the 60,000 is held out
N_VALIDATION = 2_500  # validation digits; the last 2,500 are for calibration


@dataclass(frozen=True, slots=True)
class Labelled:
    """Pictures in MNIST's format, with labels."""

    pictures: UInt8[np.ndarray, "n 28 28"]  # 0 paper to 255 ink
    labels: UInt8[np.ndarray, " n"]  # 0 to 9

    def __len__(self) -> int:
        """Return the number of digits."""
        return len(self.labels)

    @property
    def frames(self) -> Frames:
        """The pictures as ink: float32, shape (n, 28, 28), 0.0 to 1.0."""
        return (self.pictures / np.float32(255)).astype(np.float32)


def joined(*parts: Labelled) -> Labelled:
    """Return several parts as one."""
    return Labelled(
        np.concatenate([part.pictures for part in parts]),
        np.concatenate([part.labels for part in parts]),
    )


@dataclass(frozen=True, slots=True)
class Mnist:
    """The 60,000 training digits, split in the order of the file."""

    train: Labelled  # 55,000
    validation: Labelled  # 2,500
    calibration: Labelled  # 2,500
    sha256: str  # of the file
    corrections: int = 0  # corrected digits among `train`
    corrections_sha256: str | None = None  # SHA-256 of corrected digits

    @property
    def held_out(self) -> Labelled:
        """The 5,000 validation and calibration digits."""
        return joined(self.validation, self.calibration)


def load_mnist(path: Path | None = None) -> Mnist:
    """Return train, validation and calibration digits from an ``.npz`` with Keras' four arrays.

    Parameters
    ----------
    path : the file; without it, the verified one of this repository

    Raises
    ------
    DataError
        The file is missing, is not MNIST, or differs from the checksum in its card.
    """
    path = path or MNIST_FILE
    content, sha256 = _verified(path)
    pictures, labels = _arrays(content, path, "train")
    held_out = len(labels) - round(len(labels) * N_TRAIN / (N_TRAIN + 2 * N_VALIDATION))
    train, middle = len(labels) - held_out, len(labels) - held_out // 2
    return Mnist(
        train=Labelled(pictures[:train], labels[:train]),
        validation=Labelled(pictures[train:middle], labels[train:middle]),
        calibration=Labelled(pictures[middle:], labels[middle:]),
        sha256=sha256,
    )


def open_arrays(path: Path, part: str) -> tuple[np.ndarray, np.ndarray]:
    """Return pictures and labels of "train" or "test" after checking the file.

    Raises
    ------
    DataError
        As `load_mnist`.
    """
    return _arrays(_verified(path)[0], path, part)


def is_mnist(path: Path) -> bool:
    """Return whether a file is the repository's MNIST or a copy of it, by its checksum."""
    return _verified(path)[1] == _checksum_in_card(MNIST_FILE)


def _checksum_in_card(path: Path) -> str | None:
    """Return the SHA-256 in the card beside a file, or None if it has no card."""
    card = path.with_suffix(".json")
    return json.loads(card.read_text(encoding="utf-8"))["sha256"] if card.exists() else None


def _verified(path: Path) -> tuple[bytes, str]:
    """Return the content and its SHA-256, compared with the card beside it if there is one."""
    return read_verified(
        path,
        _checksum_in_card(path),
        what=f"the training data file {path}",
        advice="download the repository again, or name another file with --data",
        error=DataError,
    )


def _arrays(content: bytes, path: Path, part: str) -> tuple[np.ndarray, np.ndarray]:
    """Return pictures and labels of one part; `path` is for messages."""
    try:
        # From memory, since NumPy leaves a damaged file open, which Windows locks.
        with np.load(io.BytesIO(content), allow_pickle=False) as arrays:
            pictures, labels = arrays[f"x_{part}"], arrays[f"y_{part}"]
    except (OSError, ValueError, KeyError, zipfile.BadZipFile, EOFError) as error:
        raise DataError(
            f"{path} is not MNIST as an .npz with x_train, y_train, x_test and y_test"
        ) from error
    if pictures.shape[1:] != (FRAME, FRAME) or pictures.dtype != np.uint8 or not len(labels):
        raise DataError(
            f"{path} holds pictures of shape {pictures.shape[1:]} and type {pictures.dtype}; "
            f"expected {FRAME}x{FRAME} of uint8"
        )
    return pictures, labels.astype(np.uint8)
