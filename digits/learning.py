"""Corrections become a better reader, when they do: seconds, without TensorFlow, and guarded.

A personal head (`digits.model.personal`) is fitted beside a network that stays as it is, with the
longest reach that leaves MNIST's held-out digits as they are read now. It is accepted only where
it reads corrected digits better that it did not learn from.
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
from digits.evaluation import evaluate_folder
from digits.model.classifier import Answers, Classifier
from digits.model.neighbours import HardExamples, Neighbours, load_hard, to_ink
from digits.model.personal import PersonalHead, fit_head, with_head
from digits.model.versions import Compared, save_version

ENOUGH = 20  # corrected digits
ALLOWED = 3  # digits of the 5,000 held-out ones that may be read wrongly in addition
FOLDS = 5  # parts of the corrections, each judged by what the others taught
REACHES = (1.0, 0.5, 0.25, 0.12, 0.06)  # tried in this order; as in `PersonalHead`
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
    lost = []
    for reach in REACHES:
        head = _fit(classifier, examples, reach)
        guard = _compare_known(classifier, head, known)
        lost.append(guard.after - guard.before)
        if lost[-1] <= ALLOWED:
            break
    else:
        return Lesson(
            None,
            (guard,),
            f"However it was learned, at least {min(lost)} more of MNIST's {guard.digits} held-out "
            f"digits would be read wrongly, and {ALLOWED} are allowed: look whether some "
            "corrections are mistaken",
        )
    own = _cross_validate(classifier, examples, reach)
    compared = (own, guard, *_compare_hard(classifier, head, hard))
    if not own.before:
        return Lesson(None, compared, "All corrected digits are read rightly already")
    if own.after >= own.before:
        return Lesson(
            None,
            compared,
            f"Nothing would be gained: of {own.digits} corrected digits {own.before} are read "
            f"wrongly now, and {own.after} would be by what the others taught",
        )
    return Lesson(head, compared, None)


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


def _fit(classifier: Classifier, examples: Examples, reach: float) -> PersonalHead:
    logits, embeddings = _look(classifier, examples.frames)
    return fit_head(embeddings, logits, examples.truth, reach)


def _look(classifier: Classifier, frames: Frames) -> tuple[np.ndarray, np.ndarray]:
    """Return calibrated logits and embeddings: (n, 28, 28) -> (n, 10), (n, units)."""
    logits = classifier.network(frames).logits / np.float32(classifier.temperature)
    return logits, classifier.embed(frames)


def _cross_validate(classifier: Classifier, examples: Examples, reach: float) -> Compared:
    """Judge each part of the corrections by what the others teach."""
    logits, embeddings = _look(classifier, examples.frames)
    fold = np.empty(len(examples), int)
    fold[np.argsort(examples.truth, kind="stable")] = np.arange(len(examples)) % FOLDS
    after = np.empty(len(examples), int)
    for part in range(FOLDS):
        held_out, rest = fold == part, fold != part
        head = fit_head(embeddings[rest], logits[rest], examples.truth[rest], reach)
        after[held_out] = (logits[held_out] + head.shift(embeddings[held_out])).argmax(axis=1)
    return Compared(
        "corrected digits, each by what others taught",
        len(examples),
        int((logits.argmax(axis=1) != examples.truth).sum()),
        int((after != examples.truth).sum()),
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
