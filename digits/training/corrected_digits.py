"""Add the corrected digits of an exported folder to the training digits."""

import hashlib
from dataclasses import replace
from pathlib import Path

import numpy as np

from digits.corrections.labels_csv import open_folder, read_rows
from digits.errors import CorrectionsError
from digits.io.document import load_picture
from digits.mnist import Labelled, Mnist
from digits.types import FRAME

DIGITS = "0123456789"
REPEATED = 10  # times that a corrected digit stands among MNIST's


def with_corrections(mnist: Mnist, folder: Path) -> Mnist:
    """Return MNIST with the corrected digits of an export among its training digits.

    Each is there `REPEATED` times: a few of them among 55,000 would teach nothing. Validation and
    calibration digits stay MNIST's, so that figures remain comparable.

    Raises
    ------
    CorrectionsError
        The folder is not an export, or has no explicit correction of a single digit.
    """
    read = open_folder(folder)
    frames, labels = [], []
    for cells in read_rows(read):
        if not _is_explicit(cells):
            continue
        if cells.get("frame") and len(cells["text"]) == 1 and cells["text"] in DIGITS:
            picture = load_picture(read(cells["frame"])).grey
            if picture.shape != (FRAME, FRAME):
                raise CorrectionsError(f"{cells['frame']} is not {FRAME}x{FRAME} pixels large")
            frames.append(picture)
            labels.append(int(cells["text"]))
    if not frames:
        raise CorrectionsError(f"{folder} holds no corrected digit to learn from")
    added = np.stack(frames)
    digest = hashlib.sha256(added.tobytes() + bytes(labels)).hexdigest()
    train = Labelled(
        np.concatenate([mnist.train.pictures, *[added] * REPEATED]),
        np.concatenate([mnist.train.labels, *[np.array(labels, np.uint8)] * REPEATED]),
    )
    return replace(mnist, train=train, corrections=len(labels), corrections_sha256=digest)


def _is_explicit(cells: dict[str, str]) -> bool:
    """Return whether a person is known to have said it: earlier versions stored others too."""
    return bool(cells["act"]) if "act" in cells else cells.get("source") not in ("read", "draw")
