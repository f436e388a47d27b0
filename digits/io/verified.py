"""Read files whose checksums are known."""

import hashlib
import io
import zipfile
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from digits.errors import DigitsError, ModelError

SHOWN = 8  # characters of a checksum in a message


def read_verified(
    path: Path, expected: str | None, *, what: str, advice: str, error: type[DigitsError]
) -> tuple[bytes, str]:
    """Return the content of a file and its SHA-256.

    Parameters
    ----------
    expected : its SHA-256; None if unknown
    what : names the file in a message, e.g. "the model cnn.onnx"
    advice : what to do if it cannot be used
    error : raised if the file is missing, cannot be read, or has another checksum
    """
    try:
        content = path.read_bytes()
    except OSError as fault:
        raise error(f"{what} cannot be read ({fault.strerror}): {advice}") from fault
    found = hashlib.sha256(content).hexdigest()
    if expected is not None and found != expected:
        raise error(
            f"{what} is damaged or not the one of its card (SHA-256 {found[:SHOWN]}, in the card "
            f"{expected[:SHOWN] or 'none'}): {advice}"
        )
    return content, found


def read_arrays(path: Path, expected: str | None, names: Sequence[str]) -> list[np.ndarray]:
    """Return arrays of an `.npz` that belongs to a model.

    Raises
    ------
    ModelError
        The file is missing, damaged, or not the one of the model's card.
    """
    content, _ = read_verified(
        path,
        expected or "",
        what=f"the file {path.name}",
        advice="download the project again, or train the network again",
        error=ModelError,
    )
    try:
        with np.load(io.BytesIO(content), allow_pickle=False) as arrays:
            return [arrays[name] for name in names]
    except (OSError, ValueError, KeyError, zipfile.BadZipFile, EOFError) as error:
        raise ModelError(f"{path.name} lacks arrays: train the network again") from error
