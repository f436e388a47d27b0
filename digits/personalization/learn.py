"""Corrections become a better reader, when they do: seconds, without TensorFlow, and guarded.

A personal head (`digits.personalization.kernel_head`) is fitted beside a network that stays as it
is. Of those reaches that leave MNIST's held-out digits nearly as they are read now, the one is
taken that reads corrected digits best that it did not learn from; and only if it reads them better
than before.
"""

import io
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from jaxtyping import UInt8
from PIL import Image, UnidentifiedImageError

from digits.errors import LearningError
from digits.evaluation.folder import evaluate_folder
from digits.inference.calibration import softmax
from digits.inference.classifier import Classifier
from digits.inference.reference_set import HardExamples, Neighbours, load_hard, to_ink
from digits.personalization.kernel_head import NOT_A_DIGIT, PersonalHead, fit_head
from digits.personalization.versions import Compared, save_version
from digits.reader import Reader
from digits.types import ANY, FRAME, Frame, Frames

if TYPE_CHECKING:
    from digits.corrections.store import Corrections

ENOUGH = 20  # corrected digits
MOST = 1_000  # corrected digits, the newest; more would take minutes
ALLOWED = 3  # digits of the 5,000 held-out ones that may be read wrongly in addition
TRUTHS = [*"0123456789", ""]  # the last is NOT_A_DIGIT
FOLDS = 5  # parts of the corrections, each judged by what the others taught
REACHES = (1.0, 0.5, 0.25, 0.12, 0.06)  # as in `PersonalHead`; all are tried
SURE = 0.9  # confidence with which something that is no digit must not be taken for one


@dataclass(frozen=True, slots=True)
class Examples:
    """Corrected digits to learn from."""

    frames: Frames
    truth: UInt8[np.ndarray, " n"]  # 0 to 9, or `NOT_A_DIGIT`

    def __len__(self) -> int:
        """Return the number of digits."""
        return len(self.truth)


@dataclass(frozen=True, slots=True)
class Seen:
    """What a network makes of frames."""

    embeddings: np.ndarray  # (n, units)
    logits: np.ndarray  # (n, 10), calibrated
    doubts: np.ndarray  # (n,), log-odds of "not a digit"
    limit: float  # of the doubts, from which on a frame is refused

    def __getitem__(self, chosen: np.ndarray) -> "Seen":
        return Seen(self.embeddings[chosen], self.logits[chosen], self.doubts[chosen], self.limit)

    def with_head(self, head: PersonalHead) -> "Seen":
        """Return what the network makes of the same frames with a personal head."""
        logits = self.logits + head.shift(self.embeddings)
        return Seen(self.embeddings, logits, self.doubts + head.doubt(self.embeddings), self.limit)

    def wrong(self, truth: np.ndarray) -> np.ndarray:
        """Say which are misread: refused or named wrongly, or not refused where none is."""
        refused = self.doubts > self.limit
        return np.where(
            truth == NOT_A_DIGIT, ~refused, refused | (self.logits.argmax(axis=1) != truth)
        )

    def taken(self) -> np.ndarray:
        """Say which are taken for a digit, and surely."""
        sure = softmax(self.logits).max(axis=1) >= SURE
        return np.asarray(sure & (self.doubts <= self.limit))


@dataclass(frozen=True, slots=True)
class Guards:
    """What must be read after learning as it was before, or nearly so."""

    known: Seen  # MNIST's held-out digits
    labels: np.ndarray  # (n,)
    hard: Seen  # the project's own hard digits
    hard_labels: np.ndarray  # (m,)
    others: Seen  # frames that hold no digit


@dataclass(frozen=True, slots=True)
class Lesson:
    """What learning came to, and the reason why it is not kept, if it is not."""

    head: PersonalHead | None  # the best that was found
    compared: tuple[Compared, ...]  # empty where nothing was tried
    refused: str | None  # a sentence


def gather(store: "Corrections") -> Examples:
    """Return what the stored corrections teach; those without a recorded act teach nothing.

    Raises
    ------
    CorrectionsError
        The store cannot be read.
    LearningError
        One of them is damaged.
    """
    # Only here: learning from a folder needs no database libraries.
    from digits.corrections.store import Wanted

    stored = store.all(Wanted(single=True, explicit=True))  # the newest first
    return to_examples((correction.frame, correction.truth) for correction in reversed(stored))


def to_examples(corrections: Iterable[tuple[bytes | None, str]]) -> Examples:
    """Return what corrections teach; of the same frame the last truth counts.

    Parameters
    ----------
    corrections : each the PNG of a frame, None for a whole line, and the truth: one digit, or
        nothing for what is none. Others teach nothing.
    """
    taught = {
        frame: TRUTHS.index(truth)
        for frame, truth in corrections
        if frame is not None and truth in TRUTHS
    }
    frames = np.zeros((len(taught), FRAME, FRAME), np.float32)
    for place, png in zip(frames, taught, strict=True):
        place[:] = _decode(png)
    return Examples(frames, np.array(list(taught.values()), np.uint8))


def examples_in_folder(folder: Path, reader: Reader) -> tuple[Examples, int]:
    """Return what a folder of labelled pictures teaches, and how many pictures teach nothing.

    A picture teaches where as many digits are found in it as its label has.

    Raises
    ------
    DataError
        As `digits.evaluation.folder.evaluate_folder`.
    """
    frames: list[Frame] = []
    truth: list[int] = []
    useless = 0
    for answer in evaluate_folder(reader, folder, ANY).answers:
        found = answer.reading.digits if answer.reading else ()
        wanted = [character for character in answer.truth if character.isdigit()]
        if not found or len(found) != len(wanted):
            useless += 1
            continue
        frames.extend(digit.frame for digit in found)
        truth.extend(int(character) for character in wanted)
    stacked = np.stack(frames) if frames else np.zeros((0, FRAME, FRAME), np.float32)
    return Examples(stacked.astype(np.float32), np.array(truth, np.uint8)), useless


def learn(examples: Examples, classifier: Classifier, reference: Neighbours) -> Lesson:
    """Learn from corrected digits beside a classifier; nothing is stored yet.

    Parameters
    ----------
    classifier : without a personal head
    reference : MNIST's held-out digits as this classifier sees them

    Raises
    ------
    ModelError
        The hard examples are missing or damaged.
    """
    return learn_beside(classifier, examples, prepare(classifier, reference, load_hard()))


def accept(lesson: Lesson, folder: Path) -> str:
    """Store what was learned in `folder` and make it active; return the version's name.

    Raises
    ------
    LearningError
        Nothing was learned that helps.
    """
    if lesson.head is None or lesson.refused:
        raise LearningError(lesson.refused or "there is nothing to keep")
    return save_version(folder, lesson.head, lesson.compared)


def learn_beside(classifier: Classifier, examples: Examples, guards: Guards) -> Lesson:
    """Learn from corrected digits beside a classifier that has no personal head."""
    if classifier.refusal is None:  # it knows digits alone
        digits = examples.truth != NOT_A_DIGIT
        examples = Examples(examples.frames[digits], examples.truth[digits])
    if len(examples) < ENOUGH:
        return Lesson(None, (), what_is_missing(len(examples)))
    truth = examples.truth[-MOST:]
    seen = look(classifier, examples.frames[-MOST:])
    tried = []
    for reach in REACHES:
        head = fit_head(seen.embeddings, seen.logits, seen.doubts, truth, reach)
        own = _cross_validate(seen, truth, reach)
        known = _compare("MNIST digits", guards.known, head, guards.labels)
        tried.append(Trial(head, own, known, _compare_others(guards.others, head)))
    allowed = [trial for trial in tried if trial.cost <= ALLOWED]
    if not allowed:
        cheapest = min(tried, key=lambda trial: trial.cost)
        return Lesson(
            cheapest.head,
            (cheapest.own, cheapest.guard, cheapest.others),
            f"However it was learned, at least {cheapest.guard.loss} more of MNIST's "
            f"{cheapest.guard.digits} held-out digits would be read wrongly, or "
            f"{cheapest.others.loss} more of what is no digit be taken for one, and {ALLOWED} are "
            "allowed: look whether some corrections are mistaken",
        )
    best = min(allowed, key=lambda trial: (trial.own.after, trial.cost))
    own = best.own
    digits = _compare("hard digits", guards.hard, best.head, guards.hard_labels)
    compared = (own, best.guard, digits, best.others)
    if not own.before:
        return Lesson(best.head, compared, "All corrected digits are read rightly already")
    if own.after >= own.before:
        return Lesson(
            best.head,
            compared,
            f"Nothing would be gained: of {own.digits} corrected digits {own.before} are read "
            f"wrongly now, and {own.after} would be by what the others taught",
        )
    return Lesson(best.head, compared, None)


@dataclass(frozen=True, slots=True)
class Trial:
    """What learning with one reach comes to."""

    head: PersonalHead
    own: Compared  # the corrected digits
    guard: Compared  # MNIST's
    others: Compared  # what is no digit

    @property
    def cost(self) -> int:
        """How many more of MNIST's digits are read wrongly, or of what is none taken for one."""
        return max(self.guard.loss, self.others.loss)


def prepare(classifier: Classifier, known: Neighbours, hard: HardExamples) -> Guards:
    """Look at what guards learning: the same for every lesson beside one classifier."""
    digits, others = (look(classifier, to_ink(part)) for part in (hard.digits, hard.others))
    return Guards(_known(classifier, known), known.labels, digits, hard.labels, others)


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


def look(classifier: Classifier, frames: Frames) -> Seen:
    """Return what a classifier makes of frames."""
    scores = classifier.network(frames)
    return _seen(classifier, classifier.embed(frames), scores.logits, scores.not_a_digit)


def _known(classifier: Classifier, known: Neighbours) -> Seen:
    doubts = known.doubts if len(known.doubts) else None
    return _seen(classifier, known.embeddings.astype(np.float32), known.logits, doubts)


def _seen(
    classifier: Classifier, embeddings: np.ndarray, logits: np.ndarray, doubts: np.ndarray | None
) -> Seen:
    """Calibrate what a network says; one that cannot tell is sure that all are digits."""
    refusal, calibrated = classifier.refusal, logits / np.float32(classifier.temperature)
    if refusal is None or doubts is None:
        return Seen(embeddings, calibrated, np.full(len(logits), -np.inf), np.inf)
    return Seen(embeddings, calibrated, refusal.log_odds(doubts), refusal.limit)


def _cross_validate(seen: Seen, truth: np.ndarray, reach: float) -> Compared:
    """Judge each part of the corrections by what the others teach."""
    fold = np.empty(len(truth), int)
    fold[np.argsort(truth, kind="stable")] = np.arange(len(truth)) % FOLDS
    after = 0
    for part in range(FOLDS):
        rest, held_out = seen[fold != part], seen[fold == part]
        head = fit_head(rest.embeddings, rest.logits, rest.doubts, truth[fold != part], reach)
        after += int(held_out.with_head(head).wrong(truth[fold == part]).sum())
    before = int(seen.wrong(truth).sum())
    return Compared("corrected digits, each by what others taught", len(truth), before, after)


def _compare(what: str, seen: Seen, head: PersonalHead, truth: np.ndarray) -> Compared:
    wrong = [int(one.wrong(truth).sum()) for one in (seen, seen.with_head(head))]
    return Compared(what, len(truth), wrong[0], wrong[1])


def _compare_others(seen: Seen, head: PersonalHead) -> Compared:
    taken = [int(one.taken().sum()) for one in (seen, seen.with_head(head))]
    what = f"no digits, taken for one and {SURE:.0%} sure"
    return Compared(what, len(seen.logits), taken[0], taken[1])


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
