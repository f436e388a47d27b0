"""Corrections become a better reader, when they do: seconds, without TensorFlow, and guarded.

A personal head (`digits.model.personal`) is fitted beside a network that stays as it is. Of those
reaches that leave MNIST's held-out digits nearly as they are read now, the one is taken that reads
corrected digits best that it did not learn from; and only if it reads them better than before.
"""

import io
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from jaxtyping import UInt8
from PIL import Image, UnidentifiedImageError

from digits.assembly import WEIGHTS, current_neighbours, learned_folder, shipped_reader
from digits.core import ANY, FRAME, Frame, Frames, LearningError
from digits.corrections import Corrections, Wanted
from digits.evaluation import evaluate_folder
from digits.model.classifier import Answers, Classifier
from digits.model.neighbours import HardExamples, Neighbours, load_hard, to_ink
from digits.model.personal import PersonalHead, fit_head, with_head
from digits.model.versions import Compared, save_version

ENOUGH = 20  # corrected digits
MOST = 1_000  # corrected digits, the newest; more would take minutes
ALLOWED = 3  # digits of the 5,000 held-out ones that may be read wrongly in addition
FOLDS = 5  # parts of the corrections, each judged by what the others taught
REACHES = (1.0, 0.5, 0.25, 0.12, 0.06)  # as in `PersonalHead`; all are tried
SURE = 0.9  # confidence with which something that is no digit must not be taken for one


@dataclass(frozen=True, slots=True)
class Examples:
    """Corrected digits to learn from."""

    frames: Frames
    truth: UInt8[np.ndarray, " n"]  # 0 to 9

    def __len__(self) -> int:
        """Return the number of digits."""
        return len(self.truth)


@dataclass(frozen=True, slots=True)
class Lesson:
    """What learning came to: a head, or the reason why there is none."""

    head: PersonalHead | None
    compared: tuple[Compared, ...]  # empty where nothing was tried
    refused: str | None  # a sentence


def gather(store: Corrections) -> Examples:
    """Return what the stored corrections teach.

    Raises
    ------
    CorrectionsError
        The store cannot be read.
    LearningError
        One of them is damaged.
    """
    stored = store.all(Wanted(single=True))  # the newest first
    return to_examples((correction.frame, correction.truth) for correction in reversed(stored))


def to_examples(corrections: Iterable[tuple[bytes | None, str]]) -> Examples:
    """Return what corrections teach; of the same frame the last truth counts.

    Parameters
    ----------
    corrections : each the PNG of a frame, None for a whole line, and the truth. What is not one
        digit teaches nothing.
    """
    taught = {
        frame: int(truth)
        for frame, truth in corrections
        if frame is not None and len(truth) == 1 and truth in "0123456789"
    }
    frames = np.zeros((len(taught), FRAME, FRAME), np.float32)
    for place, png in zip(frames, taught, strict=True):
        place[:] = _decode(png)
    return Examples(frames, np.array(list(taught.values()), np.uint8))


def examples_in_folder(folder: Path, model: str | None = None) -> tuple[Examples, int]:
    """Return what a folder of labelled pictures teaches, and how many pictures teach nothing.

    A picture teaches where as many digits are found in it as its label has.

    Raises
    ------
    DataError
        As `digits.evaluation.evaluate_folder`.
    """
    frames: list[Frame] = []
    truth: list[int] = []
    useless = 0
    for answer in evaluate_folder(shipped_reader(model), folder, ANY).answers:
        found = answer.reading.digits if answer.reading else ()
        wanted = [character for character in answer.truth if character.isdigit()]
        if not found or len(found) != len(wanted):
            useless += 1
            continue
        frames.extend(digit.frame for digit in found)
        truth.extend(int(character) for character in wanted)
    stacked = np.stack(frames) if frames else np.zeros((0, FRAME, FRAME), np.float32)
    return Examples(stacked.astype(np.float32), np.array(truth, np.uint8)), useless


def learn(examples: Examples, model: str | None = None) -> Lesson:
    """Learn from corrected digits beside a model; nothing is kept yet.

    Raises
    ------
    ModelError
        There is no such model, it is an `.h5`, or what guards learning is damaged.
    """
    classifier = shipped_reader(model).classifier
    return learn_beside(classifier, examples, current_neighbours(model), load_hard(WEIGHTS))


def accept(lesson: Lesson, model: str | None = None) -> str:
    """Keep what was learned and put it in force; return the version's name.

    Raises
    ------
    LearningError
        Nothing was learned.
    """
    if lesson.head is None:
        raise LearningError(lesson.refused or "there is nothing to keep")
    return save_version(learned_folder(model), lesson.head, lesson.compared)


def learn_beside(
    classifier: Classifier, examples: Examples, known: Neighbours, hard: HardExamples
) -> Lesson:
    """Learn from corrected digits beside a classifier.

    Parameters
    ----------
    classifier : without a personal head
    known : MNIST's held-out digits, of which no more than `ALLOWED` may be lost
    hard : the project's own hard examples, to compare with
    """
    if len(examples) < ENOUGH:
        return Lesson(None, (), what_is_missing(len(examples)))
    newest = Examples(examples.frames[-MOST:], examples.truth[-MOST:])
    logits, embeddings = _look(classifier, newest.frames)
    tried = []
    for reach in REACHES:
        head = fit_head(embeddings, logits, newest.truth, reach)
        own = _cross_validate(logits, embeddings, newest.truth, reach)
        tried.append(_Trial(head, own, _compare_known(classifier, head, known)))
    allowed = [trial for trial in tried if trial.cost <= ALLOWED]
    if not allowed:
        cheapest = min(tried, key=lambda trial: trial.cost)
        return Lesson(
            None,
            (cheapest.own, cheapest.guard),
            f"However it was learned, at least {cheapest.cost} more of MNIST's "
            f"{cheapest.guard.digits} held-out digits would be read wrongly, and {ALLOWED} are "
            "allowed: look whether some corrections are mistaken",
        )
    best = min(allowed, key=lambda trial: (trial.own.after, trial.cost))
    own = best.own
    compared = (own, best.guard, *_compare_hard(classifier, best.head, hard))
    if not own.before:
        return Lesson(None, compared, "All corrected digits are read rightly already")
    if own.after >= own.before:
        return Lesson(
            None,
            compared,
            f"Nothing would be gained: of {own.digits} corrected digits {own.before} are read "
            f"wrongly now, and {own.after} would be by what the others taught",
        )
    return Lesson(best.head, compared, None)


@dataclass(frozen=True, slots=True)
class _Trial:
    """What learning with one reach comes to."""

    head: PersonalHead
    own: Compared  # the corrected digits
    guard: Compared  # MNIST's

    @property
    def cost(self) -> int:
        """How many more of MNIST's digits are read wrongly."""
        return self.guard.after - self.guard.before


def what_is_missing(n: int) -> str:
    """Say how many corrected digits are still wanted.

    Examples
    --------
    >>> what_is_missing(8)
    '20 corrected digits are wanted to learn from, and there are 8: correct 12 more'
    """
    return (
        f"{ENOUGH} corrected digits are wanted to learn from, and there are {n}: "
        f"correct {ENOUGH - n} more"
    )


def _look(classifier: Classifier, frames: Frames) -> tuple[np.ndarray, np.ndarray]:
    """Return calibrated logits and embeddings: (n, 28, 28) -> (n, 10), (n, units)."""
    logits = classifier.network(frames).logits / np.float32(classifier.temperature)
    return logits, classifier.embed(frames)


def _cross_validate(
    logits: np.ndarray, embeddings: np.ndarray, truth: np.ndarray, reach: float
) -> Compared:
    """Judge each part of the corrections by what the others teach."""
    fold = np.empty(len(truth), int)
    fold[np.argsort(truth, kind="stable")] = np.arange(len(truth)) % FOLDS
    after = np.empty(len(truth), int)
    for part in range(FOLDS):
        held_out, rest = fold == part, fold != part
        head = fit_head(embeddings[rest], logits[rest], truth[rest], reach)
        after[held_out] = (logits[held_out] + head.shift(embeddings[held_out])).argmax(axis=1)
    return Compared(
        "corrected digits, each by what others taught",
        len(truth),
        int((logits.argmax(axis=1) != truth).sum()),
        int((after != truth).sum()),
    )


def _compare_known(classifier: Classifier, head: PersonalHead, known: Neighbours) -> Compared:
    logits = known.logits / np.float32(classifier.temperature)
    after = logits + head.shift(known.embeddings.astype(np.float32))
    before, changed = (scores.argmax(axis=1) != known.labels for scores in (logits, after))
    return Compared("MNIST digits", len(known.labels), int(before.sum()), int(changed.sum()))


def _compare_hard(
    classifier: Classifier, head: PersonalHead, hard: HardExamples
) -> tuple[Compared, Compared]:
    """Compare distorted digits and foreign forms, and what is no digit."""
    taught = with_head(classifier, head)
    digits, others = to_ink(hard.digits), to_ink(hard.others)
    wrong = [
        int((one.classify(digits).probabilities.argmax(axis=1) != hard.labels).sum())
        for one in (classifier, taught)
    ]
    taken = [int(_is_taken(one.classify(others)).sum()) for one in (classifier, taught)]
    return (
        Compared("hard digits", len(hard.labels), wrong[0], wrong[1]),
        Compared(f"no digits, taken for one and {SURE:.0%} sure", len(others), taken[0], taken[1]),
    )


def _is_taken(answers: Answers) -> np.ndarray:
    """Say which frames are given a value, and surely."""
    return np.asarray(~answers.refused & (answers.probabilities.max(axis=1) >= SURE))


def _decode(png: bytes) -> Frame:
    """Return a stored frame as ink."""
    try:
        with Image.open(io.BytesIO(png), formats=["PNG"]) as image:
            grey = np.asarray(image.convert("L"), np.uint8)
    except (UnidentifiedImageError, OSError) as error:
        raise LearningError(
            "a stored correction is damaged: delete it on the page Corrections"
        ) from error
    if grey.shape != (FRAME, FRAME):
        raise LearningError(f"a stored correction is no picture of {FRAME}x{FRAME} pixels")
    return grey.astype(np.float32) / np.float32(255)
