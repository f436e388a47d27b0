"""Try ideas for the convolutional network, one at a time, in short trainings of equal length.

    python benchmarks/ideas.py [--digits N] [--epochs N] [--seed N] [--ideas NAME ...]
                               [--data FILE] [--out FILE.md]

Each idea changes the default recipe in one respect. All train on the same digits of MNIST, without
reject head, and are evaluated on the 5,000 digits that no network is trained on: digits wrong, and
the mean negative log-likelihood, which chance moves less. One training each: a figure sorts out
what is clearly worse; it does not show a gain of a few digits.
"""

import argparse
import dataclasses
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import keras
import numpy as np
from keras import layers

sys.path.insert(0, str(Path(__file__).parent.parent))

from digits.mnist import MNIST_FILE, Labelled, Mnist, load_mnist
from digits.training.architectures import EMBEDDING, build_cnn
from digits.training.digit import Batches, WarmupSchedule
from digits.training.export import multiply_adds
from digits.training.recipes import QUICK, Recipe
from digits.types import CLASSES, FRAME

MIXED = 0.2  # of mixup's beta distribution (Zhang et al. 2018)
MOMENTUM = 0.99  # of the exponential moving average of the weights: some 100 steps
REDUCTION = 4  # of the channels in squeeze-and-excitation (Hu et al. 2018)

Mix = Callable[[np.ndarray, np.ndarray, np.random.Generator], tuple[np.ndarray, np.ndarray]]


@dataclass(frozen=True)
class Idea:
    """What differs from the default recipe."""

    build: Callable[[], keras.Model] = build_cnn
    mix: Mix | None = None
    longer: int = 1  # times the epochs
    average: bool = False  # of the weights, over the whole training
    policy: str = "float32"


def main() -> None:
    """Train each idea, print a table in Markdown."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--digits", type=int, default=30_000, help="of MNIST's training digits")
    parser.add_argument("--epochs", type=int, default=4)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--ideas", nargs="+", choices=IDEAS, default=list(IDEAS))
    parser.add_argument("--data", type=Path, default=MNIST_FILE)
    parser.add_argument("--out", type=Path, help="a .md file, written after each idea")
    options = parser.parse_args()
    mnist = load_mnist(options.data)
    digits = Labelled(mnist.train.pictures[: options.digits], mnist.train.labels[: options.digits])
    recipe = dataclasses.replace(
        QUICK["cnn"], epochs=options.epochs, seed=options.seed, handwriting=0.0
    )
    rows = [
        "| idea | wrong of 5,000 | negative log-likelihood | multiply-adds | seconds |",
        "|---|---|---|---|---|",
    ]
    for name in options.ideas:
        rows.append(f"| {name} | {train(IDEAS[name], digits, mnist, recipe)} |")
        print(rows[-1], file=sys.stderr, flush=True)
        if options.out:
            options.out.write_text("\n".join(rows) + "\n", encoding="utf-8")
    print("\n".join(rows))


def train(idea: Idea, digits: Labelled, mnist: Mnist, recipe: Recipe) -> str:
    """Train one network and return its figures as cells of a table."""
    recipe = dataclasses.replace(recipe, epochs=idea.longer * recipe.epochs)
    keras.utils.set_random_seed(recipe.seed)
    keras.config.set_dtype_policy(idea.policy)
    try:
        network = idea.build()
    finally:
        keras.config.set_dtype_policy("float32")
    optimizer = keras.optimizers.AdamW(
        WarmupSchedule(recipe, len(digits)),
        weight_decay=recipe.decay,
        use_ema=idea.average,
        ema_momentum=MOMENTUM,
    )
    network.compile(optimizer, loss="categorical_crossentropy", metrics=["accuracy"])
    start = time.perf_counter()
    # At its end the network has the average of its weights, if the optimizer keeps one.
    network.fit(Mixed(digits, recipe, idea.mix), epochs=recipe.epochs, shuffle=False, verbose=0)
    seconds = time.perf_counter() - start
    held_out = mnist.held_out
    answers = np.asarray(network.predict(held_out.frames, batch_size=256, verbose=0), np.float64)
    wrong = int((answers.argmax(axis=1) != held_out.labels).sum())
    likely = answers[np.arange(len(answers)), held_out.labels]
    loss = float(-np.log(np.maximum(likely, 1e-7)).mean())
    return f"{wrong} | {loss:.4f} | {multiply_adds(network):,} | {seconds:.0f}"


class Mixed(Batches):
    """Batches of the recipe, mixed as an idea says."""

    def __init__(self, digits: Labelled, recipe: Recipe, mix: Mix | None) -> None:
        super().__init__(digits, recipe, 0)
        self._mix = mix

    def __getitem__(self, index: int) -> tuple[np.ndarray, np.ndarray]:
        """Return frames and labels, mixed."""
        frames, labels = super().__getitem__(index)
        if self._mix is None:
            return frames, labels
        rng = np.random.default_rng((self._recipe.seed, self._epoch, index, 1))
        return self._mix(frames, labels, rng)


def mixup(
    frames: np.ndarray, labels: np.ndarray, rng: np.random.Generator
) -> tuple[np.ndarray, np.ndarray]:
    """Blend each digit with another one, and their labels alike (Zhang et al. 2018)."""
    share = rng.beta(MIXED, MIXED, len(frames)).astype(np.float32)
    other = rng.permutation(len(frames))
    blend = share[:, None, None]
    blended = blend * frames + (1 - blend) * frames[other]
    return blended, share[:, None] * labels + (1 - share[:, None]) * labels[other]


def cutmix(
    frames: np.ndarray, labels: np.ndarray, rng: np.random.Generator
) -> tuple[np.ndarray, np.ndarray]:
    """Paste a rectangle of another digit into half of the digits (Yun et al. 2019)."""
    frames, labels = frames.copy(), labels.copy()
    other = rng.permutation(len(frames))
    before, labels_before = frames.copy(), labels.copy()
    for i in np.flatnonzero(rng.random(len(frames)) < 0.5):
        high, wide = rng.integers(4, FRAME // 2, 2)
        top, left = rng.integers(FRAME - high), rng.integers(FRAME - wide)
        place = np.s_[top : top + high, left : left + wide]
        frames[i][place] = before[other[i]][place]
        share = high * wide / FRAME**2
        labels[i] = (1 - share) * labels_before[i] + share * labels_before[other[i]]
    return frames, labels


def build_depthwise() -> keras.Model:
    """Return the network with depthwise separable convolutions of three times the width."""
    return _build(lambda x, width: _separable(x, 3 * width))


def build_residual() -> keras.Model:
    """Return the network with a way around each convolution that keeps the width."""
    return _build(_around)


def build_squeeze() -> keras.Model:
    """Return the network with squeeze-and-excitation after each convolution."""
    return _build(lambda x, width: _weighed(_convolved(x, width), width))


def build_deeper() -> keras.Model:
    """Return the network with nine narrower convolutions instead of six."""
    return _build(_convolved, widths=((14, 20, 20), (38, 38, 38), (76, 76, 76)))


def build_wider() -> keras.Model:
    """Return the network with one and a half times the channels."""
    return _build(_convolved, widths=((24, 36), (72, 72), (144, 144)))


def _build(
    block: Callable[[keras.KerasTensor, int], keras.KerasTensor],
    widths: tuple[tuple[int, ...], ...] = ((16, 24), (48, 48), (96, 96)),
) -> keras.Model:
    """Return the convolutional network with other blocks or widths; the first one is plain."""
    ink = keras.Input((FRAME, FRAME), name="ink")
    x = layers.Reshape((FRAME, FRAME, 1))(ink)
    for stage, of_stage in enumerate(widths):
        for place, width in enumerate(of_stage):
            x = _convolved(x, width) if not stage and not place else block(x, width)
        x = layers.MaxPooling2D(2)(x) if stage < len(widths) - 1 else x
    x = layers.Dropout(0.3)(layers.Flatten()(x))
    x = layers.Dense(EMBEDDING, activation="relu")(x)
    return keras.Model(ink, layers.Dense(CLASSES, activation="softmax", dtype="float32")(x))


def _convolved(x: keras.KerasTensor, width: int) -> keras.KerasTensor:
    x = layers.Conv2D(width, 3, padding="same", use_bias=False)(x)
    return layers.ReLU()(layers.BatchNormalization()(x))


def _separable(x: keras.KerasTensor, width: int) -> keras.KerasTensor:
    x = layers.DepthwiseConv2D(3, padding="same", use_bias=False)(x)
    x = layers.Conv2D(width, 1, use_bias=False)(layers.BatchNormalization()(x))
    return layers.ReLU()(layers.BatchNormalization()(x))


def _around(x: keras.KerasTensor, width: int) -> keras.KerasTensor:
    y = _convolved(x, width)
    return layers.Add()([x, y]) if x.shape[-1] == width else y


def _weighed(x: keras.KerasTensor, width: int) -> keras.KerasTensor:
    share = layers.GlobalAveragePooling2D()(x)
    share = layers.Dense(max(4, width // REDUCTION), activation="relu")(share)
    share = layers.Dense(width, activation="sigmoid")(share)
    return layers.Multiply()([x, layers.Reshape((1, 1, width))(share)])


IDEAS = {
    "default recipe": Idea(),
    "depthwise separable, three times the width": Idea(build_depthwise),
    "residual": Idea(build_residual),
    "squeeze-and-excitation": Idea(build_squeeze),
    "nine narrower convolutions": Idea(build_deeper),
    "mixup": Idea(mix=mixup),
    "cutmix": Idea(mix=cutmix),
    "average of the weights over the training": Idea(average=True),
    "bfloat16": Idea(policy="mixed_bfloat16"),
    "twice the epochs": Idea(longer=2),
    "half as wide again": Idea(build_wider),
}


if __name__ == "__main__":
    main()
