"""Measure how much learning from 20 corrected digits of a writer helps with the others.

    python benchmarks/learning.py [--dev FOLDER] [--out FILE.md]

Drawn writers come from `digits.synthesis.allographs`, each with forms, slant and pen of their own;
the settings of learning were chosen on them. FOLDER holds sets of real pictures of one writer
each, as `digits evaluate` reads them; they are measured and nothing is kept. Embeddings are
computed once, a result takes milliseconds.
"""

import argparse
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).parent.parent))

from digits.evaluation.folder import evaluate_folder
from digits.image.mnist_normalize import to_frame
from digits.inference.reference_set import load_hard
from digits.personalization.learn import (
    MIN_EXAMPLES,
    Examples,
    build_regression_sets,
    fit_best_head,
    run_network,
)
from digits.registry import WEIGHTS, current_reference_set, shipped_reader
from digits.synthesis import allographs
from digits.synthesis.strokes import draw
from digits.types import Box, Frame, Hint

SETS = ("tablet", "mouse", "screen_thin", "printed_cell")  # one writer each
DRAWS = 50  # of the 20 digits that teach
WRITERS, DIGITS = 20, 120  # drawn writers, and digits of each
DRAWS_OF_DRAWN = 3
RESAMPLES = 2_000  # for the interval
HEIGHT = 40  # px at which a digit is drawn
MARK = "learning"


@dataclass(frozen=True, slots=True)
class Row:
    """One writer's draws: errors among the digits that were not learned from."""

    what: str
    network: str
    others: int  # digits that did not teach
    before: np.ndarray  # (draws,)
    after: np.ndarray  # with what was found, whether it is kept or not
    used: np.ndarray  # with what learning keeps: as before where it is refused
    kept: np.ndarray  # 1 where it is kept
    mnist: np.ndarray  # additional errors among MNIST's held-out digits, where it is kept


def main() -> int:
    """Measure, print, and update the table in the document."""
    parser = argparse.ArgumentParser(description="Measure learning from corrections.")
    parser.add_argument("--dev", type=Path, help="folder with the sets of real writers")
    parser.add_argument("--taught", type=int, default=MIN_EXAMPLES, help="digits that teach")
    parser.add_argument("--out", type=Path, help="Markdown file with marks to write between")
    options = parser.parse_args()
    writers = {f"drawn, {WRITERS} writers": [drawn_writer(seed) for seed in range(WRITERS)]}
    if options.dev:
        writers |= {name: [real_writer(options.dev / name)] for name in SETS}
    rows = []
    for what, people in writers.items():
        for network in ("dense", "cnn"):
            draws = DRAWS if len(people) == 1 else DRAWS_OF_DRAWN
            rows.append(measure(what, network, people, draws, options.taught))
            print(as_markdown(rows[-1:]).splitlines()[-1], flush=True)
    if options.out:
        text = options.out.read_text(encoding="utf-8")
        start, end = f"<!-- {MARK} -->\n", f"<!-- /{MARK} -->"
        before, rest = text.split(start)
        table = as_markdown(rows)
        options.out.write_text(before + start + table + end + rest.split(end)[1], encoding="utf-8")
    return 0


def drawn_writer(seed: int) -> Examples:
    """Return digits of a drawn writer, with own forms, slant and pen."""
    rng = np.random.default_rng((77, seed))
    forms = [allographs.choose(digit, rng) for digit in range(10)]
    pen, slant = rng.uniform(2, 8), rng.normal(0, 0.4)
    truth = rng.integers(10, size=DIGITS).astype(np.uint8)
    inks = [
        draw(allographs.write(int(digit), rng, forms[digit], slant), HEIGHT, pen, rng)
        for digit in truth
    ]
    frames = [to_frame(ink, Box(0, 0, ink.shape[1], ink.shape[0])) for ink in inks]
    return Examples(np.stack(frames), truth)


def real_writer(folder: Path) -> Examples:
    """Return the frames that the reader cuts out of a folder's pictures, one each."""
    frames: list[Frame] = []
    truth: list[int] = []
    for answer in evaluate_folder(shipped_reader(), folder, Hint(single=True)).answers:
        if answer.reading is not None and len(answer.reading.digits) == 1:
            frames.append(answer.reading.digits[0].frame)
            truth.append(int(answer.truth))
    return Examples(np.stack(frames).astype(np.float32), np.array(truth, np.uint8))


def measure(what: str, network: str, people: Sequence[Examples], draws: int, taught: int) -> Row:
    """Learn from some digits of a writer and read the others, repeatedly."""
    classifier = shipped_reader(network).classifier
    sets = build_regression_sets(classifier, current_reference_set(network), load_hard(WEIGHTS))
    counts = []
    for number, digits in enumerate(people):
        for repetition in range(draws):
            order = np.random.default_rng((number, repetition)).permutation(len(digits))
            chosen, rest = order[:taught], order[taught:]
            result = fit_best_head(
                classifier, Examples(digits.frames[chosen], digits.truth[chosen]), sets
            )
            outputs, truth = run_network(classifier, digits.frames[rest]), digits.truth[rest]
            before = int(outputs.wrong(truth).sum())
            found = (
                int(outputs.with_head(result.head).wrong(truth).sum()) if result.head else before
            )
            used = before if result.reason else found
            cost = 0 if result.reason else result.compared[1].loss
            counts.append((before, found, used, not result.reason, cost))
    others = sum(len(digits) - taught for digits in people)
    return Row(what, network, others, *np.array(counts, float).T)


def fewer(before: np.ndarray, after: np.ndarray) -> str:
    """Return how many errors fewer, as a share, with its interval over the draws."""
    if not before.any():
        return "none to lose"
    rng = np.random.default_rng(0)
    again = rng.integers(len(before), size=(RESAMPLES, len(before)))
    totals = before[again].sum(axis=1)
    shares = 1 - after[again].sum(axis=1)[totals > 0] / totals[totals > 0]
    low, high = np.quantile(shares, (0.025, 0.975))
    return f"{1 - after.sum() / before.sum():.0%} [{low:.0%}, {high:.0%}]"


def as_markdown(rows: Sequence[Row]) -> str:
    """Return the table."""
    lines = [
        "| writer | network | other digits | wrong before | wrong after | fewer | "
        "kept | fewer with what is kept | MNIST errors added |",
        "|---|---|---|---|---|---|---|---|---|",
    ]
    for row in rows:
        draws = len(row.before)
        people = WRITERS if row.what.startswith("drawn") else 1
        lines.append(
            f"| {row.what} | {row.network} | {row.others // people} | {row.before.mean():.1f} | "
            f"{row.after.mean():.1f} | {fewer(row.before, row.after)} | "
            f"{row.kept.mean():.0%} of {draws} | {fewer(row.before, row.used)} | "
            f"{row.mnist.mean():+.1f} |"
        )
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    sys.exit(main())
