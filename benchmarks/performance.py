"""Measure start, reading, many pictures, the API and the app's memory, before and after.

    python benchmarks/performance.py --before CHECKOUT [--training FILE.md] [--memory FILE.log]
                                     [--out docs/performance.md] [--quick]

The two checkouts take turns, so that what else the machine does touches both alike. Times are of
the processor where nothing else is said. What takes long may have been measured before: training
by `benchmarks/training.py --recipes swift --out FILE.md`, and memory by `benchmarks/memory.py`,
whose output is in FILE.log.
"""

import argparse
import json
import os
import re
import resource
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parent.parent
sys.path[:0] = [str(ROOT), str(ROOT / "benchmarks")]

from reading import KINDS, Measured, shares_in_words  # noqa: E402

BARE = "import numpy, PIL.Image, onnxruntime"
EMPTY = "import typer; app = typer.Typer(); app.command()(lambda: None); app(['--help'])"
DOCUMENT = ROOT / "docs" / "performance.md"
COUNTED = 512  # pictures of one digit, read in one process
MANY_GOAL = 1.41  # ms: 2.5 times the rate when each picture was read by itself
MANY = """
import sys, time
from pathlib import Path
from digits import Hint
import cv2, digits
cv2.setNumThreads(1)
paths, hint = sorted(Path(sys.argv[1]).iterdir()), Hint(single=True)
read = getattr(digits, "read_many", lambda paths, hint: map(lambda p: digits.read(p, hint), paths))
list(read(paths[:64], hint))
start = time.process_time()
assert len(list(read(paths, hint))) == len(paths)
print(1000 * (time.process_time() - start) / len(paths))
"""
MEMORY_ROWS = (  # what, how benchmarks/memory.py prints it, goal
    ("memory of the app after its start", r"after the start: (\d+)", "250 MB"),
    ("memory after {}", r"at the end (\d+)", "450 MB"),
    ("of that, since half of the uploads", r"from the middle on ([+-]\d+)", "none"),
)
HEAD = """## Speed

Written by `python benchmarks/performance.py --before CHECKOUT`: commit a884eab, when pictures were
read together for the first time, and this one took turns on two cores that other programs used
too, in several runs of one afternoon. Of each picture the better of two rounds counts. Times are
of the processor unless they say otherwise, so that those programs change them little. "Largest
shares" are those of the profile after the change, each function with the libraries that it calls.
In brackets: multiples of the time of decoding and of the networks alone.

"""
FOOT = """

What is beyond its goal: `digits read --single` where other programs make caches cold; with less
beside it, it took 1.83 times the bare imports. One digit takes the digit network and some eighty
small calls of NumPy and OpenCV, a hundredth each. A number, a row and a sheet are read twice
unless they are one clean line, by geometry and by the page network's maps; decoding and the
networks alone take 80 ms of the row and 1,000 ms of the sheet. A page of noise is seen three times
by the page network, which finds no scale for it, a full page twice. The memory grows by half a
megabyte for each photograph, of which readings take 0.3. Reading pictures together saves a quarter
of the digit network's time and nothing of the line network's, which takes as long for each of
sixteen strips as for one. Training was faster before the digit network had a sixth convolution
([training.md](training.md)). What was tried: [decisions.md](decisions.md#speed).

An empty page takes longer than before because it is read by the maps too, for ink that geometry
misses.
"""


@dataclass(frozen=True, slots=True)
class Row:
    """One figure, before and after."""

    what: str
    before: str
    after: str
    goal: str
    shares: str = ""

    @classmethod
    def of(cls, what: str, both: Sequence[str], goal: str, shares: str = "") -> "Row":
        """Return a row of two figures, before and after."""
        before, after = both
        return cls(what, before, after, goal, shares)

    def __str__(self) -> str:
        return f"| {self.what} | {self.before} | {self.after} | {self.goal} | {self.shares} |"


def processor(command: list[str], root: Path, times: int) -> float:
    """Return the median of the processor time of a program, in s."""
    taken = []
    for _ in range(times):
        before = resource.getrusage(resource.RUSAGE_CHILDREN)
        subprocess.run([sys.executable, *command], cwd=root, stdout=subprocess.DEVNULL, check=True)
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
        taken.append(sum(after[:2]) - sum(before[:2]))
    return statistics.median(taken)


def measure_start(roots: list[Path], picture: Path, times: int) -> Iterator[Row]:
    """Measure how long a program takes that reads one digit, and the help."""
    read = ["-m", "digits", "read", "--single", str(picture)]
    commands = {"bare": ["-c", BARE], "empty": ["-c", EMPTY], "help": ["-m", "digits", "--help"]}
    commands["read"] = read
    taken: dict[tuple[str, int], list[float]] = {}
    for _ in range(times):
        for which, root in enumerate(roots):
            for name, command in commands.items():
                taken.setdefault((name, which), []).append(processor(command, root, 1))
    middle = {key: statistics.median(each) for key, each in taken.items()}
    times_bare = [f"{middle['read', i] / middle['bare', i]:.2f}" for i in (0, 1)]
    yield Row.of("`digits read --single`, in multiples of the bare imports", times_bare, "2.0")
    above = [f"{middle['help', i] - middle['empty', i]:.2f} s" for i in (0, 1)]
    yield Row.of("`digits --help`, above an empty program with Typer", above, "0.15 s")


def measure_kinds(roots: list[Path], *, quick: bool) -> Iterator[Row]:
    """Measure the kinds of pictures of benchmarks/reading.py."""
    for name, kind in KINDS.items():
        both = [measure_kind(name, root, quick=quick) for root in roots]
        if not quick:  # the better of two rounds: what else runs makes caches cold
            again = [measure_kind(name, root, quick=quick) for root in roots]
            both = [min(pair, key=lambda m: m.reading) for pair in zip(both, again, strict=True)]
        goal, cells = [f"{kind.goal(each):.0f} ms" for each in both][1], both[1]
        yield Row.of(
            kind.title,
            [f"{each.reading:.1f} ms ({each.ratio:.1f})" for each in both],
            "that of the page of 10 lines" if goal == "nan ms" else goal,
            shares_in_words(cells),
        )


def measure_kind(name: str, root: Path, *, quick: bool) -> Measured:
    """Measure one kind of picture in a process of its own."""
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "found.json"
        words = ["--only", name, "--root", str(root), "--json", str(file)]
        command = [sys.executable, "benchmarks/reading.py", *words] + ["--quick"] * quick
        subprocess.run(command, cwd=ROOT, stdout=subprocess.DEVNULL, check=True)
        return Measured(**json.loads(file.read_text())[name])


def measure_many(roots: list[Path], folder: Path, times: int) -> Row:
    """Measure how long one process takes for each of many digits."""
    rounds: list[list[float]] = [[], []]
    for _ in range(times):
        for which, root in enumerate(roots):
            command = [sys.executable, "-c", MANY, str(folder)]
            done = subprocess.run(command, cwd=root, capture_output=True, text=True, check=True)
            rounds[which].append(float(done.stdout))
    before, after = (statistics.median(each) for each in rounds)
    both = [f"{before:.2f} ms", f"{after:.2f} ms"]
    return Row.of(f"one of {COUNTED} digits", both, f"{MANY_GOAL} ms")


def measure_server(roots: list[Path], seconds: float) -> Iterator[Row]:
    """Measure 64 clients of the API."""
    words = ("--only", "interface", "--seconds", str(seconds))
    found = [run_benchmark(root, "load.py", *words) for root in roots]
    times = [find(r"([\d.]+) times as many", text) for text in found]
    yield Row.of("64 clients, in multiples of one client's rate", times, "1.8")
    slow = [float(find(r"percentile ([\d.]+) s", text)) for text in found]
    usual = [float(find(r"median ([\d.]+) s", text)) for text in found]
    spread = [f"{most / half:.1f}" for most, half in zip(slow, usual, strict=True)]
    yield Row.of("64 clients, 99th percentile in multiples of the median", spread, "5")


def measure_memory(roots: list[Path], uploads: int, sheets: int) -> Iterator[Row]:
    """Measure the app's memory with ten visitors."""
    words = ("--uploads", str(uploads), "--sheets", str(sheets))
    found = [run_benchmark(root, "memory.py", *words) for root in roots]
    many = f"{uploads} uploads of 12 megapixels and {sheets} sheets by ten visitors"
    for what, pattern, goal in MEMORY_ROWS:
        yield Row.of(what.format(many), [f"{find(pattern, text)} MB" for text in found], goal)


def measured_memory(text: str, uploads: int, sheets: int) -> Iterator[Row]:
    """Return the rows of an earlier run of benchmarks/memory.py."""
    many = f"{uploads} uploads of 12 megapixels and {sheets} sheets by ten visitors"
    for what, pattern, goal in MEMORY_ROWS:
        yield Row(what.format(many), "", f"{find(pattern, text)} MB", goal)


def measured_training(text: str) -> Iterator[Row]:
    """Return rows of the table that benchmarks/training.py wrote: our recipe and keras.io's."""
    table = [[cell.strip() for cell in line.split("|")[1:-1]] for line in text.splitlines()]
    names, _, ours, theirs = (row for row in table if row)
    for name, mine, other in zip(names[4:], ours[4:], theirs[4:], strict=True):
        share = name.removesuffix(" right after")
        what = f"training until {share} of validation digits are right; keras.io's example"
        yield Row(what, "", f"{mine}; {other}", "")
    quick, slow = (float(row[2]) for row in (ours, theirs))
    what = "training by the swift recipe, as a share of keras.io's time"
    yield Row(what, "44%", f"{quick / slow:.0%}", "33%, as accurate at last")


def run_benchmark(root: Path, script: str, *words: str) -> str:
    """Run another benchmark of this checkout on the servers of `root`; return what it prints."""
    done = subprocess.run(
        [sys.executable, f"benchmarks/{script}", *words],
        cwd=ROOT,
        env={**os.environ, "DIGITS_CHECKOUT": str(root)},
        capture_output=True,
        text=True,
        check=False,  # 1: a goal is missed
    )
    return done.stdout


def find(pattern: str, text: str) -> str:
    """Return the first group of a pattern."""
    found = re.search(pattern, text)
    if found is None:
        raise RuntimeError(f"the benchmark did not print {pattern}: {text[-500:]}")
    return found[1]


@contextmanager
def pictures() -> Iterator[Path]:
    """Write single digits into a folder."""
    from reading import encoded, validation_digits

    with tempfile.TemporaryDirectory() as folder:
        for number, digit in enumerate(validation_digits()[:COUNTED]):
            (Path(folder) / f"{number:04d}.png").write_bytes(encoded(255 - digit, "PNG"))
        yield Path(folder)


def report(options: argparse.Namespace) -> str:
    """Return the table."""
    roots = [options.before.resolve(), ROOT]
    rows: list[Row] = []

    def add(found: Any) -> None:  # noqa: ANN401  # one row or several
        for row in [found] if isinstance(found, Row) else found:
            rows.append(row)
            print(row, flush=True)

    with pictures() as folder:
        add(measure_start(roots, folder / "0000.png", 1 if options.quick else 9))
        add(measure_kinds(roots, quick=options.quick))
        add(measure_many(roots, folder, 1 if options.quick else 3))
    add(measure_server(roots, 3 if options.quick else 10))
    if options.memory:
        text = options.memory.read_text(encoding="utf-8")
        add(measured_memory(text, options.uploads, options.uploads // 10))
    else:
        add(measure_memory(roots, 4 if options.quick else options.uploads, options.uploads // 10))
    if options.training:
        add(measured_training(options.training.read_text(encoding="utf-8")))
    head = "| what | before | after | goal | largest shares |\n|---|---|---|---|---|\n"
    return HEAD + head + "\n".join(map(str, rows)) + "\n" + FOOT


def main() -> int:
    """Print the rows, and write the document."""
    parser = argparse.ArgumentParser(description="Speed before and after.")
    parser.add_argument("--before", type=Path, required=True, help="another checkout")
    parser.add_argument("--uploads", type=int, default=200)
    parser.add_argument("--memory", type=Path, help="what benchmarks/memory.py printed")
    parser.add_argument("--training", type=Path, help="what benchmarks/training.py wrote")
    parser.add_argument("--out", type=Path, default=DOCUMENT)
    parser.add_argument("--quick", action="store_true", help="little of everything, to see it run")
    options = parser.parse_args()
    options.out.write_text(report(options), encoding="utf-8", newline="\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
