"""Fit a personal head to corrections, and keep it only where it helps.

A personal head (`digits.personalization.kernel_head`) is fitted for each of several bandwidths,
in seconds and without TensorFlow; the network itself does not change. A bandwidth is allowed if
MNIST's held-out digits and frames without a digit are read nearly as before. Of the allowed ones,
the one with the fewest errors in cross-validation on the corrections is chosen, and it is kept if
it makes fewer errors than the network alone.
"""

import io
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from PIL import Image, UnidentifiedImageError

from digits.arrays import UInt8
from digits.errors import LearningError
from digits.evaluation.folder import evaluate_folder
from digits.inference.calibration import softmax
from digits.inference.classifier import Classifier
from digits.inference.reference_set import HardExamples, ReferenceSet, load_hard, to_ink
from digits.personalization.kernel_head import NOT_A_DIGIT, PersonalHead, fit_head
from digits.personalization.versions import Compared, save_version
from digits.reader import Reader
from digits.types import ANY, FRAME, Frame, Frames

if TYPE_CHECKING:
    from digits.corrections.store import Corrections

MIN_EXAMPLES = 20  # corrected digits
MAX_EXAMPLES = 1_000  # corrected digits, the newest; more would take minutes
ALLOWED_LOSS = 3  # additional errors among the 5,000 held-out digits
TRUTHS = [*"0123456789", ""]  # the last is NOT_A_DIGIT
FOLDS = 5  # of the cross-validation
BANDWIDTHS = (1.0, 0.5, 0.25, 0.12, 0.06)  # as in `PersonalHead`; all are tried
CONFIDENT = 0.9  # confidence with which a frame without a digit must not be read as one


@dataclass(frozen=True, slots=True)
class Examples:
    """Corrected digits to learn from."""

    frames: Frames
    truth: UInt8[np.ndarray, " n"]  # 0 to 9, or `NOT_A_DIGIT`

    def __len__(self) -> int:
        """Return the number of digits."""
        return len(self.truth)


@dataclass(frozen=True, slots=True)
class NetworkOutputs:
    """A network's calibrated outputs for n frames."""

    embeddings: np.ndarray  # (n, units)
    logits: np.ndarray  # (n, 10), calibrated
    not_a_digit: np.ndarray  # (n,), log-odds
    threshold: float  # log-odds above which a frame is rejected

    def __getitem__(self, chosen: np.ndarray) -> "NetworkOutputs":
        return NetworkOutputs(
            self.embeddings[chosen],
            self.logits[chosen],
            self.not_a_digit[chosen],
            self.threshold,
        )

    def with_head(self, head: PersonalHead) -> "NetworkOutputs":
        """Return the outputs for the same frames with a personal head."""
        return NetworkOutputs(
            self.embeddings,
            self.logits + head.shift(self.embeddings),
            self.not_a_digit + head.shift_not_a_digit(self.embeddings),
            self.threshold,
        )

    def answers(self) -> UInt8[np.ndarray, " n"]:
        """Return what is read: 0 to 9, or `NOT_A_DIGIT` for a rejected frame."""
        rejected = self.not_a_digit > self.threshold
        return np.where(rejected, NOT_A_DIGIT, self.logits.argmax(axis=1)).astype(np.uint8)

    def wrong(self, truth: np.ndarray) -> np.ndarray:
        """Return which frames are misread: bool (n,)."""
        return np.asarray(self.answers() != truth)

    def accepted(self) -> np.ndarray:
        """Return which frames are read as a digit with high confidence: bool (n,)."""
        confident = softmax(self.logits).max(axis=1) >= CONFIDENT
        return np.asarray(confident & (self.not_a_digit <= self.threshold))


@dataclass(frozen=True, slots=True)
class RegressionSets:
    """Frames that must be read after learning nearly as before."""

    mnist: NetworkOutputs  # MNIST's held-out digits
    labels: np.ndarray  # (n,)
    hard: NetworkOutputs  # the project's own hard digits
    hard_labels: np.ndarray  # (m,)
    others: NetworkOutputs  # frames that hold no digit


@dataclass(frozen=True, slots=True, eq=False)
class OwnDigits:
    """The corrected digits, and what each is read as in cross-validation."""

    frames: Frames
    truth: UInt8[np.ndarray, " n"]  # 0 to 9, or `NOT_A_DIGIT`; so are the next two
    before: UInt8[np.ndarray, " n"]
    after: UInt8[np.ndarray, " n"]


@dataclass(frozen=True, slots=True)
class LearningResult:
    """The best head, how it compares with the network alone, and why it is not kept."""

    head: PersonalHead | None  # None where nothing was tried
    compared: tuple[Compared, ...]  # empty where nothing was tried
    reason: str | None  # a sentence; None where the head is worth keeping
    own: OwnDigits | None = None  # None where nothing was tried


def gather(store: "Corrections") -> Examples:
    """Return the stored corrections that a person made explicitly.

    Raises
    ------
    CorrectionsError
        The store cannot be read.
    LearningError
        One of them is damaged.
    """
    # Imported here: learning from a folder needs no database libraries.
    from digits.corrections.store import CorrectionFilter

    stored = store.all(CorrectionFilter(single=True, explicit=True))  # the newest first
    return to_examples((correction.frame, correction.truth) for correction in reversed(stored))


def to_examples(corrections: Iterable[tuple[bytes | None, str]]) -> Examples:
    """Return examples from corrections; of the same frame the last truth counts.

    Parameters
    ----------
    corrections : the PNG of each frame and its truth: one digit, or "" for no digit. Whole lines,
        which have no frame, are left out.
    """
    truths = {
        frame: TRUTHS.index(truth)
        for frame, truth in corrections
        if frame is not None and truth in TRUTHS
    }
    frames = np.zeros((len(truths), FRAME, FRAME), np.float32)
    for frame, png in zip(frames, truths, strict=True):
        frame[:] = _decode(png)
    return Examples(frames, np.array(list(truths.values()), np.uint8))


def examples_in_folder(folder: Path, reader: Reader) -> tuple[Examples, int]:
    """Return examples from a folder of labelled pictures, and how many pictures gave none.

    A picture gives examples if as many digits are found in it as its label has.

    Raises
    ------
    DataError
        As `digits.evaluation.folder.evaluate_folder`.
    """
    frames: list[Frame] = []
    truth: list[int] = []
    n_unused = 0
    for answer in evaluate_folder(reader, folder, ANY).answers:
        found = answer.reading.digits if answer.reading else ()
        labels = [character for character in answer.truth if character.isdigit()]
        if not found or len(found) != len(labels):
            n_unused += 1
            continue
        frames.extend(digit.frame for digit in found)
        truth.extend(int(character) for character in labels)
    stacked = np.stack(frames) if frames else np.zeros((0, FRAME, FRAME), np.float32)
    return Examples(stacked.astype(np.float32), np.array(truth, np.uint8)), n_unused


def learn(examples: Examples, classifier: Classifier, reference: ReferenceSet) -> LearningResult:
    """Fit a personal head to corrected digits; nothing is stored yet.

    Parameters
    ----------
    classifier : without a personal head
    reference : MNIST's held-out digits as this classifier sees them

    Raises
    ------
    ModelError
        The hard examples are missing or damaged.
    """
    sets = build_regression_sets(classifier, reference, load_hard())
    return fit_best_head(classifier, examples, sets)


def accept(result: LearningResult, folder: Path) -> str:
    """Store the head in `folder` and make it active; return the version's name.

    Raises
    ------
    LearningError
        The head is not worth keeping.
    """
    if result.head is None or result.reason:
        raise LearningError(result.reason or "nothing was learned")
    return save_version(folder, result.head, result.compared)


def fit_best_head(
    classifier: Classifier, examples: Examples, sets: RegressionSets
) -> LearningResult:
    """Fit one head for each bandwidth, and return the best that the regression sets allow."""
    if classifier.rejection is None:  # this network cannot reject
        is_digit = examples.truth != NOT_A_DIGIT
        examples = Examples(examples.frames[is_digit], examples.truth[is_digit])
    if len(examples) < MIN_EXAMPLES:
        return LearningResult(None, (), describe_missing(len(examples)))
    truth = examples.truth[-MAX_EXAMPLES:]
    outputs = run_network(classifier, examples.frames[-MAX_EXAMPLES:])
    trials = [_try_bandwidth(outputs, truth, sets, bandwidth) for bandwidth in BANDWIDTHS]
    allowed = [trial for trial in trials if trial.loss <= ALLOWED_LOSS]

    def own(trial: BandwidthTrial) -> OwnDigits:
        return OwnDigits(examples.frames[-MAX_EXAMPLES:], truth, outputs.answers(), trial.answers)

    if not allowed:
        best = min(trials, key=lambda trial: trial.loss)
        errors = (best.own, best.mnist, best.others)
        return LearningResult(best.head, errors, _describe_loss(best), own(best))
    best = min(allowed, key=lambda trial: (trial.own.after, trial.loss))
    hard = _compare("hard digits", sets.hard, best.head, sets.hard_labels)
    compared = (best.own, best.mnist, hard, best.others)
    return LearningResult(best.head, compared, _why_useless(best.own), own(best))


@dataclass(frozen=True, slots=True)
class BandwidthTrial:
    """A head fitted with one bandwidth, and its errors."""

    head: PersonalHead
    answers: UInt8[np.ndarray, " n"]  # to the corrected digits, in cross-validation
    own: Compared  # the corrected digits
    mnist: Compared
    others: Compared  # frames without a digit

    @property
    def loss(self) -> int:
        """How many more of MNIST's digits, or frames without a digit, are misread."""
        return max(self.mnist.loss, self.others.loss)


def _try_bandwidth(
    outputs: NetworkOutputs, truth: np.ndarray, sets: RegressionSets, bandwidth: float
) -> BandwidthTrial:
    head = fit_head(outputs.embeddings, outputs.logits, outputs.not_a_digit, truth, bandwidth)
    answers = _cross_validate(outputs, truth, bandwidth)
    before, after = int(outputs.wrong(truth).sum()), int((answers != truth).sum())
    return BandwidthTrial(
        head,
        answers,
        Compared("corrected digits, cross-validated", len(truth), before, after),
        _compare("MNIST digits", sets.mnist, head, sets.labels),
        _compare_others(sets.others, head),
    )


def _describe_loss(trial: BandwidthTrial) -> str:
    return (
        f"Every setting would misread at least {trial.mnist.loss} more of MNIST's "
        f"{trial.mnist.digits} held-out digits, or read {trial.others.loss} more frames without a "
        f"digit as one, and {ALLOWED_LOSS} are allowed: check the corrections for mistakes"
    )


def _why_useless(own: Compared) -> str | None:
    """Return why a head is not worth keeping, or None."""
    if not own.before:
        return "All corrected digits are read correctly already"
    if own.after >= own.before:
        return (
            f"Learning would not help: of {own.digits} corrected digits {own.before} are misread "
            f"now, and {own.after} in cross-validation with a personal head"
        )
    return None


def build_regression_sets(
    classifier: Classifier, reference: ReferenceSet, hard: HardExamples
) -> RegressionSets:
    """Return the regression sets of a classifier; they are the same for all corrections."""
    digits, others = (run_network(classifier, to_ink(part)) for part in (hard.digits, hard.others))
    not_a_digit = reference.not_a_digit if len(reference.not_a_digit) else None
    embeddings = reference.embeddings.astype(np.float32)
    mnist = _calibrate(classifier, embeddings, reference.logits, not_a_digit)
    return RegressionSets(mnist, reference.labels, digits, hard.labels, others)


def describe_missing(n: int) -> str:
    """Return how many corrections are needed to start learning.

    Examples
    --------
    >>> describe_missing(8)
    'Correct at least 20 digits to start learning (8 so far)'
    """
    return f"Correct at least {MIN_EXAMPLES} digits to start learning ({n} so far)"


def run_network(classifier: Classifier, frames: Frames) -> NetworkOutputs:
    """Return a classifier's calibrated outputs for frames."""
    scores = classifier.network(frames)
    return _calibrate(classifier, classifier.embed(frames), scores.logits, scores.not_a_digit)


def _calibrate(
    classifier: Classifier,
    embeddings: np.ndarray,
    logits: np.ndarray,
    not_a_digit: np.ndarray | None,
) -> NetworkOutputs:
    """Calibrate a network's outputs; without a reject head nothing is ever rejected."""
    rejection, calibrated = classifier.rejection, logits / np.float32(classifier.temperature)
    if rejection is None or not_a_digit is None:
        return NetworkOutputs(embeddings, calibrated, np.full(len(logits), -np.inf), np.inf)
    return NetworkOutputs(
        embeddings, calibrated, rejection.log_odds(not_a_digit), rejection.threshold_log_odds
    )


def _cross_validate(
    outputs: NetworkOutputs, truth: np.ndarray, bandwidth: float
) -> UInt8[np.ndarray, " n"]:
    """Return the answers in each fold with a head that was fitted to the other folds."""
    fold = np.empty(len(truth), int)
    fold[np.argsort(truth, kind="stable")] = np.arange(len(truth)) % FOLDS
    answers = np.empty(len(truth), np.uint8)
    for part in range(FOLDS):
        rest, held_out = outputs[fold != part], outputs[fold == part]
        head = fit_head(
            rest.embeddings, rest.logits, rest.not_a_digit, truth[fold != part], bandwidth
        )
        answers[fold == part] = held_out.with_head(head).answers()
    return answers


def _compare(what: str, outputs: NetworkOutputs, head: PersonalHead, truth: np.ndarray) -> Compared:
    before, after = (int(o.wrong(truth).sum()) for o in (outputs, outputs.with_head(head)))
    return Compared(what, len(truth), before, after)


def _compare_others(outputs: NetworkOutputs, head: PersonalHead) -> Compared:
    before, after = (int(o.accepted().sum()) for o in (outputs, outputs.with_head(head)))
    what = f"frames without a digit, read as one with confidence over {CONFIDENT:.0%}"
    return Compared(what, len(outputs.logits), before, after)


def _decode(png: bytes) -> Frame:
    """Return a stored frame as ink."""
    try:
        with Image.open(io.BytesIO(png), formats=["PNG"]) as image:
            grey = np.asarray(image.convert("L"), np.uint8)
    except (UnidentifiedImageError, OSError) as error:
        raise LearningError(
            "a stored correction is damaged: remove it on the page Your handwriting"
        ) from error
    if grey.shape != (FRAME, FRAME):
        raise LearningError(f"a stored correction is not a picture of {FRAME}x{FRAME} pixels")
    return grey.astype(np.float32) / np.float32(255)
