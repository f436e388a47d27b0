"""Measure a batch: the local engine and Ray against a plain loop over `read_many`.

    python benchmarks/batch.py [--files N ...] [--workers N ...] [--engines loop local ray]
                               [--numbers N] [--out FILE.csv] [--quick]
    python benchmarks/batch.py --table FILE.csv

Two kinds of pictures, made of MNIST's validation digits: one digit of 28 x 28 px, with `--single`,
which is read in a millisecond or two; and a number of eight digits, which takes 20 ms or more. Each
engine runs as a separate program and is timed with its start; its memory is the peak of all its
processes, with shared pages counted once (PSS; Linux). `--table` prints what was measured before as
the tables of docs/scale.md.
"""

import argparse
import csv
import json
import os
import resource
import subprocess
import sys
import tempfile
import threading
import time
from dataclasses import asdict, dataclass, fields
from pathlib import Path

import cv2
import numpy as np

sys.path.insert(0, str(Path(__file__).parent.parent))

from digits.mnist import load_mnist

ROOT = Path(__file__).parent.parent

ENGINES = ("loop", "local", "ray")
DISTINCT = 100  # pictures; further files are the same under other names
SIDE = 56  # px of a digit's frame in a number
LENGTH = 8  # digits of a number
SAMPLED = 0.5  # s between two looks at the memory
TICKS = os.sysconf("SC_CLK_TCK")  # of the processor's clock, a second
QUICK = 24  # files, to see it run
ASSUMED = 0.02  # s, a picture whose share of an engine's costs is printed

LOOP = """
import sys
from pathlib import Path
import cv2
cv2.setNumThreads(1)
from digits import Hint, read_many
hint = Hint(single=sys.argv[3] == "digit")
with open(sys.argv[2], "w") as out:
    for reading in read_many(sorted(Path(sys.argv[1]).iterdir()), hint):
        out.write(reading.text + "\\n")
"""


@dataclass(frozen=True, slots=True)
class Run:
    """The figures of one engine."""

    kind: str  # of picture
    files: int
    engine: str
    workers: int
    seconds: float
    a_second: float  # pictures
    processor_ms: float  # of all its processes, for each picture
    memory_mb: float  # at the worst moment
    over_loop: float  # share by which it takes longer than the loop, were that spread over workers
    result_kb: float  # of the file, for each picture


def write_pictures(folder: Path, kind: str, count: int) -> None:
    """Write pictures; all but the first hundred are links to these."""
    digits, rng = load_mnist().validation.pictures, np.random.default_rng(0)
    folder.mkdir(parents=True)
    for number in range(count):
        path = folder / f"{number:08d}.png"
        if number >= DISTINCT:
            os.link(folder / f"{number % DISTINCT:08d}.png", path)
            continue
        if kind == "digit":
            cv2.imwrite(str(path), 255 - digits[number])
            continue
        ink = np.zeros((SIDE + 60, 60 * LENGTH + 60), np.float32)
        for place in range(LENGTH):
            digit = digits[rng.integers(len(digits))] / np.float32(255)
            area = ink[30 : 30 + SIDE, 30 + 60 * place :][:, :SIDE]
            np.maximum(area, cv2.resize(digit, (SIDE, SIDE)), out=area)
        grey = (230 - 200 * ink + rng.normal(0, 4, ink.shape)).clip(0, 255).astype(np.uint8)
        cv2.imwrite(str(path), grey)


def command(kind: str, engine: str, folder: Path, out: Path, workers: int) -> list[str]:
    """Return the command to time."""
    if engine == "loop":
        return [sys.executable, "-c", LOOP, str(folder), str(out), kind]
    single = ["--single"] if kind == "digit" else []
    output = [*single, "--engine", engine, "--workers", str(workers), "--out", f"{out}.parquet"]
    return [sys.executable, "-m", "digits", "batch", str(folder), *output]


def measure(arguments: list[str]) -> tuple[float, float, float]:
    """Run a program; return seconds, CPU seconds and peak memory in MB."""
    started, before = time.perf_counter(), resource.getrusage(resource.RUSAGE_CHILDREN)
    with tempfile.TemporaryFile() as said:
        process = subprocess.Popen(
            arguments,
            cwd=ROOT,
            # Ray would let its workers wait for any other program on the machine.
            env=os.environ | {"OMP_NUM_THREADS": "1", "RAY_worker_niceness": "0"},
            stdout=subprocess.DEVNULL,
            stderr=said,
        )
        worst, processor, done = 0.0, 0.0, threading.Event()

        def watch() -> None:
            nonlocal worst, processor
            while not done.wait(SAMPLED):
                family = _family(process.pid)
                worst = max(worst, sum(map(_memory, family)))
                processor = max(processor, sum(map(_processor, family)))

        watcher = threading.Thread(target=watch)
        watcher.start()
        status = process.wait()
        seconds = time.perf_counter() - started
        done.set()
        watcher.join()
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
        processor = max(processor, sum(after[:2]) - sum(before[:2]))  # Ray's go on without parents
        if status not in (0, 1):  # 1: something was doubtful
            said.seek(0)
            raise SystemExit(f"{arguments}: {said.read().decode()[-2000:]}")
    return seconds, processor, worst


def _family(pid: int) -> list[int]:
    """Return a process and its descendants."""
    parents: dict[int, int] = {}
    for stat in Path("/proc").glob("[0-9]*/stat"):
        try:
            output = stat.read_text().rpartition(")")[2].split()
        except OSError:  # it has ended
            continue
        parents[int(stat.parent.name)] = int(output[1])
    family = [pid]
    for member in family:
        family += [child for child, parent in parents.items() if parent == member]
    return family


def _memory(pid: int) -> float:
    """Return a process' share of the memory, in MB."""
    try:
        output = Path(f"/proc/{pid}/smaps_rollup").read_text()
    except OSError:
        return 0.0
    return next(int(line.split()[1]) for line in output.splitlines() if line[:4] == "Pss:") / 1000


def _processor(pid: int) -> float:
    """Return the CPU seconds of a process and its finished children."""
    try:
        output = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return 0.0
    return sum(map(int, output[11:15])) / TICKS


def _size(out: Path) -> int:
    """Return the size of the result in bytes."""
    parquet = out.with_name(f"{out.name}.parquet")
    return (parquet if parquet.exists() else out).stat().st_size


def measure_merge(rows: int) -> Run:
    """Time the merge of all parts, in one process."""
    from digits.batch import job as batch
    from digits.io.sources import Source
    from digits.reader import read_source
    from digits.registry import current_reader
    from digits.types import Hint

    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(scratch)
        write_pictures(folder / "in", "digit", 1)
        source = Source(str(folder / "in" / "00000000.png"))
        (reading,) = read_source(current_reader(), source, Hint(single=True))
        line = json.dumps(batch.to_row(reading, source)) + "\n"
        (folder / "out.parts").mkdir()
        names = [f"{number:08d}.jsonl" for number in range(rows // batch.CHUNK)]
        for name in names:
            (folder / "out.parts" / name).write_text(line * batch.CHUNK, encoding="utf-8")
        job = batch.Job(str(folder / "out.parts"), Hint(single=True), None, "")
        batch.merge(names[:1], job, str(folder / "out.parquet"), "parquet")  # what is done once
        started = time.perf_counter()
        batch.merge(names, job, str(folder / "out.parquet"), "parquet")
        seconds = time.perf_counter() - started
        count = len(names) * batch.CHUNK
        each = 1000 * seconds / count
        nothing = float("nan")
        return Run(
            *("row", count, "merge", 1, round(seconds, 2), round(count / seconds, 1)),
            *(round(each, 3), nothing, nothing, round(len(line) / 1000, 3)),
        )


def compare(kind: str, files: int, engines: list[str], workers: list[int]) -> list[Run]:
    """Read the same pictures with every engine, the loop first."""
    runs: list[Run] = []
    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(scratch) / "pictures"
        write_pictures(folder, kind, files)
        loop = 0.0
        for engine in engines:
            for count in [1] if engine == "loop" else workers:
                out = Path(scratch) / f"{engine}-{count}"
                seconds, processor, memory = measure(command(kind, engine, folder, out, count))
                loop = seconds if engine == "loop" else loop
                over = seconds * count / loop - 1 if loop else float("nan")
                runs.append(
                    Run(
                        *(kind, files, engine, count, round(seconds, 2)),
                        *(round(files / seconds, 1), round(1000 * processor / files, 2)),
                        *(round(memory), round(over, 3)),
                        round(_size(out) / 1000 / files, 3),
                    )
                )
                print(runs[-1], flush=True)
    return runs


def tables(runs: list[Run]) -> str:
    """Return what was measured, and the costs of each engine's start and of each picture."""
    lines = [
        "| pictures | engine | workers | seconds | a second | processor ms each | memory MB "
        "| longer than the loop by | more processor time than the loop by |",
        "|---|---|---|---|---|---|---|---|---|",
    ]
    loops = {(run.kind, run.files): run for run in runs if run.engine == "loop"}
    read = [run for run in runs if run.engine in ENGINES]
    for run in read:
        own = run.engine == "loop"
        more = run.processor_ms / loops[run.kind, run.files].processor_ms - 1
        lines.append(
            f"| {run.files:,} {run.kind}s | {run.engine} | {run.workers} | {run.seconds:.1f} "
            f"| {run.a_second:.0f} | {run.processor_ms:.2f} | {run.memory_mb:.0f} "
            f"| {'' if own else f'{run.over_loop:.0%}'} | {'' if own else f'{more:.0%}'} |"
        )
    lines += [
        "",
        "| engine, workers | start, processor s | each digit, processor ms | above the loop "
        "| of a picture that takes 20 ms it adds |",
        "|---|---|---|---|---|",
    ]
    costs = {(run.engine, run.workers): _start_and_each(read, run) for run in read}
    bare = costs["loop", 1][1]
    for (engine, workers), (start, each) in costs.items():
        lines.append(
            f"| {engine}, {workers} | {start:.1f} | {1000 * each:.2f} | {each / bare - 1:.0%} "
            f"| {(each - bare) / ASSUMED:.1%} |"
        )
    (merged,) = (run for run in runs if run.engine == "merge")
    return "\n".join(lines) + f"\n\nMerging: {merged.a_second:,.0f} rows a second.\n"


def _start_and_each(runs: list[Run], like: Run) -> tuple[float, float]:
    """Return the processor seconds of an engine's start and of a digit, from two sizes of batch."""
    mine = [run for run in runs if (run.engine, run.workers) == (like.engine, like.workers)]
    few, many = sorted((run for run in mine if run.kind == "digit"), key=lambda run: run.files)
    total = [run.files * run.processor_ms / 1000 for run in (few, many)]
    each = (total[1] - total[0]) / (many.files - few.files)
    return total[0] - few.files * each, each


def load_runs(path: Path) -> list[Run]:
    """Return the runs of a CSV that `--out` wrote."""
    with path.open(encoding="utf-8", newline="") as file:
        return [
            Run(**{each.name: each.type(row[each.name]) for each in fields(Run)})  # type: ignore[operator]
            for row in csv.DictReader(file)
        ]


def main() -> int:
    """Print every run, and write them where `--out` says."""
    parser = argparse.ArgumentParser(description="What a batch costs.")
    parser.add_argument("--files", type=int, nargs="+", default=[1000, 20_000], help="digits")
    parser.add_argument("--numbers", type=int, default=1000, help="pictures of eight digits")
    parser.add_argument("--workers", type=int, nargs="+", default=[1, 2])
    parser.add_argument("--engines", nargs="+", choices=ENGINES, default=list(ENGINES))
    parser.add_argument("--quick", action="store_true", help="a few files, to see it run")
    parser.add_argument("--out", type=Path, help="a CSV file to write")
    parser.add_argument("--table", type=Path, help="a CSV file to print as tables, and no more")
    options = parser.parse_args()
    if options.table:
        sys.stdout.write(tables(load_runs(options.table)))
        return 0
    runs = []
    for files in [QUICK] if options.quick else options.files:
        runs += compare("digit", files, options.engines, options.workers)
    if options.numbers and not options.quick:
        runs += compare("number", options.numbers, options.engines, options.workers)
    runs.append(measure_merge(QUICK * 64 if options.quick else max(options.files)))
    print(runs[-1])
    if options.out:
        with options.out.open("w", encoding="utf-8", newline="") as file:
            writer = csv.DictWriter(file, [field.name for field in fields(Run)])
            writer.writeheader()
            writer.writerows(asdict(run) for run in runs)
    return 0


if __name__ == "__main__":
    sys.exit(main())
