"""Kill a program while it writes, at random instants, and look what became of what it wrote.

    python scripts/kill_while_writing.py                       20 kills in each write
    python scripts/kill_while_writing.py learn --kills 200 --write

What is written again and again, until the kill comes:

    corrections  pairs of corrections, as `scripts/kill_while_saving.py` does, which it calls
    learn        versions of what was learned from corrections, and which one is active
    batch        the parts of a batch, and the one file that they become
    checkpoint   what training goes on from
    export       a trained network with its card, as ONNX and as `.h5`

A child says a number once what it wrote is there. Afterwards everything that was said must be there
and whole, and whatever else is there must be whole too or be refused in a sentence. A killed
process is not a power cut. ``--write`` keeps the outcome in docs/reliability/.
"""

import argparse
import hashlib
import io
import json
import os
import random
import select
import shutil
import signal
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import count
from pathlib import Path

import numpy as np
from PIL import Image

ROOT = Path(__file__).parent.parent
sys.path[:0] = [str(ROOT), str(ROOT / "scripts")]
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

import kill_while_saving  # noqa: E402
from campaigns import Campaign, keep  # noqa: E402

from digits.batch.job import CHUNK, Chunk, Job, Tally, read_chunk, run_batch  # noqa: E402
from digits.errors import ModelError  # noqa: E402
from digits.settings import load_settings  # noqa: E402
from digits.types import ANY  # noqa: E402

LONGEST = 0.3  # seconds for which a child writes before it is killed
PATIENCE = 60.0  # seconds for it to say its first number
WEIGHTS = ROOT / "digits" / "weights"
ROWS = 3 * CHUNK  # pictures of a batch: three parts


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a number of kills did."""

    kills: int
    acknowledged: int  # writes of which the child said that they were done
    lost: int  # of these, not there afterwards, or not whole
    halves: int  # files that would be taken for whole ones, and are not


@dataclass(frozen=True, slots=True)
class Subject:
    """Something that is written."""

    prepare: Callable[[Path], None]  # once, before the first child, in the folder of all
    write: Callable[[Path], Iterator[int]]  # in the child, without end; yields what is done
    check: Callable[[Path, list[int]], tuple[int, int]]  # lost and halves, given what was said


def write_versions(folder: Path) -> Iterator[int]:
    """Learn the n-th thing: a head that is n everywhere."""
    from digits.personalization.kernel_head import PersonalHead
    from digits.personalization.versions import save_version

    for n in count():
        parts = [np.full(shape, n, np.float32) for shape in ((300, 128), (300, 10), 300)]
        save_version(folder, PersonalHead(parts[0], parts[1], parts[2], float(n)), ())
        yield n


def check_versions(folder: Path, said: list[int]) -> tuple[int, int]:
    """See that every version is there, and that the last one reported or a later one is active."""
    from digits.personalization.versions import current_name, list_versions, load_version

    heads = {each.name: load_version(folder, each.name)[0] for each in list_versions(folder)}
    whole = {
        int(head.bandwidth) for head in heads.values() if (head.directions == head.bandwidth).all()
    }
    active = heads.get(current_name(folder) or "")
    late = active is not None and active.bandwidth >= max(said)
    halves = len(list(folder.glob("[0-9]*.npz"))) - len(whole)
    return len(set(said) - whole) + (not late), halves


def prepare_batch(folder: Path) -> None:
    """List pictures: a digit in each part, and many that are missing, which costs no time."""
    stroke = np.pad(np.zeros((20, 4), np.uint8), 12, constant_values=255)
    Image.fromarray(stroke).save(folder / "one.png")
    names = ["one.png" if n % CHUNK == 0 else f"missing-{n}.png" for n in range(ROWS)]
    (folder / "list.csv").write_text("\n".join(["file", *names]) + "\n", encoding="utf-8")
    read_batch(folder / "list.csv", folder / "reference.parquet")


def read_batch(names: Path, out: Path) -> None:
    """Read a list of pictures in this process: its workers would outlive it."""

    def here(chunks: Iterator[Chunk], job: Job, _: int) -> Iterator[Tally]:
        for chunk in chunks:
            yield read_chunk(chunk, job)

    run_batch([str(names)], str(out), hint=ANY, engine=here)


def write_batches(folder: Path) -> Iterator[int]:
    """Read the same pictures into one file after another."""
    for n in count():
        read_batch(folder.parent / "list.csv", folder / f"{n}.parquet")
        yield n


def check_batches(folder: Path, said: list[int]) -> tuple[int, int]:
    """See that all files and parts are whole, and that the interrupted one can be gone on with."""
    expected = (folder.parent / "reference.parquet").read_bytes()
    halves = sum(path.read_bytes() != expected for path in folder.glob("*.parquet"))
    lost = sum(not (folder / f"{n}.parquet").exists() for n in said)
    for part in folder.glob("*.parts/0*.jsonl"):
        halves += [*map(type, map(json.loads, part.read_bytes().splitlines()))] != [dict] * CHUNK
    last = folder / f"{max(said) + 1}.parquet"
    read_batch(folder.parent / "list.csv", last)
    return lost, halves + (last.read_bytes() != expected)


def write_checkpoints(folder: Path) -> Iterator[int]:
    """Keep the n-th epoch: weights and optimiser that are n everywhere."""
    from digits.training.architectures import build_network
    from digits.training.checkpoint import Record, save_checkpoint

    network = build_network("dense")
    network.compile("adam", "categorical_crossentropy")
    network.optimizer.build(network.trainable_variables)
    record = Record({}, {})
    for n in count(1):
        for variable in network.variables:
            variable.assign(np.full(variable.shape, n))
        record = record.with_epoch({"loss": float(n)})
        save_checkpoint(network, folder, record)
        yield n


def check_checkpoint(folder: Path, said: list[int]) -> tuple[int, int]:
    """See that the file holds one epoch, whole, and none before the last one said."""
    import h5py

    from digits.training.checkpoint import FILE, load_record

    try:
        record = load_record(folder)
        with h5py.File(folder / FILE) as file:
            parts = [file[f"layers/{layer}/vars/0"] for layer in ("dense", "dense_1")]
            n = 0 if record is None else record.epochs
            whole = all((part[:] == n).all() for part in parts)
    except (OSError, ModelError):
        return 1, 0
    return int(n < max(said)), int(not whole)


def write_exports(folder: Path) -> Iterator[int]:
    """Export a network, as training does: what is served, its card, its known digits, its `.h5`."""
    from digits.inference.card import write_card
    from digits.io.atomic_write import atomic_write

    content = (WEIGHTS / "dense.onnx").read_bytes()
    card = json.loads((WEIGHTS / "dense.json").read_text(encoding="utf-8"))
    h5 = (WEIGHTS / "mnist_dense.h5").read_bytes()
    known = (WEIGHTS / "dense.npz").read_bytes()
    for n in count():
        path = folder / f"{n:06d}" / "dense.onnx"
        atomic_write(path, content)
        write_card(path, card | {"name": str(n)})
        atomic_write(path.with_suffix(".npz"), known)
        atomic_write(path.with_suffix(".h5"), h5)
        yield n


def check_exports(folder: Path, said: list[int]) -> tuple[int, int]:
    """See that a network that opens is the one its card names, and that what was said opens."""
    from digits.inference.classifier import load_classifier
    from digits.inference.reference_set import load_reference_set

    h5 = hashlib.sha256((WEIGHTS / "mnist_dense.h5").read_bytes()).digest()
    lost = halves = 0
    for run in sorted(folder.iterdir()):
        n, path = int(run.name), run / "dense.onnx"
        try:
            opens = load_classifier(path).name.name == str(n)
            load_reference_set(path)
        except ModelError:
            opens = False
        kept = path.with_suffix(".h5")
        if kept.exists() and hashlib.sha256(kept.read_bytes()).digest() != h5:
            halves += 1
        lost += n in said and not (opens and kept.exists())
    return lost, halves


def nothing(_: Path) -> None:
    """Prepare nothing."""


def load_keras(_: Path) -> None:
    """Load TensorFlow once: a child has it by being a copy of this process."""
    import keras  # noqa: F401


CORRECTIONS = "corrections"  # the one that needs a database
TRIED = {
    CORRECTIONS: "kill -9 while pairs of corrections are stored",
    "learn": "kill -9 while learned versions are written and made active",
    "batch": "kill -9 while parts of a batch and their one file are written, and going on after it",
    "checkpoint": "kill -9 while training keeps an epoch",
    "export": "kill -9 while a network, its card, its known digits and its .h5 are exported",
}
SUBJECTS = {
    "learn": Subject(nothing, write_versions, check_versions),
    "batch": Subject(prepare_batch, write_batches, check_batches),
    "checkpoint": Subject(load_keras, write_checkpoints, check_checkpoint),
    "export": Subject(nothing, write_exports, check_exports),
}


def campaign(subject: Subject, kills: int, seed: int) -> Outcome:
    """Kill a child `kills` times, and look after each what is there."""
    rng = random.Random(seed)  # noqa: S311  # no secret
    acknowledged = lost = halves = 0
    with tempfile.TemporaryDirectory() as name:
        subject.prepare(Path(name))
        for _ in range(kills):
            folder = Path(name) / "killed"
            folder.mkdir()
            said = killed(subject.write, folder, rng.uniform(0, LONGEST))
            mine = subject.check(folder, said)
            shutil.rmtree(folder)
            acknowledged, lost, halves = acknowledged + len(said), lost + mine[0], halves + mine[1]
    return Outcome(kills, acknowledged, lost, halves)


def kill_corrections(kills: int, seed: int) -> Outcome:
    """Do the same to corrections: in SQLite, or in the empty database of DATABASE_URL."""
    with tempfile.TemporaryDirectory() as folder:
        url = load_settings({**os.environ, "DIGITS_HOME": folder}).database_url
        found = kill_while_saving.campaign(url, kills, seed)
    return Outcome(kills, found.acknowledged, found.lost, found.halves)


def killed(write: Callable[[Path], Iterator[int]], folder: Path, seconds: float) -> list[int]:
    """Let a child write, kill it so many seconds after its first number; return all it said."""
    reading, writing = os.pipe()
    child = os.fork()  # and no new process: loading TensorFlow takes five seconds
    if not child:
        try:
            os.close(reading)
            for n in write(folder):
                os.write(writing, f"{n}\n".encode())
        finally:
            os._exit(1)  # an error, for it never ends by itself
    os.close(writing)
    with io.FileIO(reading) as told:
        ready, _, _ = select.select([told], [], [], PATIENCE)
        time.sleep(seconds)
        os.kill(child, signal.SIGKILL)
        os.waitpid(child, 0)
        # The last line may be half a number: it was not said to the end.
        said = [int(line) for line in told.readall().split(b"\n")[:-1]]
    if not ready or not said:
        raise RuntimeError("the child wrote nothing")
    return said


def to_campaign(name: str, outcome: Outcome) -> Campaign:
    """Return what is kept of a campaign."""
    database = ""
    if name == CORRECTIONS:
        postgres = load_settings().database_url.startswith("postgresql")
        database = "PostgreSQL" if postgres else "SQLite"
    return Campaign(
        f"kill-{name}" + f"-{database.lower()}" * bool(database),
        TRIED[name] + f" in {database}" * bool(database),
        outcome.kills,
        "kills",
        outcome.lost + outcome.halves,
        f"{outcome.acknowledged} writes acknowledged, {outcome.lost} of them lost, "
        f"{outcome.halves} half-written and taken for whole",
        f"{'DATABASE_URL=... ' * (database == 'PostgreSQL')}python scripts/kill_while_writing.py "
        f"{name} --kills {outcome.kills} --write",
    )


def main() -> int:
    """Run the campaigns and say what came of them."""
    parser = argparse.ArgumentParser(description=str(__doc__).partition("\n")[0])
    parser.add_argument("subjects", nargs="*", metavar="SUBJECT", help="all unless told")
    parser.add_argument("--kills", type=int, default=20)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--write", action="store_true", help="keep the outcome")
    options = parser.parse_args()
    wrong = False
    for name in options.subjects or [CORRECTIONS, *SUBJECTS]:
        if name == CORRECTIONS:
            outcome = kill_corrections(options.kills, options.seed)
        else:
            outcome = campaign(SUBJECTS[name], options.kills, options.seed)
        print(f"{name}: {outcome}", flush=True)
        if options.write:
            keep(to_campaign(name, outcome))
        wrong |= bool(outcome.lost or outcome.halves)
    return int(wrong)


if __name__ == "__main__":
    sys.exit(main())
