"""Kill a program at random moments while it writes, and check what it wrote.

    python scripts/kill_while_writing.py                       20 kills in each write
    python scripts/kill_while_writing.py learn --kills 200 --write

A child process writes one of these until it is killed:

    corrections  pairs of corrections, in SQLite or in the empty database of DATABASE_URL
    learn        versions of a personal head, and which one is active
    batch        the parts of a batch, and the file that they become
    checkpoint   checkpoints of a training
    export       a trained network with its card, as ONNX and as `.h5`

The child reports a number after each write. Afterwards everything that was reported must be there
and complete, and other files must be complete or rejected with a clear error. A killed process is
not a power cut. ``--write`` stores the result in docs/reliability/.
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
from datetime import UTC, datetime
from itertools import count
from pathlib import Path

import numpy as np
from PIL import Image

ROOT = Path(__file__).parent.parent
sys.path[:0] = [str(ROOT), str(ROOT / "scripts")]
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

from campaigns import Campaign, keep  # noqa: E402

from digits.batch.job import CHUNK, Chunk, Job, Tally, read_chunk, run_batch  # noqa: E402
from digits.corrections.store import Correction, CorrectionFilter, Corrections  # noqa: E402
from digits.errors import ModelError  # noqa: E402
from digits.settings import load_settings  # noqa: E402
from digits.types import ANY, Box, ModelName  # noqa: E402

MAX_SECONDS = 0.3  # for which a child writes before it is killed
TIMEOUT = 60.0  # s until its first number
WEIGHTS = ROOT / "digits" / "weights"
ROWS = 3 * CHUNK  # pictures of a batch: three parts
CROP_BYTES = 20_000  # as the crop of a line in a photograph


@dataclass(frozen=True, slots=True)
class Outcome:
    """The result of a number of kills."""

    kills: int
    acknowledged: int  # writes that the child reported
    lost: int  # of these, missing or incomplete
    halves: int  # incomplete files that would be taken for complete ones


@dataclass(frozen=True, slots=True)
class Subject:
    """Something that a child writes."""

    prepare: Callable[[Path], None]  # called once, with the parent of the children's folders
    write: Callable[[Path], Iterator[int]]  # runs in the child without end; yields each number
    check: Callable[[Path, list[int]], tuple[int, int]]  # numbers reported -> lost, halves


def write_corrections(folder: Path) -> Iterator[int]:
    """Store the n-th line and its digit."""
    store = Corrections(database_url(folder))
    start = 1 + max((one.box.x for one in store.all(CorrectionFilter())), default=-1)
    for n in count(start):
        store.add((make_correction(n, None), make_correction(n, 0)))
        yield n


def make_correction(n: int, digit: int | None) -> Correction:
    """Return a correction with a unique box."""
    return Correction(
        reading="0" * 64,
        line=0,
        digit=digit,
        box=Box(n, 0, 28, 28),
        crop=random.Random(n).randbytes(CROP_BYTES),  # noqa: S311  # not a secret
        frame=None,
        read="1",
        model=ModelName("cnn", "0" * 64),
        truth="7",
        source="read",
        file=None,
        made=datetime.now(UTC),
    )


def check_corrections(folder: Path, said: list[int]) -> tuple[int, int]:
    """Check that every pair is there, and that no correction is without the other."""
    store = Corrections(database_url(folder))
    lines, digits = (
        {one.box.x for one in store.all(CorrectionFilter(single=single))}
        for single in (False, True)
    )
    store.close()
    return len(set(said) - lines), len(lines ^ digits)


def database_url(folder: Path) -> str:
    """Return DATABASE_URL, or the address of an SQLite file in `folder`."""
    return load_settings({**os.environ, "DIGITS_HOME": str(folder)}).database_url


def write_versions(folder: Path) -> Iterator[int]:
    """Save the n-th version: a head that is n everywhere."""
    from digits.personalization.kernel_head import PersonalHead
    from digits.personalization.versions import save_version

    for n in count():
        parts = [np.full(shape, n, np.float32) for shape in ((300, 128), (300, 10), 300)]
        save_version(folder, PersonalHead(parts[0], parts[1], parts[2], float(n)), ())
        yield n


def check_versions(folder: Path, said: list[int]) -> tuple[int, int]:
    """Check that all versions are there, and that the last one or a later one is active."""
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
    """List pictures: a digit in each part, and many missing files, which take no time."""
    stroke = np.pad(np.zeros((20, 4), np.uint8), 12, constant_values=255)
    Image.fromarray(stroke).save(folder / "one.png")
    names = ["one.png" if n % CHUNK == 0 else f"missing-{n}.png" for n in range(ROWS)]
    (folder / "list.csv").write_text("\n".join(["file", *names]) + "\n", encoding="utf-8")
    read_batch(folder / "list.csv", folder / "reference.parquet")


def read_batch(names: Path, out: Path) -> None:
    """Read a list of pictures in this process: workers would outlive it."""

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
    """Check that files and parts are complete, and that the last batch can be resumed."""
    expected = (folder.parent / "reference.parquet").read_bytes()
    halves = sum(path.read_bytes() != expected for path in folder.glob("*.parquet"))
    lost = sum(not (folder / f"{n}.parquet").exists() for n in said)
    for part in folder.glob("*.parts/0*.jsonl"):
        halves += [*map(type, map(json.loads, part.read_bytes().splitlines()))] != [dict] * CHUNK
    last = folder / f"{max(said) + 1}.parquet"
    read_batch(folder.parent / "list.csv", last)
    return lost, halves + (last.read_bytes() != expected)


def write_checkpoints(folder: Path) -> Iterator[int]:
    """Save the n-th epoch: weights and optimizer that are n everywhere."""
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
    """Check that the file holds one complete epoch, not older than the last one reported."""
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
    """Export a network as training does: ONNX, card, reference set and `.h5`."""
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
    """Check that networks that open match their cards, and that all reported ones open."""
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
    """Load TensorFlow once: children are copies of this process."""
    import keras  # noqa: F401


CORRECTIONS = "corrections"  # the one that needs a database
SENTENCES = {
    CORRECTIONS: "kill -9 while pairs of corrections are stored",
    "learn": "kill -9 while learned versions are written and made active",
    "batch": "kill -9 while parts of a batch and their one file are written, and going on after it",
    "checkpoint": "kill -9 while training saves an epoch",
    "export": "kill -9 while a network, its card, its reference set and its .h5 are exported",
}
SUBJECTS = {
    CORRECTIONS: Subject(nothing, write_corrections, check_corrections),
    "learn": Subject(nothing, write_versions, check_versions),
    "batch": Subject(prepare_batch, write_batches, check_batches),
    "checkpoint": Subject(load_keras, write_checkpoints, check_checkpoint),
    "export": Subject(nothing, write_exports, check_exports),
}


def campaign(subject: Subject, kills: int, seed: int) -> Outcome:
    """Kill a child `kills` times, and check after each kill what it wrote."""
    rng = random.Random(seed)  # noqa: S311  # no secret
    acknowledged = lost = halves = 0
    with tempfile.TemporaryDirectory() as name:
        subject.prepare(Path(name))
        for _ in range(kills):
            folder = Path(name) / "killed"
            folder.mkdir()
            said = killed(subject.write, folder, rng.uniform(0, MAX_SECONDS))
            mine = subject.check(folder, said)
            shutil.rmtree(folder)
            acknowledged, lost, halves = acknowledged + len(said), lost + mine[0], halves + mine[1]
    return Outcome(kills, acknowledged, lost, halves)


def killed(write: Callable[[Path], Iterator[int]], folder: Path, seconds: float) -> list[int]:
    """Kill a child some seconds after its first number; return all numbers it reported."""
    reading, writing = os.pipe()
    child = os.fork()  # and no new process: loading TensorFlow takes five seconds
    if not child:
        try:
            os.close(reading)
            for n in write(folder):
                os.write(writing, f"{n}\n".encode())
        finally:
            os._exit(1)  # it never ends without an error
    os.close(writing)
    with io.FileIO(reading) as reports:
        ready, _, _ = select.select([reports], [], [], TIMEOUT)
        time.sleep(seconds)
        os.kill(child, signal.SIGKILL)
        os.waitpid(child, 0)
        # The last line may be incomplete.
        said = [int(line) for line in reports.readall().split(b"\n")[:-1]]
    if not ready or not said:
        raise RuntimeError("the child wrote nothing")
    return said


def to_campaign(name: str, outcome: Outcome) -> Campaign:
    """Return a result as it is stored."""
    database = ""
    if name == CORRECTIONS:
        postgres = load_settings().database_url.startswith("postgresql")
        database = "PostgreSQL" if postgres else "SQLite"
    return Campaign(
        f"kill-{name}" + f"-{database.lower()}" * bool(database),
        SENTENCES[name] + f" in {database}" * bool(database),
        outcome.kills,
        "kills",
        outcome.lost + outcome.halves,
        f"{outcome.acknowledged} writes acknowledged, {outcome.lost} of them lost, "
        f"{outcome.halves} half-written and taken for whole",
        f"{'DATABASE_URL=... ' * (database == 'PostgreSQL')}python scripts/kill_while_writing.py "
        f"{name} --kills {outcome.kills} --write",
    )


def main() -> int:
    """Run the tests and print their results."""
    parser = argparse.ArgumentParser(description=str(__doc__).partition("\n")[0])
    parser.add_argument("subjects", nargs="*", metavar="SUBJECT", help="all by default")
    parser.add_argument("--kills", type=int, default=20)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--write", action="store_true", help="store the results")
    options = parser.parse_args()
    wrong = False
    for name in options.subjects or SUBJECTS:
        outcome = campaign(SUBJECTS[name], options.kills, options.seed)
        print(f"{name}: {outcome}", flush=True)
        if options.write:
            keep(to_campaign(name, outcome))
        wrong |= bool(outcome.lost or outcome.halves)
    return int(wrong)


if __name__ == "__main__":
    sys.exit(main())
