"""The chain from a picture to a reading: one line for each stage, and nobody else composes them."""

import hashlib
import json
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import asdict, dataclass, replace

import numpy as np

from digits.errors import CrowdedError, DigitsError, HintError
from digits.image.digit_segmentation import Glyph, cut_digits
from digits.image.map_layout import Placed, lay_out
from digits.image.mnist_normalize import to_frame
from digits.image.number_regions import find_number_regions
from digits.image.page_maps import PageMaps
from digits.image.page_segmentation import Found, find_numbers, is_single, open_page
from digits.image.quality import describe_faults
from digits.image.rectify import MARGIN, SIDE_MARGIN, box_region, straighten, to_strip, turn
from digits.image.single_digit import find_single
from digits.inference.classifier import Answers, Classifier
from digits.inference.ctc import log_softmax
from digits.inference.line_recognizer import LineNetwork, Spelling
from digits.inference.segmenter import STRIDE, PageView, Segmenter, segment_page
from digits.io.document import Document
from digits.io.sources import Source, load_source
from digits.types import (
    ANY,
    CLASSES,
    FRAME,
    STRIP,
    Box,
    Cell,
    Digit,
    Frames,
    Hint,
    Line,
    Mark,
    ModelName,
    Page,
    Picture,
    Reading,
    Status,
)

SMALLEST = 1e-12  # probability; the logarithm of 0 is not a number
ALONE = 0.999  # probability from which the digit network is not asked to share its opinion
NARROW = 1.6  # times as wide as high: a line that may hold one digit alone
TALL = 0.6  # of the digits' height: a mark as tall may be a digit that was left out
DENIED = 0.5  # probability that there is no digit, of either network, from which both deny it
SURE = 0.6  # probability of one digit rather than another, from which the line network is sure
TEXTURE = 0.5  # share of a page's characters that are refused, from which all of them are
CLEAR = 0.95  # geometric mean of a page's confidence, a digit, above which it stands upright
ENOUGH_DIGITS = 6  # on a page that is to be turned: 8061 might as well be 1908
EVIDENCE = 1.5  # by which the logarithm of all digits' confidence rises when a page is turned
BESIDE = 0.1  # of a table's ink; more outside it is writing, and not its frame
UNREAD = 0.3  # of a page's ink outside the digits that were read; more may be a table or print
BETTER = 0.5  # digits more that must be likely to be right for the maps' reading to be taken
ONLY_TABLE = "Only the table was read: photograph what stands beside it by itself."
TURNED = "The page does not stand upright: it was turned to be read."


@dataclass(frozen=True, slots=True)
class Spelled:
    """A number's digits, each by itself, before they are named."""

    glyphs: tuple[Glyph | None, ...]  # None where there is no ink to see
    scores: np.ndarray  # (n, 10), the line network's log-probabilities; zeros where it did not look
    certainty: float  # probability that so many digits are there
    marks: tuple[Mark, ...] = ()
    n_tall: int = 0  # marks that are as tall as a digit


@dataclass(frozen=True, slots=True)
class Seen:
    """One of the frames that the digit network was shown, and its answer."""

    frames: Frames
    answers: Answers
    index: int

    @property
    def probabilities(self) -> np.ndarray:
        """The probability of each digit, if it is one: (10,)."""
        return np.asarray(self.answers.probabilities[self.index])

    def digit(self, box: Box, probabilities: np.ndarray, limit: float | None) -> Digit:
        """Return the character with its value, or with none where it is refused.

        The line network may move the `limit` of what is refused. A digit that was cut from its
        neighbours looks like none, but that network saw them together; and where it sees no digit
        either, half a doubt is enough.
        """
        value, doubt = int(probabilities.argmax()), self.answers.not_a_digit
        refused = bool(self.answers.refused[self.index])
        if limit is not None and doubt is not None:
            refused = bool(doubt[self.index] > limit)
        return Digit(
            value=None if refused else value,
            confidence=float(probabilities[value]),
            box=box,
            probabilities=tuple(float(probabilities[digit]) for digit in range(CLASSES)),
            not_a_digit=None if doubt is None else float(doubt[self.index]),
            frame=self.frames[self.index],
        )


@dataclass(frozen=True)
class Reader:
    """Reads pictures with two networks. Immutable, so that threads may share it."""

    classifier: Classifier
    line_network: LineNetwork
    segmenter: Segmenter | None = None  # None: pages are read by geometry alone

    def read(self, picture: Picture, hint: Hint = ANY) -> Reading:
        """Read what is written on `picture`.

        Parameters
        ----------
        picture : as `digits.io.document.load_picture` gives it
        hint : what is known about it; nothing needs to be

        Returns
        -------
        Reading
            Its boxes are in pixels of the upright original. Status "blank" and no digit where
            there is no ink.

        Raises
        ------
        HintError
            The hint contradicts itself or the picture.
        """
        _check(hint, picture)
        page = open_page(picture)
        numbers: list[Line] = []
        try:
            found = find_numbers(page, picture, hint)
            numbers = self.read_lines(found, hint)
            turned = self._turned(page, picture, numbers, hint)
            if turned is not None:
                found, numbers = turned
            notes = (TURNED,) if turned is not None else ()
            reading = self._compose(picture, hint, page, found, numbers, notes=notes)
        except CrowdedError as error:
            reading = self._refuse(picture, hint, error)
        if hint != replace(ANY, accept=hint.accept) or _is_complete(reading, page, picture):
            return reading
        return self._read_maps(picture, hint, page, _expected(numbers)) or reading

    def _read_maps(
        self, picture: Picture, hint: Hint, page: Page, expected: float
    ) -> Reading | None:
        """Read a page by the page network's maps, if that gives more digits likely to be right.

        Parameters
        ----------
        expected : digits of the reading so far that are likely to be right
        """
        if self.segmenter is None:
            return None
        regions = find_number_regions(_to_maps(segment_page(self.segmenter, picture.colours)))
        placed = lay_out(page, regions)
        numbers = self.read_lines([Found(part.page, part.box, part.place) for part in placed])
        if _expected(numbers) <= expected + BETTER:
            return None
        return self._compose_maps(picture, hint, page, placed, numbers)

    def _compose_maps(
        self,
        picture: Picture,
        hint: Hint,
        page: Page,
        placed: Sequence[Placed],
        numbers: Sequence[Line],
    ) -> Reading:
        """Put tables and lines that the maps show together as one `Reading`."""
        cells: list[Cell] = []
        lines: list[Line] = []
        unread: list[Box] = []
        pairs = list(zip(placed, numbers, strict=True))
        for table in dict.fromkeys(part.table for part in placed):
            mine = [(part, line) for part, line in pairs if part.table == table]
            if table is None:
                lines += [line for _, line in mine if _has_value(line)]
                unread += [part.box for part, line in mine if not _has_value(line)]
                continue
            first = 1 + max((cell.row for cell in cells), default=-1)
            rows = [
                (_to_cell(part, line, first), line) for part, line in mine if part.place is not None
            ]
            cells += [cell for cell, _ in rows]
            lines += _rows([cell for cell, _ in rows], [line for _, line in rows])
        lines = sorted(
            (line for line in lines if line.digits or "\t" in line.text),
            key=lambda line: line.box.y,
        )
        written = [line for line in lines if line.digits]
        kept = [line.confidence for part, line in pairs if line.digits and part.box not in unread]
        confidence = float(np.prod(kept)) if kept else 0.0
        return Reading(
            id=_identity(picture, self.versions, hint),
            size=(picture.width, picture.height),
            status=_status(page, written, confidence, hint),
            model=self.classifier.name,
            text="\n".join(line.text for line in lines) if written else "",
            confidence=confidence,
            lines=tuple(lines) if written else (),
            cells=tuple(cells),
            notes=describe_faults(
                picture, page.ink, [digit.box for line in written for digit in line.digits]
            ),
            unread=tuple(unread),
        )

    def _turned(
        self, page: Page, picture: Picture, numbers: Sequence[Line], hint: Hint
    ) -> tuple[list[Found], list[Line]] | None:
        """Return what a page says that lies upside down or on its side, if that is clear."""
        if hint != replace(ANY, accept=hint.accept) or not _is_doubtful(numbers):
            return None
        for quarters in (2, 1, 3):
            found = find_numbers(turn(page, quarters), picture, hint)
            others = self.read_lines(found, hint)
            if _is_clearer(others, numbers):
                return found, others
        return None

    def read_lines(self, found: Sequence[Found], hint: Hint = ANY) -> list[Line]:
        """Read pieces of a page that hold one number each; the empty ones give an empty line."""
        return _alike(self._name(found, self.spell(found, hint)))

    def spell(self, found: Sequence[Found], hint: Hint = ANY) -> list[Spelled]:
        """Say of each number how many digits it has and where they stand."""
        pages = [part.page for part in found if part.page is not None]
        if is_single(hint):
            spelled = iter([_spell_single(page) for page in pages])
        else:
            spellings = self.line_network.spell([to_strip(page) for page in pages], hint.length)
            spelled = iter(
                [
                    replace(_cut(page, spelling), certainty=1.0)
                    if hint.length
                    else _complete(page, spelling)
                    for page, spelling in zip(pages, spellings, strict=True)
                ]
            )
        nothing = Spelled((), np.zeros((0, CLASSES)), 1.0)
        return [next(spelled) if part.page is not None else nothing for part in found]

    def _name(self, found: Sequence[Found], spelled: Sequence[Spelled]) -> list[Line]:
        """Say of each number which digits it has: both networks' scores are added."""
        frames = to_frames([glyph for number in spelled for glyph in number.glyphs])
        answers = self.classifier.classify(frames)
        which = iter(range(len(frames)))
        return [
            self._line(part, number, [Seen(frames, answers, next(which)) for _ in number.glyphs])
            for part, number in zip(found, spelled, strict=True)
        ]

    def _line(self, part: Found, number: Spelled, seen: list[Seen]) -> Line:
        page = part.page
        if page is None or not seen:
            return Line("", 1.0 if page is None else 0.0, part.box, (), number.marks)
        digits = []
        for glyph, character, scores in zip(number.glyphs, seen, number.scores, strict=True):
            chosen = character.probabilities
            if not scores.any() and glyph and chosen.max() < ALONE and not _fills(page, glyph):
                chosen = self._second_opinion(page, glyph, chosen)
            elif scores.any():
                named = np.log(np.maximum(chosen, SMALLEST)) if glyph else np.zeros(CLASSES)
                chosen = np.exp(log_softmax(scores + self.line_network.weight * named))
            box = page.box_in_original(glyph.box) if glyph else part.box
            limit = None
            if len(seen) > 1 and float(np.exp(log_softmax(scores)).max()) > SURE:
                limit = 1.0
            elif number.certainty < DENIED:
                limit = DENIED
            digits.append(character.digit(box, chosen, limit))
        certainty = number.certainty * float(np.prod([digit.confidence for digit in digits]))
        if number.scores.any():
            certainty = self.line_network.confidence(certainty)
        if any(digit.value is None for digit in digits):
            certainty = 0.0  # what has a "?" in it is surely not the whole number
        box = Box.around(digit.box for digit in digits)
        return Line(_text(digits), certainty, box, tuple(digits), number.marks)

    def _second_opinion(self, page: Page, glyph: Glyph, named: np.ndarray) -> np.ndarray:
        """Return what both networks make of one digit; the line network knows more hands."""
        strip = to_strip(straighten(page, box_region(glyph.box), MARGIN, SIDE_MARGIN))
        scores = self.line_network.spell([strip], 1)[0].scores[0]
        return np.asarray(np.exp(log_softmax(scores + np.log(np.maximum(named, SMALLEST)))))

    def _refuse(self, picture: Picture, hint: Hint, reason: DigitsError) -> Reading:
        """Say why a picture cannot be handwriting; that is not "blank"."""
        sentence = str(reason)
        return Reading(
            id=_identity(picture, self.versions, hint),
            size=(picture.width, picture.height),
            status="refused",
            model=self.classifier.name,
            text="",
            confidence=0.0,
            notes=(f"{sentence[:1].upper()}{sentence[1:]}.",),
        )

    @property
    def versions(self) -> str:
        """The SHA-256 of all networks."""
        page = "" if self.segmenter is None else self.segmenter.name.sha256
        return self.classifier.name.sha256 + self.line_network.name.sha256 + page

    def _compose(  # the results of every stage meet here
        self,
        picture: Picture,
        hint: Hint,
        page: Page,
        found: Sequence[Found],
        numbers: Sequence[Line],
        notes: tuple[str, ...] = (),
    ) -> Reading:
        """Put answers and places together as one `Reading`."""
        cells = tuple(
            Cell(*part.place, line.text, line.confidence, part.box, line.marks)
            for part, line in zip(found, numbers, strict=True)
            if part.place is not None
        )
        if cells:
            lines = tuple(_rows(cells, numbers))
            notes = notes + _beside(page, picture, cells)
        elif hint.boxes:
            lines = tuple(numbers)  # each region its own result, the empty ones too
        else:
            lines = tuple(line for line in numbers if line.digits)
        written = [line for line in lines if line.digits]
        confidence = float(np.prod([line.confidence for line in written])) if written else 0.0
        return Reading(
            id=_identity(picture, self.versions, hint),
            size=(picture.width, picture.height),
            status=_status(page, written, confidence, hint),
            model=self.classifier.name,
            text="\n".join(line.text for line in lines) if written else "",
            confidence=confidence,
            lines=lines if written or hint.boxes else (),
            cells=cells,
            notes=notes
            + describe_faults(
                picture, page.ink, [digit.box for line in written for digit in line.digits]
            ),
        )


def to_frames(glyphs: Sequence[Glyph | None]) -> Frames:
    """Return one frame for each character: float32, shape (n, 28, 28); n may be 0."""
    frames = np.zeros((len(glyphs), FRAME, FRAME), np.float32)
    for frame, glyph in zip(frames, glyphs, strict=True):
        if glyph is not None:
            frame[:] = to_frame(glyph.ink, Box(0, 0, glyph.box.width, glyph.box.height))
    return frames


def _check(hint: Hint, picture: Picture) -> None:
    if hint.length is not None and hint.length < 1:
        raise HintError(f"a number has at least 1 digit, not {hint.length}")
    if hint.single and hint.length not in (None, 1):
        raise HintError(f"one digit was promised and {hint.length}: leave one of the two hints out")
    if not 0 <= hint.accept <= 1:
        raise HintError(f"the accepted confidence lies between 0 and 1, not at {hint.accept}")
    for box in hint.boxes:
        inside = box.x >= 0 and box.y >= 0 and box.width > 0 and box.height > 0
        if not inside or box.right > picture.width or box.bottom > picture.height:
            raise HintError(
                f"the box {box.x},{box.y},{box.width},{box.height} does not lie inside the "
                f"picture of {picture.width}x{picture.height} pixels"
            )


def _spell_single(page: Page) -> Spelled:
    glyphs = find_single(page.ink)
    return Spelled(tuple(glyphs), np.zeros((len(glyphs), CLASSES)), 1.0)


def _cut(page: Page, spelling: Spelling) -> Spelled:
    """Give each digit that was spelled the ink that is its own."""
    height, width = page.ink.shape
    if not spelling.digits and width <= NARROW * height:
        # A stem that fills its picture is no digit to the line network: let the other one see.
        return replace(_spell_single(page), certainty=1 - spelling.certainty)
    scale = page.ink.shape[0] / STRIP
    glyphs, marks = cut_digits(page.ink, [column * scale for column in spelling.columns])
    return Spelled(
        tuple(_inked(glyph) for glyph in glyphs),
        spelling.scores,
        spelling.certainty,
        tuple(Mark(kind, page.box_in_original(box)) for kind, box in marks),
        _count_tall([box for _, box in marks], [glyph.box for glyph in glyphs if glyph]),
    )


def _complete(page: Page, spelling: Spelling) -> Spelled:
    """Take one digit more while that explains a mark as tall as a digit.

    The line network sometimes leaves out one of two ones that stand close. A stroke or a bracket
    beside a number stays a mark: with it, a longer number is far less likely.
    """
    number = _cut(page, spelling)
    while number.n_tall and spelling.digits and spelling.longer:
        spelling = spelling.longer
        longer = _cut(page, spelling)
        if longer.n_tall >= number.n_tall:
            break
        number = longer
    return number


def _count_tall(marks: Sequence[Box], digits: Sequence[Box]) -> int:
    """Count the marks that are as tall as digits are."""
    if not digits:
        return 0
    tall = float(np.median([box.height for box in digits]))
    return sum(box.height >= TALL * tall for box in marks)


def _has_value(line: Line) -> bool:
    """Return whether a line holds a digit that was not rejected."""
    return any(digit.value is not None for digit in line.digits)


def _expected(numbers: Iterable[Line]) -> float:
    """Return how many digits are likely to be right, those of whole numbers alone."""
    return float(
        sum(line.confidence * sum(d.value is not None for d in line.digits) for line in numbers)
    )


def _is_complete(reading: Reading, page: Page, picture: Picture) -> bool:
    """Return whether a reading is sure and leaves little of the page's ink unread."""
    if reading.status == "blank":
        return True
    if reading.status != "read":
        return False
    unread = page.ink.copy()
    for digit in reading.digits:
        unread[picture.from_original(digit.box).rows_and_columns()] = 0
    return float(unread.sum()) <= UNREAD * float(page.ink.sum())


def _to_maps(view: PageView) -> PageMaps:
    """Return a segmentation as the layout takes it."""
    seen = view.segmentation
    return PageMaps(
        seen.probabilities.argmax(axis=-1).astype(np.uint8),
        seen.probabilities,
        seen.core,
        seen.tall / np.float32(STRIDE),
        view.to_picture,
    )


def _to_cell(part: Placed, line: Line, first: int) -> Cell:
    """Return a cell of a table whose rows begin at `first`."""
    row, column = part.place or (0, 0)
    marks = line.marks + tuple(Mark("other", box) for box in part.other)
    return Cell(
        first + row, column, line.text, line.confidence, part.box, marks, written=line.written
    )


def _is_doubtful(numbers: Sequence[Line]) -> bool:
    """Say whether a page reads so badly that it may not stand upright."""
    n_digits = sum(len(line.digits) for line in numbers)
    return n_digits >= ENOUGH_DIGITS / 2 and _sureness(numbers) < CLEAR


def _is_clearer(turned: Sequence[Line], upright: Sequence[Line]) -> bool:
    """Say whether a page reads well when it is turned, and by how much better, all its digits."""
    n_digits = sum(len(line.digits) for line in turned)
    enough = max(ENOUGH_DIGITS, sum(len(line.digits) for line in upright))
    if n_digits < enough or _sureness(turned) < CLEAR:
        return False
    return bool(n_digits * np.log(_sureness(turned) / max(SMALLEST, _sureness(upright))) > EVIDENCE)


def _sureness(numbers: Sequence[Line]) -> float:
    """Return how sure the usual digit of a page is, as a geometric mean."""
    confidence = [digit.confidence for line in numbers for digit in line.digits]
    wholes = [line.confidence for line in numbers if line.digits]
    if not confidence:
        return 0.0
    return float(np.exp(np.log(np.maximum(wholes, SMALLEST)).sum() / len(confidence)))


def _fills(page: Page, glyph: Glyph) -> bool:
    """Say whether a digit was cut to its box, perhaps stretched: lines of writing hold no such."""
    height, width = page.ink.shape
    return bool(glyph.box.width >= width and glyph.box.height >= height)


def _inked(glyph: Glyph | None) -> Glyph | None:
    return glyph if glyph is not None and glyph.ink.any() else None


def _rows(cells: Iterable[Cell], numbers: Sequence[Line]) -> Iterator[Line]:
    """Return one line for each row of a table: boxes of one digit each are one number."""
    placed = list(zip(cells, numbers, strict=True))
    one_each = all(len(cell.text) <= 1 for cell, _ in placed)
    for row in sorted({cell.row for cell, _ in placed}):
        mine = sorted((pair for pair in placed if pair[0].row == row), key=lambda p: p[0].column)
        yield Line(
            ("" if one_each else "\t").join(cell.text for cell, _ in mine),
            float(np.prod([cell.confidence for cell, _ in mine])),
            Box.around(cell.box for cell, _ in mine),
            tuple(digit for _, line in mine for digit in line.digits),
            tuple(mark for _, line in mine for mark in line.marks),
        )


def _alike(numbers: list[Line]) -> list[Line]:
    """Refuse all characters where half of them are refused: this is no page of numbers."""
    digits = [digit for line in numbers for digit in line.digits]
    refused = sum(digit.value is None for digit in digits)
    if not 0 < refused < len(digits) or refused < TEXTURE * len(digits):
        return numbers
    return [
        replace(
            line,
            text="?" * len(line.digits),
            written="?" * len(line.digits),
            confidence=0.0,
            digits=tuple(replace(digit, value=None) for digit in line.digits),
        )
        if line.digits
        else line
        for line in numbers
    ]


def _beside(page: Page, picture: Picture, cells: Sequence[Cell]) -> tuple[str, ...]:
    """Say that only a table was read, where there is more on its page."""
    table = Box.around(cell.box for cell in cells)
    inside = float(page.ink[picture.from_original(table).rows_and_columns()].sum())
    return (ONLY_TABLE,) if float(page.ink.sum()) - inside > BESIDE * inside else ()


def _text(digits: Iterable[Digit]) -> str:
    return "".join(digit.text for digit in digits)


def _status(page: Page, written: Sequence[Line], confidence: float, hint: Hint) -> Status:
    if not any(digit.value is not None for line in written for digit in line.digits):
        return "refused" if page.ink.any() else "blank"
    return "read" if confidence >= hint.accept else "doubtful"


def _identity(picture: Picture, models: str, hint: Hint) -> str:
    """Return the SHA-256 that the same picture, models and hint always give."""
    told = json.dumps([picture.sha256, models, asdict(hint)], sort_keys=True)
    return hashlib.sha256(told.encode()).hexdigest()


def read_source(
    reader: Reader, source: Source, hint: Hint, content: bytes | None = None
) -> Iterator[Reading]:
    """Read each page of one picture; what goes wrong becomes a reading that says so.

    Parameters
    ----------
    content : the picture, where it was loaded already
    """
    model = reader.classifier.name
    if source.box is not None:
        hint = replace(hint, boxes=(source.box,))
    try:
        with Document.open(load_source(source) if content is None else content) as document:
            for page in document.numbers:
                try:
                    reading = reader.read(document.page(page).picture, hint)
                except DigitsError as error:
                    reading = failed_reading(str(error), model)
                yield replace(reading, file=source.name, page=page)
    except DigitsError as error:
        yield replace(failed_reading(str(error), model), file=source.name)


def failed_reading(sentence: str, model: ModelName) -> Reading:
    """Return what stands for a picture that could not be read."""
    return Reading("", (0, 0), "failed", model, "", 0.0, error=sentence)
