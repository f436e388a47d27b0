"""Trace a network's forward pass, distort its input, and report its accuracy.

The test digits are not opened here: figures about them are in a network's card.
"""

from dataclasses import dataclass, replace
from typing import Any

import cv2
import numpy as np

from digits.arrays import Float32, Int, UInt8
from digits.evaluation.metrics import Bin
from digits.inference.calibration import softmax
from digits.inference.classifier import Classifier
from digits.inference.dense_weights import DenseWeights
from digits.types import CENTRE, FRAME, Frame

FINER = 8  # enlargement at which strokes are thickened, for steps of a fraction of a px
SEED = 7  # of the noise, so that it stays the same while a slider moves
STEPS = 33  # values of a distortion; odd, so that 0 is one of them


@dataclass(frozen=True, slots=True)
class Distortion:
    """Distortion of a frame before a network sees it."""

    thickness: float = 0.0  # px added to the width of the strokes; below 0 they get thinner
    rotation: float = 0.0  # degrees, clockwise
    shift: float = 0.0  # px to the right
    noise: float = 0.0  # standard deviation, of full ink


LIMITS = {  # range of each slider
    "thickness": (-3.0, 3.0),
    "rotation": (-90.0, 90.0),
    "shift": (-10.0, 10.0),
    "noise": (0.0, 1.0),
}


@dataclass(frozen=True, slots=True)
class Trace:
    """Every value between a picture and the dense network's answer."""

    inputs: Float32[np.ndarray, "784"]
    sums: Float32[np.ndarray, " units"]  # before ReLU
    hidden: Float32[np.ndarray, " units"]  # after it
    logits: Float32[np.ndarray, "10"]
    probabilities: Float32[np.ndarray, "10"]

    def strongest(
        self, weights: DenseWeights, digit: int, k: int
    ) -> tuple[Int[np.ndarray, " k"], Float32[np.ndarray, " k"]]:
        """Return the k units that contribute most to a digit's logit, and by how much."""
        added = self.hidden * weights.output[:, digit]
        order = np.argsort(-np.abs(added), kind="stable")[:k]
        return order, added[order]


@dataclass(frozen=True, slots=True)
class Sweep:
    """A network's answers over the range of one distortion."""

    values: tuple[float, ...]
    answers: tuple[int, ...]
    probability: tuple[float, ...]  # probability of the undistorted frame's answer

    @property
    def steady(self) -> tuple[float, float]:
        """Range of values around the least distorted in which the answer stays the same."""
        start = min(range(len(self.values)), key=lambda i: abs(self.values[i]))
        low = high = start
        while low and self.answers[low - 1] == self.answers[start]:
            low -= 1
        while high + 1 < len(self.values) and self.answers[high + 1] == self.answers[start]:
            high += 1
        return self.values[low], self.values[high]


@dataclass(frozen=True, slots=True)
class HardDigit:
    """A held-out digit whose true class got a low probability."""

    picture: UInt8[np.ndarray, "28 28"]
    truth: int
    answer: int
    probability: float  # probability of the truth


@dataclass(frozen=True, slots=True)
class Quality:
    """Accuracy of a network on digits that it was not trained on."""

    judged_on: str  # "test" or "validation"
    confusion: tuple[tuple[int, ...], ...]  # rows: truth; columns: answer
    history: tuple[dict[str, float], ...]  # one for each epoch; empty if unknown
    reliability: tuple[Bin, ...]
    hardest: tuple[HardDigit, ...]  # the hardest first


def trace(frame: Frame, weights: DenseWeights, temperature: float = 1.0) -> Trace:
    """Return all values of the dense network's forward pass."""
    inputs = frame.reshape(-1)
    sums = inputs @ weights.hidden + weights.hidden_bias
    hidden = np.maximum(sums, 0)
    logits = hidden @ weights.output + weights.output_bias
    return Trace(inputs, sums, hidden, logits, softmax(logits[None], temperature)[0])


def distort(frame: Frame, distortion: Distortion) -> Frame:
    """Return a frame with strokes thickened, rotated, shifted and with noise, in this order."""
    changed = _thicken(frame, distortion.thickness)
    if distortion.rotation or distortion.shift:
        middle = (CENTRE - 0.5, CENTRE - 0.5)  # OpenCV's origin is the centre of a pixel
        turn = cv2.getRotationMatrix2D(middle, -distortion.rotation, 1.0)
        turn[0, 2] += distortion.shift
        changed = cv2.warpAffine(changed, turn, (FRAME, FRAME), flags=cv2.INTER_LINEAR)
    if distortion.noise:
        rng = np.random.default_rng(SEED)
        noise = rng.standard_normal(changed.shape, np.float32)
        changed = changed + np.float32(distortion.noise) * noise
    return np.asarray(np.clip(changed, 0, 1), np.float32)


def sweep(classifier: Classifier, frame: Frame, kind: str) -> Sweep:
    """Vary one distortion over its range, the others being 0."""
    values = tuple(float(value) for value in np.linspace(*LIMITS[kind], STEPS))
    frames = np.stack([distort(frame, replace(Distortion(), **{kind: v})) for v in values])
    frames = np.concatenate([frame[None], frames])
    probabilities = classifier.classify(frames).probabilities
    value = int(probabilities[0].argmax())
    answers = tuple(int(answer) for answer in probabilities[1:].argmax(axis=1))
    return Sweep(values, answers, tuple(float(p) for p in probabilities[1:, value]))


def judge_network(card: dict[str, Any]) -> Quality:
    """Return the accuracy of a network from its card."""
    part = "test" if "test" in card else "validation"
    figures = card[part]
    return Quality(
        part,
        tuple(tuple(row) for row in figures["confusion"]),
        tuple(card.get("history", ())),
        tuple(Bin(*one) for one in figures["reliability"]),
        tuple(
            HardDigit(_decode_picture(one["picture"]), one["truth"], one["answer"], one["sure"])
            for one in figures["hardest"]
        ),
    )


def _decode_picture(text: str) -> UInt8[np.ndarray, "28 28"]:
    """Return a picture stored in a card as hexadecimal digits."""
    return np.frombuffer(bytes.fromhex(text), np.uint8).reshape(FRAME, FRAME)


def _thicken(frame: Frame, width: float) -> Frame:
    """Widen the strokes by `width` px, or thin them if it is negative."""
    size = round(abs(width) * FINER)
    if not size:
        return frame
    large = cv2.resize(frame, None, fx=FINER, fy=FINER, interpolation=cv2.INTER_LINEAR)
    brush = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (size + 1, size + 1))
    large = (cv2.dilate if width > 0 else cv2.erode)(large, brush)
    return np.asarray(cv2.resize(large, (FRAME, FRAME), interpolation=cv2.INTER_AREA))
