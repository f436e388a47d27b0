"""The chain from a picture to a reading, and the loop over the pages of a file."""

import hashlib
import json
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import asdict, dataclass, replace
from functools import lru_cache
from pathlib import Path
from typing import TypeVar

import numpy as np

from digits.errors import CrowdedError, DigitsError, HintError
from digits.image.page_segmentation import find_numbers, is_single, open_page
from digits.inference.segmenter import Segmenter
from digits.io.document import Document, load_picture
from digits.io.sources import Source, load_source
from digits.reading.composition import PageReading, compose_reading
from digits.reading.number_reader import NumberReader
from digits.reading.sheets import find_sheet
from digits.reading.singles import compare_singles, read_singles
from digits.reading.steps import Steps, run_together
from digits.types import ANY, Box, Hint, ModelName, Page, Paper, Picture, Reading

AT_ONCE = 64  # pictures that are read together, at most
PIXELS_AT_ONCE = 6_000_000  # px of these; each takes some 30 bytes while it is read

K = TypeVar("K")


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
        return self.run(self._read(picture, hint))

    def read_together(self, jobs: Sequence[tuple[Picture, Hint]]) -> list[Reading | Exception]:
        """Read several pictures at once, in fewer calls of the networks.

        Returns
        -------
        list of Reading or Exception
            What `read` returns or raises for each, in order.
        """
        steps = [self._read(picture, hint) for picture, hint in jobs]
        return run_together(steps, self.answer)

    def _read(self, picture: Picture, hint: Hint) -> Steps[Reading]:
        _check_places(hint, picture)
        paper = find_sheet(picture, hint, self.segmenter)
        page, _ = open_page(picture, paper)
        read = self._read_single if is_single(hint) else self._read_page
        try:
            found = yield from read(page, picture, replace(hint, paper=paper))
        except CrowdedError as error:
            reading = _refused(picture, error, self.classifier.name)
        else:
            reading = compose_reading(
                found, picture, page=page, hint=hint, model=self.classifier.name
            )
        return replace(reading, id=_identity(picture, self.versions, hint), paper=paper)

    def read_geometry(self, page: Page, hint: Hint) -> PageReading:
        """Read a page by its geometry alone, turned where it stands upright only then."""
        from digits.reading.page_reading import read_geometry

        return self.run(read_geometry(self, page, hint))

    def read_maps(self, picture: Picture, paper: Paper | None = None) -> PageReading | None:
        """Read a picture by the page network's maps; None where they show no number at all."""
        from digits.reading.map_reading import read_maps

        found = None if self.segmenter is None else read_maps(self, self.segmenter, picture, paper)
        return None if found is None else self.run(found)

    def _read_page(self, page: Page, picture: Picture, hint: Hint) -> Steps[PageReading]:
        # Not above: one digit by itself seldom needs it.
        from digits.reading.page_reading import read_page

        return (yield from read_page(self, self.segmenter, page, picture, hint))

    def _read_single(self, page: Page, picture: Picture, hint: Hint) -> Steps[PageReading]:
        """Read one digit in each region; without the hint too, unless each digit is certain."""
        found, is_certain = yield from read_singles(self, find_numbers(page, hint))
        if is_certain:
            return found
        try:
            free = yield from self._read_page(
                page, picture, replace(hint, single=False, length=None)
            )
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
    from digits.image.paper import OUTSIDE  # not above: what finds pages takes time to load

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
    is_plain = not hint.boxes and hint.paper is None
    known = _plain_as_json(hint) if is_plain else _as_json(hint)
    key = f'["{picture.sha256}", "{models}", {known}]'
    return hashlib.sha256(key.encode()).hexdigest()


def _as_json(hint: Hint) -> str:
    return json.dumps(asdict(hint), sort_keys=True)


@lru_cache(maxsize=64)
def _plain_as_json(hint: Hint) -> str:
    """Return a hint without boxes and corners, which may be lists, as JSON."""
    return _as_json(hint)


def read_source(
    reader: Reader, source: Source, hint: Hint, content: bytes | None = None
) -> Iterator[Reading]:
    """Read each page of one file; an error becomes a failed reading.

    Parameters
    ----------
    content : of the file, if it is loaded already
    """
    for page, picture, known in _source_pages(source, hint, content):
        try:
            if isinstance(picture, DigitsError):
                raise picture
            reading = reader.read(picture, known)
        except DigitsError as error:
            reading = failed_reading(str(error), reader.classifier.name)
        yield replace(reading, file=source.name, page=page)


def read_in_groups(
    reader: Reader, jobs: Iterable[tuple[K, Picture | DigitsError, Hint]]
) -> Iterator[tuple[K, Reading]]:
    """Read many pictures, some at a time, each as `Reader.read` would.

    At most `AT_ONCE` pictures, or somewhat more than `PIXELS_AT_ONCE`, are in memory at a time.

    Parameters
    ----------
    jobs : key, picture, and what is known about it; an error instead of a picture becomes a
        failed reading, as does a hint that contradicts its picture

    Returns
    -------
    iterator of key and reading
        In the order of the jobs.
    """
    for group in _groups(jobs):
        readable = {
            i: (picture, hint)
            for i, (_, picture, hint) in enumerate(group)
            if isinstance(picture, Picture)
        }
        readings = reader.read_together(list(readable.values()))
        found_at = dict(zip(readable, readings, strict=True))
        for i, (key, picture, _) in enumerate(group):
            found = picture if isinstance(picture, DigitsError) else found_at[i]
            if isinstance(found, DigitsError):
                found = failed_reading(str(found), reader.classifier.name)
            elif isinstance(found, Exception):
                raise found
            yield key, found


def _groups(
    jobs: Iterable[tuple[K, Picture | DigitsError, Hint]],
) -> Iterator[list[tuple[K, Picture | DigitsError, Hint]]]:
    """Yield jobs that are read together."""
    group: list[tuple[K, Picture | DigitsError, Hint]] = []
    n_pixels = 0
    for job in jobs:
        group.append(job)
        n_pixels += job[1].grey.size if isinstance(job[1], Picture) else 0
        if len(group) >= AT_ONCE or n_pixels >= PIXELS_AT_ONCE:
            yield group
            group, n_pixels = [], 0
    if group:
        yield group


def read_each(
    reader: Reader, sources: Iterable[bytes | str | Path], hint: Hint
) -> Iterator[Reading]:
    """Read one page of each file, some at a time; an error becomes a failed reading."""
    jobs = ((None, _load(source), hint) for source in sources)
    return (reading for _, reading in read_in_groups(reader, jobs))


def _load(source: bytes | str | Path) -> Picture | DigitsError:
    try:
        return load_picture(source)
    except DigitsError as error:
        return error


def read_sources(
    reader: Reader, sources: Iterable[Source], hint: Hint
) -> Iterator[tuple[int, Reading]]:
    """Read each page of many files, some at a time; an error becomes a failed reading.

    Returns
    -------
    iterator of number and reading
        The number of the source, from 0. A PDF has a reading for each page.
    """
    for (number, source, page), reading in read_in_groups(reader, _pages(sources, hint)):
        yield number, replace(reading, file=source.name, page=page)


def _pages(
    sources: Iterable[Source], hint: Hint
) -> Iterator[tuple[tuple[int, Source, int | None], Picture | DigitsError, Hint]]:
    for number, source in enumerate(sources):
        for page, picture, known in _source_pages(source, hint):
            yield (number, source, page), picture, known


def _source_pages(
    source: Source, hint: Hint, content: bytes | None = None
) -> Iterator[tuple[int | None, Picture | DigitsError, Hint]]:
    """Yield each page of a file, decoded on demand; an error instead where there is none."""
    known = hint if source.box is None else replace(hint, boxes=(source.box,))
    try:
        with Document.open(load_source(source) if content is None else content) as document:
            for page, picture in decode_pages(document):
                yield page, picture, known
    except DigitsError as error:
        yield None, error, known


def decode_pages(document: Document) -> Iterator[tuple[int | None, Picture | DigitsError]]:
    """Yield number and picture of each page, or why it cannot be decoded."""
    for page in document.numbers:
        try:
            yield page, document.page(page).picture
        except DigitsError as error:
            yield page, error


def failed_reading(sentence: str, model: ModelName) -> Reading:
    """Return the reading of a picture that cannot be read."""
    return Reading("", (0, 0), "failed", model, "", 0.0, error=sentence)
