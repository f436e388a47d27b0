"""Store the versions of a personal head, and which of them is active.

A version is a file `TIME-CHECKSUM.npz`, which is written atomically and never changed. The file
`current` names the active version; without it, none is active.
"""

import hashlib
import io
import json
import zipfile
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path

import numpy as np

from digits.errors import LearningError, ModelError, reason_of
from digits.io.atomic_write import atomic_write
from digits.personalization.kernel_head import PersonalHead

CURRENT = "current"  # the file that names the active version
STAMP = "%Y%m%dT%H%M%S%f"  # UTC; names sort by time
GO_BACK = "choose another on the page Your handwriting, or with: python -m digits learn --back NAME"
SHORT = 12  # hexadecimal digits of the checksum in a name


@dataclass(frozen=True, slots=True)
class Compared:
    """Errors on a set of frames without and with a personal head."""

    what: str  # the set
    digits: int
    before: int  # errors
    after: int  # errors

    @property
    def loss(self) -> int:
        """How many more errors there are after than before."""
        return self.after - self.before


@dataclass(frozen=True, slots=True)
class Version:
    """Metadata of a version."""

    name: str
    made: datetime  # UTC
    learned_from: int  # corrected digits
    compared: tuple[Compared, ...]


def save_version(folder: Path, head: PersonalHead, compared: Sequence[Compared]) -> str:
    """Write a version and make it active; return its name.

    If two processes do this at the same time, both versions are stored and one of them is active.

    Raises
    ------
    LearningError
        It cannot be written; the active version does not change.
    """
    made = datetime.now(tz=UTC)
    card = {"made": made.isoformat(), "compared": [asdict(row) for row in compared]}
    file = io.BytesIO()
    np.savez(
        file,
        directions=head.directions,
        pulls=head.class_coefficients,  # names of the first release, which stored versions have
        denials=head.reject_coefficients,
        reach=np.float64(head.bandwidth),
        card=np.frombuffer(json.dumps(card).encode(), np.uint8),
    )
    content = file.getvalue()
    name = f"{made.strftime(STAMP)}-{hashlib.sha256(content).hexdigest()[:SHORT]}"
    _write(folder / f"{name}.npz", content)
    set_current(folder, name)
    return name


def set_current(folder: Path, name: str | None) -> None:
    """Make a version active; None for the network as shipped.

    Raises
    ------
    ModelError
        There is no such version, or it is damaged.
    LearningError
        It cannot be written; the active version does not change.
    """
    if name is not None:
        load_version(folder, name)
    _write(folder / CURRENT, (name or "").encode())


def _write(path: Path, content: bytes) -> None:
    try:
        atomic_write(path, content)
    except OSError as error:
        raise LearningError(
            f"what was learned cannot be saved ({error.strerror}): free disk space or allow "
            f"writing in {path.parent}"
        ) from error


def current_name(folder: Path) -> str | None:
    """Return the name of the active version, or None."""
    try:
        return (folder / CURRENT).read_text(encoding="utf-8").strip() or None
    except (FileNotFoundError, NotADirectoryError, PermissionError):
        return None  # a folder that cannot be read holds no version
    except (OSError, UnicodeDecodeError) as error:
        raise ModelError(
            f"the name of the active version cannot be read ({reason_of(error)}): {GO_BACK}"
        ) from error


def list_versions(folder: Path) -> list[Version]:
    """Return all undamaged versions, the newest first."""
    found = []
    for path in sorted(folder.glob("*.npz"), reverse=True):
        try:
            found.append(load_version(folder, path.stem)[1])
        except ModelError:
            continue
    return found


def load_version(folder: Path, name: str) -> tuple[PersonalHead, Version]:
    """Open a version after comparing it with the checksum in its name.

    Raises
    ------
    ModelError
        It is missing or damaged.
    """
    try:
        content = (folder / f"{name}.npz").read_bytes()
    except FileNotFoundError:
        raise ModelError(f"there is no learned version {name}: {GO_BACK}") from None
    except OSError as error:
        raise ModelError(
            f"the learned version {name} cannot be read ({reason_of(error)}): {GO_BACK}"
        ) from error
    if not name.endswith(f"-{hashlib.sha256(content).hexdigest()[:SHORT]}"):
        raise ModelError(f"the learned version {name} is damaged: {GO_BACK}")
    try:
        with np.load(io.BytesIO(content), allow_pickle=False) as arrays:
            card = json.loads(arrays["card"].tobytes())
            head = PersonalHead(
                arrays["directions"], arrays["pulls"], arrays["denials"], float(arrays["reach"])
            )
        compared = tuple(Compared(**row) for row in card["compared"])
        made = datetime.fromisoformat(card["made"])
    except (OSError, ValueError, KeyError, TypeError, zipfile.BadZipFile, EOFError) as error:
        raise ModelError(
            f"the learned version {name} is not a learned version: {GO_BACK}"
        ) from error
    return head, Version(name, made, len(head.class_coefficients), compared)
