"""Read a file whose checksum is known."""

import hashlib
from pathlib import Path

from digits.errors import DigitsError

SHOWN = 8  # characters of a checksum in a message


def read_verified(
    path: Path, expected: str | None, *, what: str, advice: str, error: type[DigitsError]
) -> tuple[bytes, str]:
    """Return the content of a file and its SHA-256.

    Parameters
    ----------
    expected : the SHA-256 that it must have; None where none is known
    what : names the file in a message, e.g. "the model cnn.onnx"
    advice : what to do about a file that cannot be used
    error : raised with a sentence where the file is missing, cannot be read, or is another one
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
