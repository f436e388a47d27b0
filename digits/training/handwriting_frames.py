"""Render real handwriting as MNIST frames for training, validation and calibration."""

import hashlib
from dataclasses import dataclass

import numpy as np

from digits.arrays import UInt8
from digits.errors import EmptyCropError
from digits.image.mnist_normalize import to_frame
from digits.mnist import Labelled
from digits.synthesis.strokes import Handwritten, draw_character, sample_style
from digits.training.handwriting import Handwriting
from digits.types import FRAME, Box

POOL = 40_000  # frames of training digits; each is distorted anew whenever it is shown
LETTERS = 8_000  # frames of training letters
HELD_OUT_LETTERS = 1_000  # frames of letters that calibrate
HEIGHT = 40  # px at which a character is drawn, of which 20 are left in the frame
FULL = 255  # full ink of a stored frame
VALIDATED, CALIBRATED = 1, 2  # renderings of each validation and each calibration digit


@dataclass(frozen=True, slots=True)
class HandwritingFrames:
    """Frames of real handwriting; no writer is in two of its parts."""

    train: Labelled
    validation: Labelled
    calibration: Labelled
    letters: UInt8[np.ndarray, "_n 28 28"]  # by training writers
    held_out_letters: UInt8[np.ndarray, "_n 28 28"]  # by other writers
    digits: dict[str, int]  # digits of training writers that were drawn from, by source
    writers: dict[str, int]  # training writers by source, where it names them
    sha256: str  # of all frames and labels


def render_handwriting(handwriting: Handwriting, seed: int) -> HandwritingFrames:
    """Render the frames that one training uses; the same seed renders the same frames.

    Training frames are drawn by chance: a writer's chance grows with the square root of how much
    that writer wrote, so that a data set of many writers counts although each wrote little.
    """
    rng = np.random.default_rng((seed, 2))
    digits, letters = handwriting.digits, handwriting.letters
    train = digits.side("train")
    chosen = sample_by_writer(train, POOL, rng)
    held_out = Handwriting(
        letters.side("validation").characters + letters.side("calibration").characters
    )
    parts = {
        "train": _labelled(chosen, rng),
        "validation": _labelled(digits.side("validation").characters * VALIDATED, rng),
        "calibration": _labelled(digits.side("calibration").characters * CALIBRATED, rng),
    }
    shown = render_frames(sample_by_writer(letters.side("train"), LETTERS, rng), rng)
    kept = render_frames(sample_by_writer(held_out, HELD_OUT_LETTERS, rng), rng)
    digest = hashlib.sha256()
    for pictures in (*(part.pictures for part in parts.values()), shown, kept):
        digest.update(pictures.tobytes())
    groups = [source for source, writer in train.writer_groups() if writer]
    return HandwritingFrames(
        **parts,
        letters=shown,
        held_out_letters=kept,
        digits={source: len(train.source(source)) for source in train.sources},
        writers={source: groups.count(source) for source in train.sources},
        sha256=digest.hexdigest(),
    )


def sample_by_writer(
    handwriting: Handwriting, count: int, rng: np.random.Generator
) -> tuple[Handwritten, ...]:
    """Return `count` characters by chance, or none where there are none to choose from."""
    groups = [group.characters for group in handwriting.writer_groups().values()]
    if not groups:
        return ()
    share = np.sqrt([len(group) for group in groups])
    writers = rng.choice(len(groups), count, p=share / share.sum())
    return tuple(groups[writer][rng.integers(len(groups[writer]))] for writer in writers)


def render_frames(
    characters: tuple[Handwritten, ...], rng: np.random.Generator
) -> UInt8[np.ndarray, "n 28 28"]:
    """Return each character as MNIST would show it, drawn in a style of its own."""
    frames = np.zeros((len(characters), FRAME, FRAME), np.uint8)
    for frame, character in zip(frames, characters, strict=True):
        frame[:] = _frame(character, rng)
    return frames


def _frame(character: Handwritten, rng: np.random.Generator) -> UInt8[np.ndarray, "28 28"]:
    """Draw one character at a size that MNIST's averaging makes half as large."""
    while True:
        ink = draw_character(character, HEIGHT, sample_style(rng), rng)
        try:
            frame = to_frame(ink, Box(0, 0, ink.shape[1], ink.shape[0]))
        except EmptyCropError:  # ink too dry to see
            continue
        return np.asarray(np.round(FULL * frame), np.uint8)


def _labelled(characters: tuple[Handwritten, ...], rng: np.random.Generator) -> Labelled:
    return Labelled(render_frames(characters, rng), Handwriting(characters).labels)
