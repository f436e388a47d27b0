"""Evaluate robustness: fifteen corruptions, and sweeps of writing styles.

    python benchmarks/robustness.py [--digits N] [--quick] [--out FILE.md]

Everything is measured twice: on the 28 x 28 pixels as they are, and through the whole reader, as
somebody's picture. The digits are MNIST's validation digits.
"""

import argparse
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import cv2
import numpy as np

sys.path.insert(0, str(Path(__file__).parent.parent))
sys.path.insert(0, str(Path(__file__).parent))

from corruptions import CORRUPTIONS, OVERLAPPED, RELATED

from digits.mnist import Labelled, load_mnist
from digits.reader import Reader
from digits.registry import current_reader
from digits.types import FRAME, Frames, Hint, Picture

NETWORKS = ("cnn", "dense")
SEED = 0
FINE = 8  # digits are redrawn this many times larger, then averaged down
HALF = 0.5  # of full ink
QUICK = 20  # digits that show that it runs
SWEEPS: dict[str, tuple[str, tuple[float, ...]]] = {  # unit and steps
    "rotation": ("degrees", (-30, -25, -20, -15, -10, -5, 0, 5, 10, 15, 20, 25, 30)),
    "shift": ("px, along both axes", (-5, -4, -3, -2, -1, 0, 1, 2, 3, 4, 5)),
    "size": ("times as large", (0.5, 0.6, 0.7, 0.8, 0.9, 1.0, 1.1, 1.2, 1.3)),
    "slant": ("px sideways for each px of height", (-0.6, -0.4, -0.2, 0.0, 0.2, 0.4, 0.6)),
    "thickness": ("px added to the stroke", (-1.5, -1.0, -0.5, 0.0, 0.5, 1.0, 1.5, 2.0)),
}
# What is asked of the served network: sweep, the steps' limits, and the least share right.
GOALS = (
    ("rotation", -15, 15, 0.994),
    ("rotation", -25, 25, 0.985),
    ("shift", -4, 4, 0.994),
    ("thickness", -1, 1, 0.994),
)
CORRUPTED_GOAL = 0.96  # mean over the fifteen

HEAD = """# Robustness

Written by `python benchmarks/robustness.py --digits {n} --out docs/{name}`. "Pixels" is the
network on 28 x 28 pixels; "reader" is the whole chain from a picture, which is made for paper: if
a corruption turns half the frame to ink, it sees a large blot. The corruptions follow the
definitions of MNIST-C; neither they nor their parameters are used in training. Training has grey,
grainy and crossed paper by its own definitions, so only two of the fifteen are unlike anything in
it.
"""

Predict = Callable[[Frames], np.ndarray]  # frames to values, -1 where none is named


def distort(frames: Frames, sweep: str, step: float) -> tuple[Frames, np.ndarray]:
    """Redraw digits at eight times their size: (n, 28, 28) -> (m, 28, 28), and which m they are.

    A stroke that closes a loop or breaks when its thickness is changed makes another digit, so
    such pictures are left out.
    """
    drawn, kept = [], []
    for i, frame in enumerate(frames):
        side = FRAME * FINE
        large = cv2.resize(frame, (side, side), interpolation=cv2.INTER_CUBIC)
        other = _thicker(large, step) if sweep == "thickness" else _moved(large, sweep, step)
        if other is not None:
            drawn.append(cv2.resize(other, (FRAME, FRAME), interpolation=cv2.INTER_AREA))
            kept.append(i)
    return np.clip(np.stack(drawn), 0, 1).astype(np.float32), np.array(kept)


def _moved(large: np.ndarray, sweep: str, step: float) -> np.ndarray:
    """Turn, shift, resize or slant one enlarged picture about its middle."""
    middle = (large.shape[0] - 1) / 2
    turn = np.deg2rad(step if sweep == "rotation" else 0.0)
    size = step if sweep == "size" else 1.0
    slant = step if sweep == "slant" else 0.0
    forth = size * np.array([[np.cos(turn), -np.sin(turn)], [np.sin(turn), np.cos(turn)]])
    forth = forth @ np.array([[1.0, -slant], [0.0, 1.0]])
    shift = (step if sweep == "shift" else 0.0) * FINE
    matrix = np.column_stack([forth, middle - forth @ [middle, middle] + shift])
    return np.asarray(cv2.warpAffine(large, matrix, large.shape[::-1], flags=cv2.INTER_LINEAR))


def _thicker(large: np.ndarray, step: float) -> np.ndarray | None:
    """Move the edges of an enlarged stroke outwards, or None where that makes another digit."""
    mask = (large > HALF).astype(np.uint8)
    inside = cv2.distanceTransform(mask, cv2.DIST_L2, cv2.DIST_MASK_PRECISE)
    outside = cv2.distanceTransform(1 - mask, cv2.DIST_L2, cv2.DIST_MASK_PRECISE)
    other = (inside - outside > -step / 2 * FINE).astype(np.uint8)
    return other.astype(np.float32) if _topology(other) == _topology(mask) else None


def _topology(mask: np.ndarray) -> tuple[int, int]:
    """Return how many pieces a stroke has and how many holes are in it."""
    return (
        cv2.connectedComponents(mask, connectivity=8)[0],
        cv2.connectedComponents(1 - mask, connectivity=4)[0],
    )


def stroke(frames: Frames) -> float:
    """Return the median width of the strokes in px, measured at eight times their size."""
    widths = []
    for frame in frames:
        side = FRAME * FINE
        mask = (cv2.resize(frame, (side, side), interpolation=cv2.INTER_CUBIC) > HALF).astype("u1")
        distance = cv2.distanceTransform(mask, cv2.DIST_L2, cv2.DIST_MASK_PRECISE)
        ridge = distance[(distance >= cv2.dilate(distance, np.ones((3, 3)))) & (distance > 0)]
        if ridge.size:
            widths.append(2 * float(np.median(ridge)) / FINE)
    return float(np.median(widths))


def predictors(reader: Reader) -> dict[str, Predict]:
    """Return the ways to classify: pixels directly, or through the reader."""

    def pixels(frames: Frames) -> np.ndarray:
        return np.asarray(reader.classifier.classify(frames).probabilities.argmax(axis=1))

    def read(frames: Frames) -> np.ndarray:
        values = []
        for frame in frames:
            grey = np.round(255 * frame).astype(np.uint8)
            reading = reader.read(Picture(grey, FRAME, FRAME, ""), Hint(single=True))
            found = reading.digits
            values.append(-1 if not found or found[0].value is None else found[0].value)
        return np.array(values)

    return {"pixels": pixels, "reader": read}


def share(answer: Predict, frames: Frames, labels: np.ndarray) -> float:
    """Return the accuracy."""
    return float((answer(frames) == labels).mean())


def measure(digits: Labelled) -> Iterator[str]:
    """Yield the report line by line."""
    request = {
        f"{name}, {door}": answer
        for name in NETWORKS
        for door, answer in predictors(current_reader(name)).items()
    }
    width = stroke(digits.frames)
    yield f"{len(digits)} of MNIST's validation digits; strokes {width:.1f} px wide."
    yield from _corrupted(digits, request)
    result: dict[tuple[str, str, float], float] = {}
    for sweep, (unit, steps) in SWEEPS.items():
        yield ""
        yield f"**{sweep}**, {unit}"
        yield ""
        yield "| | " + " | ".join(f"{step:g}" for step in steps) + " |"
        yield "|---|" + "---|" * len(steps)
        frames = [distort(digits.frames, sweep, step) for step in steps]
        for name, answer in request.items():
            shares = [share(answer, drawn, digits.labels[kept]) for drawn, kept in frames]
            result |= {(sweep, name, step): s for step, s in zip(steps, shares, strict=True)}
            yield f"| {name} | " + " | ".join(f"{s:.1%}" for s in shares) + " |"
        if sweep == "thickness":
            left = [len(digits) - len(kept) for _, kept in frames]
            yield "| left out: a loop closed or broke | " + " | ".join(map(str, left)) + " |"
            wide = [f"{stroke(drawn):.1f}" for drawn, _ in frames]
            yield "| stroke, px | " + " | ".join(wide) + " |"
    yield ""
    yield "| served network | goal | pixels, mean (least) | reader, mean (least) |"
    yield "|---|---|---|---|"
    for sweep, low, high, wanted in GOALS:
        cells = []
        for door in ("pixels", "reader"):
            within = [
                result[sweep, f"{NETWORKS[0]}, {door}", step]
                for step in SWEEPS[sweep][1]
                if low <= step <= high
            ]
            cells.append(f"{np.mean(within):.2%} ({min(within):.2%})")
        yield f"| {sweep} {low} to {high} | {wanted:.1%} | " + " | ".join(cells) + " |"


def _corrupted(digits: Labelled, request: dict[str, Predict]) -> Iterator[str]:
    rng = np.random.default_rng(SEED)
    shares: dict[str, list[float]] = {}
    for name, corrupt in CORRUPTIONS.items():
        frames = corrupt(digits.frames, rng)
        shares[name] = [share(answer, frames, digits.labels) for answer in request.values()]
    clean = [share(answer, digits.frames, digits.labels) for answer in request.values()]
    yield ""
    yield "| corruption | " + " | ".join(request) + " |"
    yield "|---|" + "---|" * len(request)
    yield _row("none", clean)
    groups = {
        "nothing in training is like it": [n for n in shares if n not in OVERLAPPED + RELATED],
        "training has something related": list(RELATED),
        "training has the like": list(OVERLAPPED),
    }
    for result, names in groups.items():
        for name in names:
            yield _row(f"{name} ({result})", shares[name])
    for result, names in groups.items():
        rows = [shares[name] for name in names]
        yield _row(f"**mean of {len(names)}: {result}**", np.mean(rows, axis=0))
    yield _row(
        f"**mean of all 15** (goal {CORRUPTED_GOAL:.0%})", np.mean(list(shares.values()), axis=0)
    )


def _row(name: str, shares: list[float] | np.ndarray) -> str:
    return f"| {name} | " + " | ".join(f"{s:.1%}" for s in shares) + " |"


def main() -> int:
    """Print the report, and write it where `--out` says."""
    parser = argparse.ArgumentParser(description="How the networks hold out off MNIST.")
    parser.add_argument("--digits", type=int, default=1000, help="validation digits to use")
    parser.add_argument("--quick", action="store_true", help="a few digits, to see it run")
    parser.add_argument("--out", type=Path, help="a Markdown file to write")
    options = parser.parse_args()
    n = QUICK if options.quick else options.digits
    validation = load_mnist().validation
    report = []
    for line in measure(Labelled(validation.pictures[:n], validation.labels[:n])):
        print(line, flush=True)
        report.append(line)
    if options.out:
        text = "\n".join([HEAD.format(n=n, name=options.out.name), *report])
        options.out.write_text(f"{text}\n", encoding="utf-8", newline="\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
