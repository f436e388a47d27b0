"""What was learned, as files: each version whole or not there at all, and one of them in force.

A version is a file `TIME-CHECKSUM.npz`, never changed once it is written. Which one is in force
stands in the file `current`, which is replaced in one step; without it, none is.
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

CURRENT = "current"  # the file that names the version in force
STAMP = "%Y%m%dT%H%M%S%f"  # UTC; names sort by time
GO_BACK = "go back to another on the page Learn, or with: python -m digits learn --back NAME"
SHORT = 12  # hexadecimal digits of the checksum that stand in a name


@dataclass(frozen=True, slots=True)
class Compared:
    """How many of some digits are read wrongly without and with what was learned."""

    what: str
    digits: int
    before: int  # wrong
    after: int  # wrong

    @property
    def loss(self) -> int:
        """How many more are wrong after than before."""
        return self.after - self.before


@dataclass(frozen=True, slots=True)
class Version:
    """What is known of a version without opening it fully."""

    name: str
    made: datetime  # UTC
    learned_from: int  # corrected digits
    compared: tuple[Compared, ...]


def save_version(folder: Path, head: PersonalHead, compared: Sequence[Compared]) -> str:
    """Write a version and put it in force; return its name.

    Two processes that do so at once leave both versions, and one of them in force.

    Raises
    ------
    LearningError
        It cannot be written; what was in force still is.
    """
    made = datetime.now(tz=UTC)
    card = {"made": made.isoformat(), "compared": [asdict(row) for row in compared]}
    file = io.BytesIO()
    np.savez(
        file,
        directions=head.directions,
        pulls=head.pulls,
        denials=head.denials,
        reach=np.float64(head.reach),
        card=np.frombuffer(json.dumps(card).encode(), np.uint8),
    )
    content = file.getvalue()
    name = f"{made.strftime(STAMP)}-{hashlib.sha256(content).hexdigest()[:SHORT]}"
    _write(folder / f"{name}.npz", content)
    set_current(folder, name)
    return name


def set_current(folder: Path, name: str | None) -> None:
    """Put a version in force, or None: the network as it was shipped.

    Raises
    ------
    ModelError
        There is no such version, or it is damaged.
    LearningError
        It cannot be written; what was in force still is.
    """
    if name is not None:
        load_version(folder, name)
    _write(folder / CURRENT, (name or "").encode())


def _write(path: Path, content: bytes) -> None:
    try:
        atomic_write(path, content)
    except OSError as error:
        raise LearningError(
            f"what was learned cannot be kept ({error.strerror}): make room, or allow writing, "
            f"in {path.parent}"
        ) from error


def current_name(folder: Path) -> str | None:
    """Return the name of the version in force, or None."""
    try:
        return (folder / CURRENT).read_text(encoding="utf-8").strip() or None
    except (FileNotFoundError, NotADirectoryError, PermissionError):
        return None  # where nothing can be kept, nothing was learned, and reading goes on
    except (OSError, UnicodeDecodeError) as error:
        raise ModelError(
            f"which learned version is in force cannot be read ({reason_of(error)}): {GO_BACK}"
        ) from error


def list_versions(folder: Path) -> list[Version]:
    """Return the versions that are whole, the newest first; damaged ones are left out."""
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
        raise ModelError(f"the learned version {name} is of another kind: {GO_BACK}") from error
    return head, Version(name, made, len(head.pulls), compared)
