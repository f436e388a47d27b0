"""Store the results of reliability tests in docs/reliability/NAME.json."""

import json
import os
import platform
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path

FOLDER = Path(__file__).parent.parent / "docs" / "reliability"


@dataclass(frozen=True, slots=True)
class Campaign:
    """The result of a test that was repeated many times."""

    campaign: str  # its name, and the file's
    tried: str  # what, in a sentence
    times: int
    unit: str  # of what so many: kills, requests
    lost: int  # how often something went wrong
    result: str  # the figures, in a sentence
    command: str


def keep(campaign: Campaign) -> None:
    """Write a result with date and machine."""
    facts = {
        **asdict(campaign),
        "date": datetime.now(UTC).date().isoformat(),
        "machine": f"{platform.system()} {platform.machine()}, {os.cpu_count()} cores, "
        f"Python {platform.python_version()}",
    }
    FOLDER.mkdir(parents=True, exist_ok=True)
    text = json.dumps(facts, indent=2, ensure_ascii=False) + "\n"
    (FOLDER / f"{campaign.campaign}.json").write_text(text, encoding="utf-8", newline="\n")
