"""The files of a model are replaced whole, and its card names the checksum that it has."""

import hashlib
import json
import os
import tempfile
from pathlib import Path
from typing import Any


def write_card(path: Path, card: dict[str, Any]) -> None:
    """Write the card of the model at `path`, with the checksum that the model has now."""
    card = {**card, "sha256": hashlib.sha256(path.read_bytes()).hexdigest()}
    text = json.dumps(card, indent=2, ensure_ascii=False) + "\n"
    write_whole(path.with_suffix(".json"), text.encode())


def write_whole(path: Path, content: bytes) -> None:
    """Replace `path` in one step, so that nobody ever reads half of it."""
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        Path(name).chmod(0o644)
        Path(name).replace(path)
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise
