"""Train the dense network in the page: curves, and the user's own digit after each epoch."""

import threading
import time
from dataclasses import dataclass, field

import numpy as np
import streamlit as st

from digits.explain.dense_training import (
    Epoch,
    build_weights,
    load_training_digits,
    predict,
    train_dense,
)
from digits.inference.dense_weights import DenseWeights
from digits.render.html import bars, gallery, line_chart, signed
from digits.render.text import in_percent
from digits.types import FRAME, Frame

SECONDS = 30.0  # after which the training ends with its epoch
MOST_EPOCHS = 40
SEED = 0  # of the first weights
UNITS, SMALL = 8, 84  # hidden units that are shown; screen px
STORED = "training in the page"  # in the session
CONFIDENCE = "Confidence for each digit, after the last epoch"

_one_at_a_time = threading.Lock()  # a training takes a processor core for half a minute


@dataclass
class Progress:
    """A training in the page so far."""

    frame: Frame  # that is read after each epoch
    epochs: list[tuple[float, float, float, float]] = field(default_factory=list)  # see `add`
    own: list[np.ndarray] = field(default_factory=list)  # probabilities of `frame`, from epoch 0
    weights: DenseWeights | None = None  # after the last epoch

    def add(self, epoch: Epoch) -> None:
        """Keep the figures of an epoch, and read the digit."""
        self.epochs.append(
            (epoch.loss, epoch.validation_loss, epoch.accuracy, epoch.validation_accuracy)
        )
        self.own.append(read_frame(self.frame, epoch.weights))
        self.weights = epoch.weights


def read_frame(frame: Frame, weights: DenseWeights) -> np.ndarray:
    """Return ten probabilities of one frame."""
    return np.asarray(predict(frame.reshape(1, -1), weights)[0])


def show_training(frame: Frame) -> None:
    """Offer a training, and show the one of this session."""
    st.markdown(
        "The dense network starts with random weights and learns MNIST here, for about "
        f"{SECONDS:.0f} seconds. After each epoch it reads your digit."
    )
    pressed = st.button("Train the network", type="primary")
    bar, place = st.empty(), st.empty()
    if pressed:
        _train(frame, bar, place)
    elif (progress := st.session_state.get(STORED)) is not None:
        with place.container():
            _show(progress, frame)


def _train(
    frame: Frame, bar: st.delta_generator.DeltaGenerator, place: st.delta_generator.DeltaGenerator
) -> None:
    """Train until the time is over; the session keeps what there is if the user leaves."""
    if not _one_at_a_time.acquire(blocking=False):
        st.info("Another training is running on this computer: try again in half a minute.")
        return
    try:
        bar.progress(0.0, "Epoch 1")
        untrained = build_weights(np.random.default_rng(SEED))
        progress = Progress(frame, own=[read_frame(frame, untrained)])
        st.session_state[STORED] = progress
        train, validation = load_training_digits()
        start = time.monotonic()
        for epoch in train_dense(train, validation, SEED):
            progress.add(epoch)
            with place.container():
                _show(progress, frame)
            share = (time.monotonic() - start) / SECONDS
            if share >= 1 or epoch.number >= MOST_EPOCHS:
                break
            bar.progress(share, f"Epoch {epoch.number + 1}")
        bar.empty()
    finally:
        _one_at_a_time.release()


def _show(progress: Progress, frame: Frame) -> None:
    """Show the curves, and how the digit is read."""
    if progress.weights is None:
        return
    probabilities = read_frame(frame, progress.weights)
    value = int(probabilities.argmax())
    n = len(progress.epochs)
    accuracy = progress.epochs[-1][3]
    st.markdown(
        f"After {n} {'epoch' if n == 1 else 'epochs'} it reads your digit as **{value}** with a "
        f"confidence of {in_percent(float(probabilities[value]))}, and "
        f"{in_percent(accuracy)} of the validation digits right."
    )
    loss, validation_loss, accuracies, validation_accuracy = zip(*progress.epochs, strict=True)
    left, middle, right = st.columns(3)
    _curve(left, "Loss", "cross-entropy", loss, validation_loss)
    _curve(middle, "Accuracy", "share of right answers", accuracies, validation_accuracy)
    if np.array_equal(frame, progress.frame):
        _show_own(right, progress, value)
    own, units = st.columns(2, gap="large")
    own.html(bars(probabilities.tolist(), value, CONFIDENCE))
    with units:
        st.markdown("**The weights of some hidden units**: orange adds, blue subtracts.")
        st.html(
            gallery(
                [
                    (
                        signed(progress.weights.hidden[:, unit].reshape(FRAME, FRAME)),
                        f"Weights of hidden unit {unit} after {n} epochs",
                        f"unit {unit}",
                    )
                    for unit in range(UNITS)
                ],
                SMALL,
            )
        )


def _curve(
    place: st.delta_generator.DeltaGenerator,
    title: str,
    up: str,
    training: tuple[float, ...],
    validation: tuple[float, ...],
) -> None:
    epochs = [float(number) for number in range(1, len(training) + 1)]
    place.html(
        line_chart(
            {"training": (epochs, training), "validation": (epochs, validation)},
            title=title,
            across="epoch",
            up=up,
            alt=f"{title} after {len(epochs)} epochs: training {training[-1]:.3f}, validation "
            f"{validation[-1]:.3f}",
        )
    )


def _show_own(place: st.delta_generator.DeltaGenerator, progress: Progress, value: int) -> None:
    """Show how the digit's probability changed from epoch to epoch; 0 is before the training."""
    epochs = [float(number) for number in range(len(progress.own))]
    shares = [float(probabilities[value]) for probabilities in progress.own]
    place.html(
        line_chart(
            {f"that it is a {value}": (epochs, shares)},
            title="Your digit",
            across="epoch",
            up="probability",
            alt=f"Probability of {value} for your digit, epoch by epoch: "
            + ", ".join(f"{share:.0%}" for share in shares),
        )
    )
