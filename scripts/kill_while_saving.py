"""Kill a program while it saves corrections, many times, and count what was lost.

    python scripts/kill_while_saving.py --kills 200 --write

A child process adds corrections, a line and its digit at a time, and says each one's number once
`Corrections.add` has returned. It is killed at a random instant, and the database is opened again.
SQLite in a folder of its own, or the empty database that DATABASE_URL names. ``--write`` puts the
outcome into docs/corrections.md. A killed process is not a power cut: that takes a disk which
keeps its word on fsync.
"""

import argparse
import os
import random
import re
import subprocess
import sys
import tempfile
import threading
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

ROOT = Path(__file__).parent.parent
sys.path.insert(0, str(ROOT))

from digits.corrections.store import Correction, Corrections, Wanted  # noqa: E402
from digits.settings import load_settings  # noqa: E402
from digits.types import Box, ModelName  # noqa: E402

DOCUMENT = ROOT / "docs" / "corrections.md"
CROP = 20_000  # bytes, as the crop of a line in a photograph has
LONGEST = 0.1  # seconds for which a child saves before it is killed; some twenty corrections


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a number of kills did."""

    kills: int
    acknowledged: int  # pairs of corrections
    kept: int  # pairs: a few more, killed between the writing and the saying
    lost: int  # acknowledged, and not there afterwards
    halves: int  # of a pair only one was there


def pair(n: int) -> tuple[Correction, Correction]:
    """Return the n-th line and its digit, told apart from all others by their box."""
    rng = random.Random(n)  # noqa: S311  # no secret

    def correction(digit: int | None) -> Correction:
        return Correction(
            reading="0" * 64,
            line=0,
            digit=digit,
            box=Box(n, 0, 28, 28),
            crop=rng.randbytes(CROP),
            frame=None,
            read="1",
            model=ModelName("cnn", "0" * 64),
            truth="7",
            source="read",
            file=None,
            made=datetime.now(UTC),
        )

    return correction(None), correction(0)


def save(url: str, start: int) -> None:
    """Add pair after pair, and say each one's number when it is kept."""
    store = Corrections(url)
    n = start
    while True:
        store.add(pair(n))
        print(n, flush=True)
        n += 1


def campaign(url: str, kills: int, seed: int) -> Outcome:
    """Kill a child `kills` times, and look after each what is there."""
    rng = random.Random(seed)  # noqa: S311  # no secret
    acknowledged: set[int] = set()
    kept: set[int] = set()
    lost = halves = 0
    for _ in range(kills):
        command = [sys.executable, __file__, "--save", url, str(max(kept, default=-1) + 1)]
        with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as child:
            if child.stdout is None or not (first := child.stdout.readline()):
                raise RuntimeError("the child saved nothing")
            threading.Timer(rng.uniform(0, LONGEST), child.kill).start()
            # The last line may be half a number: it was not said to the end.
            acknowledged |= {int(first), *map(int, child.stdout.read().split("\n")[:-1])}
        store = Corrections(url)
        kept = {found.box.x for found in store.all(Wanted(single=False))}
        halves += len(kept ^ {found.box.x for found in store.all(Wanted(single=True))})
        lost += len(acknowledged - kept)
        store.close()
    return Outcome(kills, len(acknowledged), len(kept), lost, halves)


def main() -> int:
    """Run a campaign and say, or write down, what came of it."""
    parser = argparse.ArgumentParser(description=str(__doc__).partition("\n")[0])
    parser.add_argument("--kills", type=int, default=20)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--write", action="store_true", help="into docs/corrections.md")
    parser.add_argument("--save", nargs=2, metavar=("URL", "START"), help="be the child")
    options = parser.parse_args()
    if options.save:
        save(options.save[0], int(options.save[1]))
    with tempfile.TemporaryDirectory() as folder:
        url = load_settings({**os.environ, "DIGITS_HOME": folder}).database_url
        outcome = campaign(url, options.kills, options.seed)
    name = "PostgreSQL" if url.startswith("postgresql") else "SQLite"
    row = (
        f"| {name} | {outcome.kills} | {outcome.acknowledged} | {outcome.kept} "
        f"| {outcome.lost} | {outcome.halves} |"
    )
    print(row)
    if options.write:
        text = DOCUMENT.read_text(encoding="utf-8")
        text = re.sub(rf"^\| {name} \| \d.*$", row, text, flags=re.MULTILINE)
        DOCUMENT.write_text(text, encoding="utf-8", newline="\n")
    return 1 if outcome.lost or outcome.halves else 0


if __name__ == "__main__":
    sys.exit(main())
