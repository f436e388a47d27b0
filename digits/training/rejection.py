"""Train and calibrate the reject head, "not a digit", of the convolutional network.

The network is trained before and does not change: the reject head uses its features.
"""

from collections.abc import Callable
from typing import Any

import cv2
import keras
import numpy as np

from digits.evaluation.metrics import auroc
from digits.image.mnist_normalize import to_frame
from digits.inference.calibration import Rejection, fit_rejection
from digits.inference.reference_set import to_ink
from digits.mnist import Labelled, Mnist, joined
from digits.synthesis.allographs import draw_frame
from digits.synthesis.negatives import NOT_A_DIGIT, draw_negatives
from digits.training.augmentation import augment, filled
from digits.training.corruption import disturb
from digits.training.handwriting_frames import HandwritingFrames
from digits.training.stroke_habits import flagged_one
from digits.types import FRAME, Box, Frame, Frames

BATCH = 128  # digits, and as many frames without a digit
PEAK = 2e-3  # highest learning rate
DECAY = 1e-2  # weight decay
POOL = 30_000  # negatives, drawn once and distorted in each batch
HELD_OUT = 5_000  # negatives for calibration, from other digits and other fonts
P_PLAIN = 0.3  # share of frames that are not distorted
P_DRAWN = 0.15  # share of digits in forms that are missing in MNIST
P_FLAG = 0.3  # share of ones with a flag that may reach the line
P_FILLED = 0.25  # share of digits stretched to a square
P_DISTURBED = 0.2  # share of frames on grey, grainy or crossed paper, in training only
P_CAMERA = 0.3  # share of frames degraded as by a bad camera
P_SPOT = 0.3  # share of those that have a spot of 2 px too much or too little ink
LEGIBLE = 0.6  # least share of the ink that must remain
KEPT = 0.995  # share of digits, as writers wrote them, that must not be rejected
HALF = 0.5  # of full ink


class RejectionBatches(keras.utils.PyDataset):
    """Batches of digits and as many frames without a digit, determined by seed and epoch."""

    def __init__(self, digits: Labelled, others: Frames, seed: int, batches: int) -> None:
        super().__init__()
        self._digits, self._others, self._seed, self._epoch = digits, others, seed, 0
        self._batches = max(1, batches)

    def __len__(self) -> int:
        """Return the number of batches in an epoch."""
        return self._batches

    def __getitem__(self, index: int) -> tuple[Frames, np.ndarray]:
        """Return frames (2 n, 28, 28), and 1 for those without a digit (2 n, 1)."""
        rng = np.random.default_rng((self._seed, self._epoch, index))
        chosen = rng.integers(len(self._digits), size=BATCH)
        part = Labelled(self._digits.pictures[chosen], self._digits.labels[chosen])
        others = self._others[rng.integers(len(self._others), size=BATCH)]
        frames = np.concatenate(
            [distort_digits(part, rng, P_DISTURBED), distort_others(others, rng, P_DISTURBED)]
        )
        return frames, np.repeat(np.array([0, 1], np.float32), BATCH)[:, None]

    def on_epoch_begin(self) -> None:
        """Draw other batches in this epoch."""
        self._epoch += 1


def distort_digits(digits: Labelled, rng: np.random.Generator, disturbed: float = 0.0) -> Frames:
    """Return digits distorted as by writers, pens and cameras, so that they stay digits."""
    plain = digits.frames
    habits = [_habit(f, int(label), rng) for f, label in zip(plain, digits.labels, strict=True)]
    written = np.stack(habits) if habits else plain
    frames = np.where(_some(plain, P_PLAIN, rng), written, augment(written, digits.labels, rng))
    return _photographed(disturb(frames, rng, disturbed), rng)


def _habit(frame: Frame, label: int, rng: np.random.Generator) -> Frame:
    """Return a digit in another form, a 1 with a long flag, or a stretched digit."""
    if rng.random() < P_DRAWN:
        frame = draw_frame(label, rng)
    if label == 1 and rng.random() < P_FLAG:
        frame = flagged_one(frame, rng, longest=1.1)
    return filled(frame) if rng.random() < P_FILLED else frame


def distort_others(frames: Frames, rng: np.random.Generator, disturbed: float = 0.0) -> Frames:
    """Return frames without a digit, distorted in the same way as digits."""
    labels = np.full(len(frames), NOT_A_DIGIT, np.uint8)
    frames = np.where(_some(frames, P_PLAIN, rng), frames, augment(frames, labels, rng))
    return _photographed(disturb(frames, rng, disturbed), rng)


def _photographed(frames: Frames, rng: np.random.Generator) -> Frames:
    return np.stack([_taken(f, rng) if rng.random() < P_CAMERA else f for f in frames])


def _some(frames: Frames, share: float, rng: np.random.Generator) -> np.ndarray:
    return rng.random((len(frames), 1, 1)) < share


def _taken(frame: Frame, rng: np.random.Generator) -> Frame:
    """Return a frame as of a bad picture: blurred, grainy, specked, broken or cut off."""
    scale = int(rng.integers(1, 5))
    whole = cv2.resize(frame, None, fx=scale, fy=scale, interpolation=cv2.INTER_CUBIC)
    ink = cv2.GaussianBlur(whole, (0, 0), rng.uniform(0.2, 0.7) * scale)
    ink = ink * rng.uniform(0.6, 1.2) + rng.normal(0, rng.uniform(0, 0.12), ink.shape)
    ink = np.where(ink < rng.uniform(0.1, 0.3), 0, np.clip(ink, 0, 1)).astype(np.float32)
    if rng.random() < HALF:  # without grey
        ink = (ink > rng.uniform(0.35, 0.6)).astype(np.float32)
    if rng.random() < P_SPOT:  # an erasure, or a speck
        centre = [int(pixel) for pixel in rng.integers(5 * scale, 23 * scale, 2)]
        cv2.circle(ink, centre, scale, float(rng.integers(2)), -1)
    left = (ink > HALF).sum()
    if not left or left < LEGIBLE * (whole > HALF).sum():
        return frame
    return to_frame(ink, Box(0, 0, ink.shape[1], ink.shape[0]))


def draw_frames(
    digits: Labelled, count: int, rng: np.random.Generator, *, held_out: bool = False
) -> Frames:
    """Return `count` frames without a digit: float32, shape (count, 28, 28)."""
    inks = draw_negatives(digits.pictures, digits.labels, count, rng, held_out=held_out)
    frames = [to_frame(ink, Box(0, 0, ink.shape[1], ink.shape[0])) for ink in inks]
    return np.stack(frames) if frames else np.zeros((0, FRAME, FRAME), np.float32)


def fit_head(
    head: keras.Model,
    mnist: Mnist,
    seed: int,
    epochs: int,
    written: HandwritingFrames | None = None,
) -> None:
    """Train the reject head of a trained network, in a few minutes.

    Parameters
    ----------
    head : of `digits.training.architectures.build_rejection_head`
    mnist : training digits, of which parts also make negatives
    seed : of all random choices
    epochs : passes through the training digits
    written : digits and letters of other data sets
    """
    keras.utils.set_random_seed(seed)
    pool = min(POOL, len(mnist.train))
    others = draw_frames(mnist.train, pool, np.random.default_rng(seed))
    digits = mnist.train
    if written is not None:
        digits = joined(digits, written.train)
        others = np.concatenate([others, to_ink(written.letters)])
    shown = RejectionBatches(digits, others, seed, len(mnist.train) // BATCH)
    schedule = keras.optimizers.schedules.CosineDecay(PEAK, epochs * len(shown))
    head.compile(
        keras.optimizers.AdamW(schedule, weight_decay=DECAY),
        loss=keras.losses.BinaryCrossentropy(from_logits=True),
        metrics=[keras.metrics.BinaryAccuracy(name="accuracy", threshold=0.0)],
    )
    head.fit(shown, epochs=epochs, shuffle=False, verbose=1)


def calibrate_head(
    logits: Callable[[Frames], np.ndarray],
    mnist: Mnist,
    seed: int,
    written: HandwritingFrames | None = None,
) -> dict[str, Any]:
    """Return slope, offset and threshold of the reject head, and its figures.

    Parameters
    ----------
    logits : of the head, for frames (n, 28, 28) -> (n,)

    Calibrated on calibration digits, evaluated on validation digits; the frames without a digit
    are made of the same digits, and of letters from fonts that training does not use.
    """
    rng = np.random.default_rng((seed, 1))

    def shown(
        digits: Labelled, more: Labelled | None = None, letters: np.ndarray | None = None
    ) -> tuple[np.ndarray, np.ndarray]:
        others = draw_frames(digits, min(HELD_OUT, 2 * len(digits)), rng, held_out=True)
        if letters is not None:
            others = np.concatenate([others, to_ink(letters)])
        digits = digits if more is None else joined(digits, more)
        return logits(distort_digits(digits, rng)), logits(distort_others(others, rng))

    theirs = (written.calibration, written.held_out_letters) if written else (None, None)
    calibrating = joined(mnist.calibration, written.calibration) if written else mnist.calibration
    rejection: Rejection = fit_rejection(
        *shown(mnist.calibration, *theirs), logits(calibrating.frames), kept=KEPT
    )
    plain = rejection.probability(logits(mnist.validation.frames))
    distorted, others = (rejection.probability(part) for part in shown(mnist.validation))
    extra = {}
    if written is not None:
        ours = rejection.probability(logits(written.validation.frames))
        extra = {"handwriting_kept": float((ours <= rejection.threshold).mean())}
    return extra | {
        "slope": rejection.slope,
        "offset": rejection.offset,
        "threshold": rejection.threshold,
        "made_of": "halves, pairs, mirrored and turned MNIST digits; curves and branched strokes; "
        "letters and signs of Matplotlib's fonts; spots, boxes, dashes, textures",
        "auroc": auroc(distorted, others),
        "digits_kept": float((plain <= rejection.threshold).mean()),
        "distorted_digits_kept": float((distorted <= rejection.threshold).mean()),
        "others_rejected": float((others > rejection.threshold).mean()),
    }
