"""The chain from a picture to a reading, and the loop over the pages of a file."""

import hashlib
import json
from collections.abc import Iterator
from dataclasses import asdict, dataclass, replace

import numpy as np

from digits.errors import CrowdedError, DigitsError, HintError
from digits.image.page_segmentation import find_numbers, is_single, open_page, paper_of
from digits.image.paper import OUTSIDE
from digits.image.rectify import turn
from digits.inference.segmenter import Segmenter
from digits.io.document import Document
from digits.io.sources import Source, load_source
from digits.reading.borders import doubt_across_borders
from digits.reading.clean_lines import are_boxes_clean, is_clean
from digits.reading.composition import PageReading, compose_reading
from digits.reading.known_length import keep_length
from digits.reading.map_reading import read_maps
from digits.reading.number_reader import NumberReader
from digits.reading.orientation import is_clearer, likeliest_quarters, may_be_turned
from digits.reading.second_opinion import is_likely, settle, settle_boxes
from digits.reading.singles import compare_singles, read_singles
from digits.types import ANY, Box, Hint, ModelName, Page, Paper, Picture, Reading

TURNED = "The page does not stand upright: it was turned to be read."


@dataclass(frozen=True)
class Reader(NumberReader):
    """Reads pictures with the networks. Immutable, so that threads may share it."""

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
            reading = _refused(picture, error, self.classifier.name)
        else:
            reading = compose_reading(
                found, picture, page=page, hint=hint, model=self.classifier.name
            )
        return replace(reading, id=_identity(picture, self.versions, hint), paper=paper)

    def _read_page(self, page: Page, sheet: Picture, hint: Hint) -> PageReading:
        """Read a page first without the known number of digits, then keep to it.

        A clean line is read by geometry alone. Every other page, and every box that holds more
        than a clean line, is read twice, by geometry and by the page network's maps.
        """
        try:
            found = self.read_geometry(page, hint)
        except CrowdedError:
            maps = None if hint.boxes else self.read_maps(page, sheet)
            if maps is None or not is_likely(maps):
                raise
            found = maps
        else:
            if not (are_boxes_clean(found, hint) if hint.boxes else is_clean(found, page, hint)):
                maps = self.read_maps(page, sheet)
                found = settle_boxes(found, maps, hint.boxes) if hint.boxes else settle(found, maps)
        found = doubt_across_borders(found)
        return found if hint.length is None else keep_length(self, page, found, hint)

    def read_geometry(self, page: Page, hint: Hint) -> PageReading:
        """Read a page by its geometry, turned where it stands upright only then."""
        found = self._read_layout(page, hint)
        if hint.boxes or not may_be_turned(found.lines):
            return found
        quarters = likeliest_quarters(self.classifier, page.ink)
        if not quarters:
            return found
        other = replace(self._read_layout(turn(page, -quarters), hint), notes=(TURNED,))
        return other if is_clearer(other.lines, found.lines) else found

    def _read_layout(self, page: Page, hint: Hint) -> PageReading:
        layout = find_numbers(page, hint)
        return PageReading(layout, self.read_numbers(layout.numbers))

    def read_maps(self, page: Page, sheet: Picture) -> PageReading | None:
        """Read a page by the page network's maps; None where they show no number at all."""
        return None if self.segmenter is None else read_maps(self, self.segmenter, page, sheet)

    def _read_single(self, page: Page, sheet: Picture, hint: Hint) -> PageReading:
        """Read one digit in each region; without the hint too, unless each digit is certain."""
        found, is_certain = read_singles(self, find_numbers(page, hint))
        if is_certain:
            return found
        try:
            free = self._read_page(page, sheet, replace(hint, single=False, length=None))
        except CrowdedError:
            return found
        return compare_singles(found, free, has_boxes=bool(hint.boxes))

    @property
    def versions(self) -> str:
        """The SHA-256 of all networks."""
        page = "" if self.segmenter is None else self.segmenter.name.sha256
        return self.classifier.name.sha256 + self.line_recognizer.name.sha256 + page


def _check_places(hint: Hint, picture: Picture) -> None:
    """Raise HintError unless the hint's page and boxes lie on the picture."""
    size = f"{picture.width}x{picture.height} pixels"
    if hint.paper is not None and not _is_on(hint.paper, picture):
        raise HintError(f"the corners of the page do not lie on the picture of {size}")
    for box in hint.boxes:
        if not _is_inside(box, picture):
            raise HintError(
                f"the box {box.x},{box.y},{box.width},{box.height} does not lie inside the "
                f"picture of {size}"
            )


def _is_on(paper: Paper, picture: Picture) -> bool:
    """Return whether all corners lie on a picture, or little outside."""
    corners = np.array(paper.corners)
    slack = OUTSIDE * max(picture.width, picture.height)
    most = picture.width + slack, picture.height + slack
    return bool((corners >= -slack).all() and (corners <= most).all())


def _is_inside(box: Box, picture: Picture) -> bool:
    is_box = box.x >= 0 and box.y >= 0 and box.width > 0 and box.height > 0
    return is_box and box.right <= picture.width and box.bottom <= picture.height


def _refused(picture: Picture, reason: DigitsError, model: ModelName) -> Reading:
    """Return the reading of a picture that cannot be handwriting; that is not "blank"."""
    sentence = str(reason)
    return Reading(
        id="",
        size=(picture.width, picture.height),
        status="refused",
        model=model,
        text="",
        confidence=0.0,
        notes=(f"{sentence[:1].upper()}{sentence[1:]}.",),
    )


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
