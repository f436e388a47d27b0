"""The chain from a picture to a reading: one line for each stage, and nobody else composes them."""

import hashlib
import json
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass, replace
from itertools import islice

import numpy as np

from digits.composition import PageReading, ReadNumber, compose_reading, find_unread, has_digit
from digits.errors import CrowdedError, DigitsError, HintError
from digits.image.digit_segmentation import Glyph, cut_symbols, mark_kind
from digits.image.map_layout import find_left_out, find_struck_out, lay_out
from digits.image.mnist_normalize import to_frame
from digits.image.number_regions import find_number_regions
from digits.image.page_maps import PageMaps
from digits.image.page_segmentation import (
    Layout,
    TextRegion,
    find_numbers,
    is_single,
    open_page,
    paper_of,
)
from digits.image.paper import OUTSIDE
from digits.image.rectify import MARGIN, SIDE_MARGIN, box_region, straighten, to_strip, turn
from digits.image.separators import PlacedMark, leaves_doubt, may_be_slash, to_written
from digits.image.single_digit import TALL, SingleDigit, find_single
from digits.inference.classifier import Answers, Classifier
from digits.inference.ctc import log_softmax
from digits.inference.line_recognizer import CtcDecoding, LineRecognizer
from digits.inference.segmenter import STRIDE, PageView, Segmenter, segment_page
from digits.io.document import Document
from digits.io.sources import Source, load_source
from digits.orientation import likeliest_quarters
from digits.second_opinion import expected_digits, settle, settle_boxes
from digits.types import (
    ANY,
    CLASSES,
    FRAME,
    REJECTED,
    STRIP,
    Box,
    Digit,
    Frames,
    Hint,
    Line,
    Mark,
    ModelName,
    Page,
    Picture,
    Reading,
)

SMALLEST = 1e-12  # probability; the logarithm of 0 is not a number
ALONE = 0.999  # probability from which the digit network is not asked to share its opinion
NARROW = 1.6  # times as wide as high: a line that may hold one digit alone
REJECTED_BY_BOTH = (
    0.5  # probability that there is no digit, of either network, from which both deny it
)
CONFIDENT_CLASS = 0.6  # probability of a digit, from which the line network decides rejection
TEXTURE = 0.5  # share of a page's characters that are rejected, from which all of them are
CLEAR = 0.95  # geometric mean of a page's confidence, a digit, above which it stands upright
ENOUGH_DIGITS = 6  # on a page that is to be turned: 8061 might as well be 1908
ALIKE_MANY = 0.9  # of the digits that are read upright must be read on the turned page too
EVIDENCE = 1.0  # by which the logarithm of all digits' confidence rises when a page is turned
UNREAD_INK = 0.3  # of a page's ink outside the digits that were read; more may be a table or print
CROWDED_SHARE = 0.5  # of the digits on a page full of marks that must be likely to be right
MOST_NUMBERS = 1000  # on one page
TURNED = "The page does not stand upright: it was turned to be read."


@dataclass(frozen=True, slots=True)
class LineHypothesis:
    """A number's digits, each by itself, before they are named."""

    glyphs: tuple[Glyph | None, ...]  # None where there is no ink to see
    scores: np.ndarray  # (n, 10), the line network's log-probabilities; zeros where it did not look
    length_probability: float  # probability that so many digits are there
    marks: tuple[PlacedMark, ...] = ()  # px of the line
    tall: tuple[Box, ...] = ()  # px of the line: marks that are as tall as a digit
    written: str | None = None  # with its separators, if the line network reads them
    separators: tuple[PlacedMark, ...] = ()  # px of the line: the ink of these

    def __len__(self) -> int:
        """Return the number of digits."""
        return len(self.glyphs)


@dataclass(frozen=True, slots=True)
class ScoredFrame:
    """One of the frames that the digit network was shown, and its answer."""

    frames: Frames
    answers: Answers
    index: int

    def digit(self, box: Box, probabilities: np.ndarray, limit: float | None) -> Digit:
        """Return the character with its value, or with none where it is rejected.

        The line network may move the `limit` of what is rejected. A digit that was cut from its
        neighbours looks like none, but that network saw them together; and where it sees no digit
        either, half a doubt is enough.
        """
        value, doubt = int(probabilities.argmax()), self.answers.not_a_digit
        rejected = bool(self.answers.rejected[self.index])
        if limit is not None and doubt is not None:
            rejected = bool(doubt[self.index] > limit)
        return Digit(
            value=None if rejected else value,
            confidence=float(probabilities[value]),
            box=box,
            probabilities=tuple(float(probabilities[digit]) for digit in range(CLASSES)),
            not_a_digit=None if doubt is None else float(doubt[self.index]),
            frame=self.frames[self.index],
        )


@dataclass(frozen=True, slots=True)
class Piece:
    """A known piece of a page that is to be read."""

    region: TextRegion
    length: int | None = None  # digits of the number, if known
    glyph: Glyph | None = None  # px of the piece: the ink of its one digit; None: a number


@dataclass(frozen=True)
class Reader:
    """Reads pictures with two networks. Immutable, so that threads may share it."""

    classifier: Classifier
    line_recognizer: LineRecognizer
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
        _check_places(hint, picture)
        paper = paper_of(picture, hint)
        page, sheet = open_page(picture, paper)
        read = self._read_single if is_single(hint) else self._read_page
        try:
            found = read(page, sheet, hint)
        except CrowdedError as error:
            return replace(self._reject_picture(picture, hint, error), paper=paper)
        reading = compose_reading(found, picture, page=page, hint=hint, model=self.classifier.name)
        return replace(reading, id=_identity(picture, self.versions, hint), paper=paper)

    def _read_page(self, page: Page, sheet: Picture, hint: Hint) -> PageReading:
        """Read a page first without the promised number of digits, then keep to it.

        A clean line is read by geometry alone. Every other page, and every box that holds more
        than a clean line, is read twice, by geometry and by the page network's maps.
        """
        try:
            found = self._read_upright(page, hint)
        except CrowdedError:
            maps = None if hint.boxes else self._read_maps(page, sheet)
            if maps is None or not _is_likely(maps):
                raise
            found = maps
        else:
            if hint.boxes:
                found = self._settle_boxes(found, page, sheet, hint)
            elif not _is_clean(found, page, hint):
                found = settle(found, self._read_maps(page, sheet))
        return found if hint.length is None else self._keep_length(page, found, hint)

    def _read_upright(self, page: Page, hint: Hint) -> PageReading:
        """Read a page by its geometry, turned where it stands upright only then."""
        layout = find_numbers(page, hint)
        found = PageReading(layout, self._read_numbers(layout.numbers))
        if hint.boxes or not _is_doubtful(found.lines):
            return found
        quarters = likeliest_quarters(self.classifier, page.ink)
        if not quarters:
            return found
        layout = find_numbers(turn(page, -quarters), hint)
        other = PageReading(layout, self._read_numbers(layout.numbers), (TURNED,))
        return other if _is_clearer(other.lines, found.lines) else found

    def _read_maps(self, page: Page, sheet: Picture) -> PageReading | None:
        """Read a page by the page network's maps; None where they show no number at all."""
        if self.segmenter is None:
            return None
        regions = find_number_regions(_to_maps(segment_page(self.segmenter, sheet.colours)))
        if len(regions.numbers) > MOST_NUMBERS:  # a pattern, not a page
            return None
        placed = lay_out(page, regions, sheet.grey)
        numbers = tuple(
            TextRegion(part.page, part.box, part.place, part.table or 0, part.other)
            for part in placed
        )
        read = self._read_numbers(numbers)
        layout = Layout(numbers, find_left_out(page, regions), find_struck_out(page, regions))
        found = PageReading(layout, tuple(map(_without_rejected, numbers, read)))
        is_something = layout.struck_out or has_digit(found.lines)
        return found if is_something else None

    def _settle_boxes(
        self, found: PageReading, page: Page, sheet: Picture, hint: Hint
    ) -> PageReading:
        """Compare what geometry read in each box with what the maps show there."""
        pairs = list(zip(found.layout.numbers, found.numbers, strict=True))
        if all(_is_clean_box(part, number.line, hint) for part, number in pairs):
            return found
        maps = self._read_maps(page, sheet)
        return found if maps is None else settle_boxes(found, maps, hint.boxes)

    def _keep_length(self, page: Page, found: PageReading, hint: Hint) -> PageReading:
        """Keep what has the promised number of digits, or read a line again with that many.

        What agrees with the promise stays as it was read without it: a true hint does no harm.
        """
        length = hint.length or 0
        if hint.boxes:
            return self._restrict(found, length)
        if found.layout.is_table:
            if _n_digits(found.lines) == length:
                return found
            layout = find_numbers(page, hint, tables=False)
            lines = PageReading(layout, self._read_numbers(layout.numbers))
            note = _length_note(length, _n_digits(found.lines))
            fits = any(_has_length(line, length) for line in lines.lines)
            found = _contradict(lines if fits else found, note)
            if not fits:
                return found
        ink = [float(part.page.ink.sum()) if part.page else 0.0 for part in found.layout.numbers]
        order = sorted(
            range(len(ink)), key=lambda i: (not _has_length(found.lines[i], length), -ink[i])
        )
        if not order:
            return found
        n_digits = _n_digits(found.lines)
        if n_digits > length and _has_length(found.lines[order[0]], length):
            found = _contradict(found, _length_note(length, n_digits))  # other lines have some too
        return self._restrict(_take(found, order[0]), length)

    def _restrict(self, found: PageReading, length: int) -> PageReading:
        """Read again, with the promised number of digits, what was read with another number.

        That is never sure: the line network holds another number of digits for likelier.
        """
        numbers, notes = list(found.numbers), []
        for i, (part, number) in enumerate(zip(found.layout.numbers, found.numbers, strict=True)):
            if part.page is None or _has_length(number.line, length):
                continue
            numbers[i] = self._reread(part, number, length)
            notes.append(_length_note(length, len(number.line.digits)))
        found = replace(found, numbers=_reject_if_mostly_rejected(numbers))
        return _contradict(found, *dict.fromkeys(notes)) if notes else found

    def _reread(self, part: TextRegion, number: ReadNumber, length: int) -> ReadNumber:
        """Read a number again with a promised number of digits; that is never sure."""
        if part.page is None:
            return number
        decoding = self.line_recognizer.decode([to_strip(part.page)], length)[0]
        (again,) = self._classify(
            [part], [replace(_segment(part.page, decoding), length_probability=1.0)]
        )
        confidence = again.line.confidence * decoding.length_probability
        return replace(again, line=replace(again.line, confidence=confidence))

    def _read_single(self, page: Page, sheet: Picture, hint: Hint) -> PageReading:
        """Read one digit in each piece, and look at those without the hint that are not sure."""
        layout = find_numbers(page, hint)
        singles = [
            find_single(part.page.ink) if part.page is not None else SingleDigit(None)
            for part in layout.numbers
        ]
        hypotheses = [_as_hypothesis(single) for single in singles]
        found = PageReading(layout, tuple(self._classify(layout.numbers, hypotheses)))
        left_out = tuple(
            part.page.box_in_original(box)
            for part, single in zip(layout.numbers, singles, strict=True)
            if part.page is not None
            for box in single.left_out
        )
        found = replace(found, layout=replace(layout, left_out=left_out))
        unsure = [
            bool(single.joined or single.beside) or all(map(_is_unsure, number.line.digits))
            for part, number, single in zip(layout.numbers, found.numbers, singles, strict=True)
            if part.page is not None and part.page.ink.any()
        ]
        return self._compare(page, sheet, found, hint) if any(unsure) or left_out else found

    def _compare(self, page: Page, sheet: Picture, found: PageReading, hint: Hint) -> PageReading:
        """Compare digits that were promised to be single with what is read without the promise."""
        try:
            free = self._read_page(page, sheet, replace(hint, single=False, length=None))
        except CrowdedError:
            return found
        numbers, notes, others = [], [], []
        for i, (part, number) in enumerate(zip(found.layout.numbers, found.numbers, strict=True)):
            without = [free.numbers[i]] if hint.boxes else free.numbers
            chosen, note = _agreed(part, number, without)
            numbers.append(chosen)
            if note:
                notes.append(note)
                own = [digit.box for digit in chosen.line.digits]
                seen = [digit.box for other in without for digit in other.line.digits]
                others += [box for box in seen if not any(map(box.overlaps, own))]
        left_out = [box for box in found.layout.left_out if not any(map(box.overlaps, others))]
        layout = replace(found.layout, left_out=(*others, *left_out))
        found = replace(found, layout=layout, numbers=tuple(numbers))
        return _contradict(found, *dict.fromkeys(notes)) if notes else found

    def read_pieces(self, pieces: Sequence[Piece]) -> list[ReadNumber]:
        """Read known pieces of a page in one batch; each by itself, whatever the others hold.

        Parameters
        ----------
        pieces : of one number each, or of one digit whose ink is known
        """
        lines = iter(self.find_hypotheses([p.region for p in pieces if p.glyph is None]))
        hypotheses = [
            next(lines)
            if piece.glyph is None
            else LineHypothesis((piece.glyph,), np.zeros((1, CLASSES)), 1.0)
            for piece in pieces
        ]
        numbers = self._classify([piece.region for piece in pieces], hypotheses)
        return [
            self._reread(piece.region, number, piece.length)
            if piece.length is not None
            and number.line.digits
            and not _has_length(number.line, piece.length)
            else number
            for piece, number in zip(pieces, numbers, strict=True)
        ]

    def read_lines(self, found: Sequence[TextRegion]) -> list[Line]:
        """Read pieces of a page that hold one number each; the empty ones give an empty line."""
        return [number.line for number in self._read_numbers(found)]

    def _read_numbers(self, found: Sequence[TextRegion]) -> tuple[ReadNumber, ...]:
        return _reject_if_mostly_rejected(self._classify(found, self.find_hypotheses(found)))

    def find_hypotheses(self, found: Sequence[TextRegion]) -> list[LineHypothesis]:
        """Say of each number how many digits it has and where they stand."""
        pages = [part.page for part in found if part.page is not None]
        decodings = self.line_recognizer.decode([to_strip(page) for page in pages])
        hypotheses = iter(
            [
                _extend_while_plausible(page, decoding)
                for page, decoding in zip(pages, decodings, strict=True)
            ]
        )
        nothing = LineHypothesis((), np.zeros((0, CLASSES)), 1.0)
        return [next(hypotheses) if part.page is not None else nothing for part in found]

    def _classify(
        self, found: Sequence[TextRegion], hypotheses: Sequence[LineHypothesis]
    ) -> list[ReadNumber]:
        """Say of each number which digits it has: both networks' scores are added."""
        frames = to_frames([glyph for number in hypotheses for glyph in number.glyphs])
        answers = self.classifier.classify(frames)
        named = self._share_opinions(found, hypotheses, np.asarray(answers.probabilities))
        which = iter(range(len(frames)))
        return [
            self._line(
                part,
                number,
                [(ScoredFrame(frames, answers, i), named[i]) for i in islice(which, len(number))],
            )
            for part, number in zip(found, hypotheses, strict=True)
        ]

    def _share_opinions(
        self,
        found: Sequence[TextRegion],
        hypotheses: Sequence[LineHypothesis],
        named: np.ndarray,
    ) -> np.ndarray:
        """Return the probability of each digit by both networks: (n, 10) -> (n, 10).

        The digit network's log-probabilities count `weight` times as much as the line network's.
        Digits that stand alone and are not clear are shown to the line network too, all at once.
        """
        named = np.log(np.maximum(named, SMALLEST))
        scores = np.zeros_like(named)
        weight = np.ones((len(named), 1))
        alone, strips, i = [], [], 0
        for part, number in zip(found, hypotheses, strict=True):
            for glyph, seen in zip(number.glyphs, number.scores, strict=True):
                if seen.any():
                    scores[i], weight[i] = seen, self.line_recognizer.weight if glyph else 0.0
                elif part.page and glyph and _needs_opinion(part.page, glyph, named[i]):
                    alone.append(i)
                    region = box_region(glyph.box)
                    strips.append(to_strip(straighten(part.page, region, MARGIN, SIDE_MARGIN)))
                i += 1
        for i, decoding in zip(alone, self.line_recognizer.decode(strips, 1), strict=True):
            scores[i] = decoding.scores[0]
        return np.asarray(np.exp(log_softmax(scores + weight * named)))

    def _line(
        self,
        part: TextRegion,
        number: LineHypothesis,
        seen: list[tuple[ScoredFrame, np.ndarray]],
    ) -> ReadNumber:
        """Return a number with its confidence, its separators and its marks."""
        page = part.page
        if page is None:
            return ReadNumber(Line("", 1.0, part.box, ()))
        placed = sorted((*number.marks, *number.separators), key=lambda mark: mark[1].x)
        marks = tuple(Mark(kind, page.box_in_original(box)) for kind, box in placed)
        if not seen:
            written = to_written([], number.marks)
            return ReadNumber(Line("", 0.0, part.box, (), marks, written))
        digits = []
        # Digits that touch look like none one by one, but not all of a number.
        is_rejected = all(frame.answers.rejected[frame.index] for frame, _ in seen)
        is_rejected |= len(seen) == 1
        for glyph, (frame, named), scores in zip(number.glyphs, seen, number.scores, strict=True):
            limit = None
            if not is_rejected and float(np.exp(log_softmax(scores)).max()) > CONFIDENT_CLASS:
                limit = 1.0
            elif number.length_probability < REJECTED_BY_BOTH:
                limit = REJECTED_BY_BOTH
            box = page.box_in_original(glyph.box) if glyph else part.box
            digits.append(frame.digit(box, named, limit))
        text = "".join(digit.text for digit in digits)
        written, is_marked = _separators(page, number, digits)
        return ReadNumber(
            Line(
                text,
                self._confidence(number, digits),
                Box.around(digit.box for digit in digits),
                tuple(digits),
                marks,
                written,
            ),
            is_marked,
            tuple(page.box_in_original(tall) for tall in number.tall),
        )

    def _confidence(self, number: LineHypothesis, digits: Sequence[Digit]) -> float:
        """Return the probability that a whole number is right."""
        if any(digit.value is None for digit in digits):
            return 0.0  # what has a "?" in it is surely not the whole number
        probability = number.length_probability * float(
            np.prod([digit.confidence for digit in digits])
        )
        return self.line_recognizer.confidence(probability) if number.scores.any() else probability

    def _reject_picture(self, picture: Picture, hint: Hint, reason: DigitsError) -> Reading:
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
        return self.classifier.name.sha256 + self.line_recognizer.name.sha256 + page


def to_frames(glyphs: Sequence[Glyph | None]) -> Frames:
    """Return one frame for each character: float32, shape (n, 28, 28); n may be 0."""
    frames = np.zeros((len(glyphs), FRAME, FRAME), np.float32)
    for frame, glyph in zip(frames, glyphs, strict=True):
        if glyph is not None:
            frame[:] = to_frame(glyph.ink, Box(0, 0, glyph.box.width, glyph.box.height))
    return frames


def _check_places(hint: Hint, picture: Picture) -> None:
    """Raise HintError unless the hint's page and boxes lie on the picture."""
    if hint.paper is not None:
        corners = np.array(hint.paper.corners)
        slack = OUTSIDE * max(picture.width, picture.height)
        size = picture.width + slack, picture.height + slack
        if (corners < -slack).any() or (corners > size).any():
            raise HintError(
                f"the corners of the page do not lie on the picture of "
                f"{picture.width}x{picture.height} pixels"
            )
    for box in hint.boxes:
        inside = box.x >= 0 and box.y >= 0 and box.width > 0 and box.height > 0
        if not inside or box.right > picture.width or box.bottom > picture.height:
            raise HintError(
                f"the box {box.x},{box.y},{box.width},{box.height} does not lie inside the "
                f"picture of {picture.width}x{picture.height} pixels"
            )


def _as_hypothesis(single: SingleDigit) -> LineHypothesis:
    glyphs = () if single.glyph is None else (single.glyph,)
    return LineHypothesis(glyphs, np.zeros((len(glyphs), CLASSES)), 1.0)


def _as_lone_digit(page: Page, probability: float) -> LineHypothesis:
    """Take a line as one digit, and what stands beside it as marks."""
    single = find_single(page.ink)
    tall = float(single.glyph.box.height if single.glyph else page.ink.shape[0])
    marks: list[PlacedMark] = [(mark_kind(box, tall), box) for box in single.beside]
    return replace(_as_hypothesis(single), length_probability=probability, marks=tuple(marks))


def _segment(page: Page, decoding: CtcDecoding) -> LineHypothesis:
    """Find the ink of each digit that was decoded."""
    height, width = page.ink.shape
    if not decoding.digits and width <= NARROW * height:
        # The line network does not recognize a stem that fills its picture; the digit network does.
        return _as_lone_digit(page, 1 - decoding.length_probability)
    scale = page.ink.shape[0] / STRIP
    columns = [column * scale for column in decoding.columns]
    symbols = "0" * len(columns) if decoding.written is None else decoding.written
    glyphs, marks, separators = cut_symbols(page.ink, columns, symbols)
    return LineHypothesis(
        tuple(_with_ink(glyph) for glyph in glyphs),
        decoding.scores,
        decoding.length_probability,
        tuple(marks),
        _tall([box for _, box in marks], [glyph.box for glyph in glyphs if glyph]),
        decoding.written,
        tuple(separators),
    )


def _extend_while_plausible(page: Page, decoding: CtcDecoding) -> LineHypothesis:
    """Take one digit more while that explains a mark as tall as a digit.

    The line network sometimes leaves out one of two ones that stand close. A stroke or a bracket
    beside a number stays a mark: with it, a longer number is far less likely.
    """
    number = _segment(page, decoding)
    while number.tall and decoding.digits and decoding.longer:
        decoding = decoding.longer
        longer = _segment(page, decoding)
        if len(longer.tall) >= len(number.tall):
            break
        number = longer
    return number


def _tall(marks: Sequence[Box], digits: Sequence[Box]) -> tuple[Box, ...]:
    """Return the marks that are as tall as digits are."""
    if not digits:
        return ()
    tall = float(np.median([box.height for box in digits]))
    return tuple(box for box in marks if box.height >= TALL * tall)


def _places(page: Page, glyphs: Sequence[Glyph | None]) -> list[Box]:
    """Return a box for each character, in px of the line; without ink, that of the one before."""
    places: list[Box] = []
    for glyph in glyphs:
        before = places[-1] if places else Box(0, 0, 1, page.ink.shape[0])
        places.append(glyph.box if glyph else before)
    return places


def _is_cut(box: Box, size: tuple[int, int]) -> bool:
    """Return whether a box touches the edge of a picture of this width and height."""
    return box.x <= 0 or box.y <= 0 or box.right >= size[0] or box.bottom >= size[1]


def _separators(page: Page, number: LineHypothesis, digits: Sequence[Digit]) -> tuple[str, bool]:
    """Return a number with its separators, and whether another mark makes it doubtful."""
    places = _places(page, number.glyphs)
    is_marked = any(
        leaves_doubt(mark, places, is_cut=_is_cut(page.box_in_original(mark[1]), page.size))
        for mark in number.marks
    )
    texts = [digit.text for digit in digits]
    by_place = to_written(list(zip(texts, places, strict=True)), number.marks)
    if number.written is not None:
        written = _with_digits(number.written, texts)
        missed = by_place.startswith("-") and not written.startswith("-")  # one that stands apart
        return f"-{written}" if missed else written, is_marked
    is_marked |= any(d.value == 1 and may_be_slash(i, places) for i, d in enumerate(digits))
    return by_place, is_marked


def _needs_opinion(page: Page, glyph: Glyph, named: np.ndarray) -> bool:
    """Return whether a digit that stands alone is not clear and does not fill its page."""
    return bool(named.max() < np.log(ALONE)) and not _fills(page, glyph)


def _with_digits(written: str, digits: Sequence[str]) -> str:
    """Return a number with its separators and other digits: "7.5" and "8", "5" make "8.5"."""
    rest = iter(digits)
    return "".join(next(rest) if symbol.isdigit() else symbol for symbol in written)


def _has_length(line: Line, length: int) -> bool:
    return len(line.digits) == length


def _n_digits(lines: Sequence[Line]) -> int:
    return sum(len(line.digits) for line in lines)


def _length_note(promised: int, found: int) -> str:
    number = f"{found} digit is" if found == 1 else f"{found or 'no'} digits are"
    return f"Without the hint {number} read, not {promised}: check the number."


def _take(found: PageReading, index: int) -> PageReading:
    """Keep one number of a page; the others are left out."""
    numbers = found.layout.numbers
    others = tuple(part.box for i, part in enumerate(numbers) if i != index)
    layout = Layout((numbers[index],), found.layout.left_out + others)
    return replace(found, layout=layout, numbers=(found.numbers[index],))


def _contradict(found: PageReading, *notes: str) -> PageReading:
    return replace(found, notes=found.notes + notes, is_contradicted=True)


def _is_unsure(digit: Digit) -> bool:
    return digit.value is None or digit.confidence < ALONE


def _agreed(
    part: TextRegion, single: ReadNumber, free: Sequence[ReadNumber]
) -> tuple[ReadNumber, str | None]:
    """Return a digit that was promised to be single, and a note where the picture says otherwise.

    Where without the promise another digit is read, that one stays: a true hint does no harm. But
    a digit that was cut to its box is left to the digit network, as lines of writing hold no such.
    """
    found = [number for number in free if number.line.digits]
    named = [digit for number in found for digit in number.line.digits if digit.value is not None]
    if len(named) > 1:  # that they are several is as sure as they are
        several = float(np.prod([number.line.confidence for number in found]))
        line = replace(single.line, confidence=single.line.confidence * (1 - several))
        return replace(single, line=line), _length_note(1, len(named))
    if len(named) != 1 or len(found) != 1 or len(found[0].line.digits) != 1:
        return single, None
    mine, other = next(iter(single.line.digits), None), named[0]
    if mine is None or mine.value is None:  # one digit all the same: the hint is not contradicted
        return found[0], f"The digit {other.text} was nearly rejected: check it."
    if mine.value == other.value:
        free_line = found[0].line
        has_signs = found[0].is_marked or free_line.written != free_line.text
        return (_with_marks(single, found[0]) if has_signs else single), None
    note = f"With and without the hint {mine.text} and {other.text} are read: check the digit."
    if part.page is not None and _is_cut_to_box(part.page, mine):
        return single, note
    return found[0], note


def _with_marks(single: ReadNumber, free: ReadNumber) -> ReadNumber:
    """Return a digit with the marks that were read beside it without the hint."""
    line = replace(single.line, marks=free.line.marks, written=free.line.written)
    return replace(single, line=line, is_marked=True)


def _is_cut_to_box(page: Page, digit: Digit) -> bool:
    """Return whether a digit takes up all of its page."""
    height, width = page.ink.shape
    whole = page.box_in_original(Box(0, 0, width, height))
    return digit.box.width >= whole.width and digit.box.height >= whole.height


def _without_rejected(part: TextRegion, number: ReadNumber) -> ReadNumber:
    """Return an empty line for one outside tables of which every character was rejected."""
    if part.place is not None or has_digit((number.line,)):
        return number
    return ReadNumber(Line("", 0.0, part.box, (), number.line.marks))


def _to_maps(view: PageView) -> PageMaps:
    """Return a segmentation as the layout takes it."""
    seen = view.segmentation
    return PageMaps(
        view.classes,
        seen.probabilities,
        seen.core,
        seen.tall / np.float32(STRIDE),
        view.to_picture,
    )


def _is_likely(found: PageReading) -> bool:
    """Return whether most of a page's digits are likely to be right."""
    return expected_digits(found.lines) > CROWDED_SHARE * _n_digits(found.lines)


def _is_clean(found: PageReading, page: Page, hint: Hint) -> bool:
    """Return whether a page holds one line that was read as a whole, and nothing else."""
    read = [line for line in found.lines if line.digits]
    if not page.ink.any():
        return True
    if len(read) != 1 or found.layout.is_table or found.confidence < hint.accept:
        return False
    if find_unread(found):
        return False
    return _is_read_whole(page, read[0])


def _is_clean_box(part: TextRegion, line: Line, hint: Hint) -> bool:
    """Return whether a box holds nothing, or one line that was read as a whole."""
    if part.page is None or not part.page.ink.any():
        return True
    return line.confidence >= hint.accept and _is_read_whole(part.page, line)


def _is_read_whole(page: Page, line: Line) -> bool:
    """Return whether little of a page's ink lies outside the digits of a line."""
    unread = page.ink.copy()
    for digit in line.digits:
        unread[page.box_from_original(digit.box).rows_and_columns()] = 0
    return float(unread.sum()) <= UNREAD_INK * float(page.ink.sum())


def _is_doubtful(numbers: Sequence[Line]) -> bool:
    """Return whether a page reads so badly that it may not stand upright."""
    n_digits = _n_digits(numbers)
    return n_digits >= ENOUGH_DIGITS / 2 and _mean_confidence(numbers) < CLEAR


def _is_clearer(turned: Sequence[Line], upright: Sequence[Line]) -> bool:
    """Return whether a page reads well, and clearly better, when it is turned."""
    n_digits = _n_digits(turned)
    enough = max(ENOUGH_DIGITS, ALIKE_MANY * _n_digits(upright))
    if n_digits < enough or _mean_confidence(turned) < CLEAR:
        return False
    return bool(
        n_digits * np.log(_mean_confidence(turned) / max(SMALLEST, _mean_confidence(upright)))
        > EVIDENCE
    )


def _mean_confidence(numbers: Sequence[Line]) -> float:
    """Return the geometric mean of the confidence of a page's digits."""
    confidence = [digit.confidence for line in numbers for digit in line.digits]
    wholes = [line.confidence for line in numbers if line.digits]
    if not confidence:
        return 0.0
    return float(np.exp(np.log(np.maximum(wholes, SMALLEST)).sum() / len(confidence)))


def _fills(page: Page, glyph: Glyph) -> bool:
    """Return whether a digit was cropped to its box: lines of writing do not look like that."""
    height, width = page.ink.shape
    return bool(glyph.box.width >= width and glyph.box.height >= height)


def _with_ink(glyph: Glyph | None) -> Glyph | None:
    return glyph if glyph is not None and glyph.ink.any() else None


def _reject_if_mostly_rejected(numbers: Sequence[ReadNumber]) -> tuple[ReadNumber, ...]:
    """Reject all characters where half of them are rejected: this is not a page of numbers."""
    digits = [digit for number in numbers for digit in number.line.digits]
    rejected = sum(digit.value is None for digit in digits)
    if not 0 < rejected < len(digits) or rejected < TEXTURE * len(digits):
        return tuple(numbers)
    return tuple(_rejected(number) if number.line.digits else number for number in numbers)


def _rejected(number: ReadNumber) -> ReadNumber:
    line = number.line
    text = REJECTED * len(line.digits)
    digits = tuple(replace(digit, value=None) for digit in line.digits)
    line = replace(line, text=text, written=text, confidence=0.0, digits=digits)
    return replace(number, line=line)


def _identity(picture: Picture, models: str, hint: Hint) -> str:
    """Return the SHA-256 that the same picture, models and hint always give."""
    key = json.dumps([picture.sha256, models, asdict(hint)], sort_keys=True)
    return hashlib.sha256(key.encode()).hexdigest()


def read_source(
    reader: Reader, source: Source, hint: Hint, content: bytes | None = None
) -> Iterator[Reading]:
    """Read each page of one file; an error becomes a failed reading.

    Parameters
    ----------
    content : of the file, if it is loaded already
    """
    model = reader.classifier.name
    if source.box is not None:
        hint = replace(hint, boxes=(source.box,))
    try:
        with Document.open(load_source(source) if content is None else content) as document:
            for _, reading in read_document(reader, document, hint):
                yield replace(reading, file=source.name)
    except DigitsError as error:
        yield replace(failed_reading(str(error), model), file=source.name)


def read_document(
    reader: Reader, document: Document, hint: Hint
) -> Iterator[tuple[Picture | None, Reading]]:
    """Yield picture and reading of each page; an error becomes a failed reading of no picture."""
    for page in document.numbers:
        picture = None
        try:
            picture = document.page(page).picture
            reading = reader.read(picture, hint)
        except DigitsError as error:
            reading = failed_reading(str(error), reader.classifier.name)
        yield picture, replace(reading, page=page)


def failed_reading(sentence: str, model: ModelName) -> Reading:
    """Return the reading of a picture that cannot be read."""
    return Reading("", (0, 0), "failed", model, "", 0.0, error=sentence)
