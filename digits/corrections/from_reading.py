"""Make corrections of a reading and its truth: of the line and of each of its digits."""

import io
from datetime import UTC, datetime
from itertools import accumulate

import numpy as np
from PIL import Image

from digits.corrections.store import Act, Correction, Source
from digits.errors import CorrectionsError
from digits.types import Box, Frame, Picture, Reading

PAPER_ROUND = 0.25  # of the box's height, as margin of a crop
LONGEST_TRUTH = 100  # digits; more are not one line
WITHOUT_SEPARATORS = str.maketrans("", "", ".,/-")
GAP = "\t"  # between the cells of a line, as in `Line.text`


def to_corrections(
    picture: Picture,
    reading: Reading,
    truth: str,
    *,
    line: int = 0,
    digit: int | None = None,
    source: Source,
    act: Act,
    file: str | None = None,
) -> tuple[Correction, ...]:
    """Return the corrections for the truth of a line or one of its digits.

    Parameters
    ----------
    picture : of the reading
    reading : with boxes in pixels of the original
    truth : digits, optionally with separators such as ``7.5``, or empty for no digits; gaps
        between cells may be left out
    line : which of the reading's lines, from 0
    digit : which of the line's digits, from 0; None for the whole line
    source, act, file : the page it comes from, how it was made, the picture's name

    Returns
    -------
    tuple of Correction
        The whole line, and each of its digits if the truth has as many; or the one digit.

    Raises
    ------
    CorrectionsError
        The truth is not a number, or the reading has no such line or digit.
    """
    if not 0 <= line < len(reading.lines):
        raise CorrectionsError(f"there is no line {line}: {len(reading.lines)} were read")
    read = reading.lines[line]
    if digit is not None and not 0 <= digit < len(read.digits):
        raise CorrectionsError(f"there is no digit {digit}: {len(read.digits)} were read")
    written = with_separators(truth)
    truth = as_truth(truth, read.text)
    digits = truth.replace(GAP, "")
    if digit is not None and len(digits) > 1:
        raise CorrectionsError(f"one digit is corrected and {len(digits)} were given")
    made = datetime.now(UTC)

    def correction(
        box: Box, at: int | None, text: str, right: str, frame: Frame | None
    ) -> Correction:
        return Correction(
            reading=reading.id,
            line=line,
            digit=at,
            box=box,
            crop=crop_png(picture, box),
            frame=None if frame is None else frame_png(frame),
            read=text,
            model=reading.model,
            truth=right,
            source=source,
            file=file if file is not None else reading.file,
            made=made,
            act=act,
            written=written if at is None else None,
        )

    def of_digit(at: int, right: str) -> Correction:
        found = read.digits[at]
        return correction(found.box, at, found.text, right, found.frame)

    if digit is not None:
        return (of_digit(digit, digits),)
    whole = correction(read.box, None, read.text, truth, None)
    if len(digits) != len(read.digits):
        return (whole,)
    return (whole, *(of_digit(at, right) for at, right in enumerate(digits)))


def as_truth(typed: str, read: str) -> str:
    r"""Return typed text as a truth in the format of `Line.text`.

    Separators are left out. A line of one cell has no gaps. If several cells were read, typed gaps
    separate the cells; without gaps, and with as many digits, the cells are those of the reading.

    Raises
    ------
    CorrectionsError
        It is not a number.

    Examples
    --------
    >>> as_truth("1 000", "1000"), as_truth("7.5", "75")
    ('1000', '75')
    >>> as_truth("728", "1\t23")
    '7\t28'
    """
    parts = typed.translate(WITHOUT_SEPARATORS).split()
    digits = "".join(parts)
    if digits and not (digits.isascii() and digits.isdigit()):
        raise CorrectionsError(f"a correction has digits only, not {digits[:LONGEST_TRUTH]!r}")
    if len(digits) > LONGEST_TRUTH:
        raise CorrectionsError(f"a correction has at most {LONGEST_TRUTH} digits: {len(digits)}")
    if GAP not in read:
        return digits
    if len(parts) != 1 or len(digits) != len(read.replace(GAP, "")):
        return GAP.join(parts)
    lengths = [len(cell) for cell in read.split(GAP)]
    ends = accumulate(lengths)
    return GAP.join(digits[end - n : end] for n, end in zip(lengths, ends, strict=True))


def with_separators(typed: str) -> str | None:
    """Return typed text with separators, stripped; None if it has none.

    Examples
    --------
    >>> with_separators(" 7.5"), with_separators("75")
    ('7.5', None)
    """
    text = typed.strip()
    return text if text != text.translate(WITHOUT_SEPARATORS) else None


def crop_png(picture: Picture, box: Box) -> bytes:
    """Return a box of the original with a margin, as PNG."""
    margin = round(PAPER_ROUND * box.height)
    left, top = max(0, box.x - margin), max(0, box.y - margin)
    right, bottom = min(picture.width, box.right + margin), min(picture.height, box.bottom + margin)
    part = picture.from_original(Box(left, top, max(1, right - left), max(1, bottom - top)))
    return _png(picture.grey[part.rows_and_columns()])


def thumbnail_png(crop: bytes, height: int) -> bytes:
    """Return a picture reduced to this height, as PNG."""
    with Image.open(io.BytesIO(crop)) as image:
        image.thumbnail((image.width, height))
        return _png(np.asarray(image))


def frame_png(frame: Frame) -> bytes:
    """Return a frame as PNG, 0 paper to 255 ink."""
    return _png(np.round(255 * frame).astype(np.uint8))


def _png(grey: np.ndarray) -> bytes:
    file = io.BytesIO()
    Image.fromarray(grey).save(file, "PNG")
    return file.getvalue()
