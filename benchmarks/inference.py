"""Measure inference time: ONNX Runtime against Keras, our network against keras.io's example.

    python benchmarks/inference.py [--quick] [--out FILE.md]

One digit at a time, as a person waits for it, and many at once, as a batch job reads them. All
contenders take turns in one run; the last column compares the medians with ours.
"""

import argparse
import os
import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")  # TensorFlow's remarks about the machine
sys.path.insert(0, str(Path(__file__).parent.parent))
sys.path.insert(0, str(Path(__file__).parent))

import keras
import numpy as np
import onnxruntime
from keras_io import build_example

from digits.inference.classifier import load_classifier
from digits.mnist import load_mnist
from digits.registry import WEIGHTS
from digits.training.export import export_onnx, multiply_adds
from digits.types import Frames

ROUNDS, TIMES = 30, 20  # rounds, and runs in each; the median over rounds is reported
SLOW_TIMES = 2  # answers in each turn of Keras' predict
MANY = 1000  # digits at once
MANY_ROUNDS = 5

HEAD = """# Speed of the networks

Written by `python benchmarks/inference.py --out docs/inference.md`: one thread of ONNX Runtime,
all of Keras' threads, in turns on one machine. "Ours" is the convolutional network; the first
line includes its reject head.

"""

Predict = Callable[[Frames], object]


def contenders(folder: Path, frames: Frames) -> dict[str, Predict]:
    """Return the functions to compare, ours first."""
    ours = load_classifier(WEIGHTS / "cnn.onnx")
    twin = keras.saving.load_model(WEIGHTS / "mnist_model.h5", compile=False)
    example = build_example()
    export_onnx(example, folder / "example.onnx", frames)
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = 1  # as ours
    session = onnxruntime.InferenceSession(folder / "example.onnx", options)
    return {
        "ours, ONNX Runtime, probabilities and rejection": ours.classify,
        "ours, ONNX Runtime, the network alone": ours.network,
        f"keras.io's ({multiply_adds(example):,} multiply-adds), ONNX Runtime": lambda ink: (
            session.run(["logits"], {"ink": ink})
        ),
        "ours, Keras call": lambda ink: np.asarray(twin(ink, training=False)),
        "ours, Keras predict": lambda ink: twin.predict(ink, verbose=0),
        "keras.io's, Keras predict": lambda ink: example.predict(ink, verbose=0),
    }


def medians(answers: dict[str, Predict], frames: Frames, rounds: int, times: int) -> list[float]:
    """Return the median time of one run over all rounds, in ms."""
    taken: dict[str, list[float]] = {name: [] for name in answers}
    for answer in answers.values():
        answer(frames)  # what is only done once
    for _ in range(rounds):
        for name, answer in answers.items():
            repeated = min(times, SLOW_TIMES) if "predict" in name else times
            start = time.perf_counter()
            for _ in range(repeated):
                answer(frames)
            taken[name].append(1000 * (time.perf_counter() - start) / repeated)
    return [statistics.median(each) for each in taken.values()]


def report(quick: bool) -> str:
    """Return the table."""
    frames = load_mnist().validation.frames
    with tempfile.TemporaryDirectory() as folder:
        answers = contenders(Path(folder), frames[:100])
        one = medians(answers, frames[:1], 2 if quick else ROUNDS, 2 if quick else TIMES)
        many = medians(answers, frames[:MANY], 1 if quick else MANY_ROUNDS, 1)
    lines = [
        f"| network | one digit, ms | times ours | {MANY} digits, each ms | times ours |",
        "|---|---|---|---|---|",
    ]
    for name, alone, together in zip(answers, one, many, strict=True):
        lines.append(
            f"| {name} | {alone:.2f} | {alone / one[0]:.1f} "
            f"| {together / MANY:.3f} | {together / many[0]:.1f} |"
        )
    return "\n".join(lines) + "\n"


def main() -> int:
    """Print the table, and write it where `--out` says."""
    parser = argparse.ArgumentParser(description="How fast the network answers.")
    parser.add_argument("--quick", action="store_true", help="a few answers, to see it run")
    parser.add_argument("--out", type=Path, help="a Markdown file to write")
    options = parser.parse_args()
    text = report(options.quick)
    print(text, end="")
    if options.out:
        options.out.write_text(HEAD + text, encoding="utf-8", newline="\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
