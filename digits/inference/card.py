"""Write the card of a model."""

import hashlib
import json
from pathlib import Path
from typing import Any

from digits.io.atomic_write import atomic_write


def write_card(path: Path, card: dict[str, Any]) -> None:
    """Write the card of the model at `path`, with the model's current checksum."""
    card = {**card, "sha256": hashlib.sha256(path.read_bytes()).hexdigest()}
    text = json.dumps(card, indent=2, ensure_ascii=False) + "\n"
    atomic_write(path.with_suffix(".json"), text.encode())
