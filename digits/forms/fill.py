"""Read what is written on one page of a form."""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from functools import lru_cache
from typing import Any, Literal

import cv2
import numpy as np

from digits.arrays import Bool
from digits.composition import ReadNumber
from digits.errors import CrowdedError, NotThisFormError
from digits.forms.align import (
    Alignment,
    FormPrint,
    align,
    even_contrast,
    find_print,
    without_shadow,
)
from digits.forms.bend import Homography, flatten, map_points, warp
from digits.forms.checks import to_decimal
from digits.forms.handwriting import find_handwriting
from digits.forms.template import Field, FieldKind, Form
from digits.forms.values import find_fault, find_wrong_sums, likely_values, offer, to_value
from digits.image.binarize import to_ink
from digits.image.components import Components, find_components
from digits.image.digit_segmentation import Glyph
from digits.image.page_segmentation import TextRegion, only_line, open_page, paper_of
from digits.image.ruling import erase
from digits.inference.segmenter import Segmenter
from digits.reader import Piece, Reader
from digits.types import (
    CONFIDENCE_THRESHOLD,
    LINKED,
    Box,
    Contrast,
    Digit,
    Ink,
    Line,
    ModelName,
    Page,
    Paper,
    Picture,
)

FieldStatus = Literal["read", "doubtful", "empty", "missing"]
FormStatus = Literal["read", "doubtful", "refused", "failed"]
SCHEMA = 1  # version of the JSON of a form's reading; fields are only ever added
OVER = 0.15  # of a field's height around it into which its writing may extend
MARK = 0.2  # of a field's height; smaller pieces are not digits
BROKEN = 0.08  # of a cell's height: so far apart lie the pieces of a broken stroke
COVERED = 0.3  # of a resampled pixel: threshold of print
SPAN = 1.4  # times a cell's width; a wider piece of ink is several digits that touch
TICK_INSET = 0.12  # of a tick box's side: its border
NOT_TICKED = 0.01  # inked share below which a tick box is empty; docs/forms.md
TICKED = 0.03  # inked share from which it is ticked; in between it is doubtful
BLOTTED = 0.78  # share from which it may have been ticked, and then blotted out
DARK = 0.6  # of the paper's grey level, below which nothing is a shadow
PAPER_LEVEL = 0.9  # quantile of the grey levels in and around a tick box: its paper
YES, NO = "yes", "no"  # values of a tick box
SEPARATORS = ".,/-"


@dataclass(frozen=True, slots=True)
class FieldReading:
    """What was read in one field."""

    name: str
    kind: FieldKind
    value: str  # formatted by its kind; empty without one
    status: FieldStatus
    confidence: float  # probability that the value is right
    box: Box | None = None  # px of the original; None if the field was not found
    written: str = ""  # text with its separators
    reasons: tuple[str, ...] = ()  # why it is doubtful or missing
    offered: tuple[str, ...] = ()  # other values that pass the checks, the likeliest first
    line: Line | None = None  # its digits; None without any


@dataclass(frozen=True, slots=True)
class FormReading:
    """What was read on one page."""

    id: str  # SHA-256 over picture, model and form; empty if nothing was read
    form: str  # name of the form
    status: FormStatus  # "refused": the page is not this form
    model: ModelName
    size: tuple[int, int]  # px, width and height of the upright original
    fields: tuple[FieldReading, ...] = ()
    alignment: Alignment | None = None  # px of the original
    file: str | None = None
    page: int | None = None
    error: str | None = None  # why there are no fields

    def to_json(self) -> dict[str, Any]:
        """Return this reading as a JSON-serializable dict."""
        found = self.alignment
        return {
            "schema": SCHEMA,
            "id": self.id,
            "form": self.form,
            "file": self.file,
            "page": self.page,
            "status": self.status,
            "size": list(self.size),
            "model": {"name": self.model.name, "sha256": self.model.sha256},
            "alignment": None
            if found is None
            else {
                "inliers": found.inliers,
                "residual": round(found.residual, 3),
                "agreement": round(found.agreement, 4),
            },
            "fields": [_field_to_json(each) for each in self.fields],
            "error": self.error,
        }


def _field_to_json(each: FieldReading) -> dict[str, Any]:
    box = each.box
    return {
        "name": each.name,
        "kind": each.kind,
        "value": each.value,
        "written": each.written,
        "status": each.status,
        "confidence": each.confidence,
        "box": None if box is None else [box.x, box.y, box.width, box.height],
        "reasons": list(each.reasons),
        "offered": list(each.offered),
    }


def read_form(
    form: Form, reader: Reader, picture: Picture, *, accept: float = CONFIDENCE_THRESHOLD
) -> FormReading:
    """Read one page of a form.

    Parameters
    ----------
    accept : a less confident field is doubtful

    Returns
    -------
    FormReading
        One field for each of the form's, in its order. Status "refused" and no fields where the
        page is not this form.
    """
    size = picture.width, picture.height
    model = reader.classifier.name
    print_ = print_of(form, reader.segmenter)
    try:
        page, alignment = _align_page(print_, picture, form.fields)
    except NotThisFormError as error:
        reason = str(error)
        return FormReading(
            "", form.name, "refused", model, size, error=reason[:1].upper() + reason[1:] + "."
        )
    found = [
        _cut(each, page, print_, matrix, _seen(alignment, i, each.box))
        for i, (each, matrix) in enumerate(zip(form.fields, alignment.fields, strict=True))
    ]
    jobs = [_job(cut, picture) if isinstance(cut, _Cut) else cut for cut in found]
    fields = _read_fields(form, reader, jobs, accept)
    is_sure = all(each.status in ("read", "empty") for each in fields)
    key = picture.sha256.encode() + reader.versions.encode() + form.sha256.encode()
    placed = tuple(None if m is None else page.to_original @ m for m in alignment.fields)
    return FormReading(
        hashlib.sha256(key).hexdigest(),
        form.name,
        "read" if is_sure else "doubtful",
        model,
        size,
        fields,
        replace(alignment, to_page=page.to_original @ alignment.to_page, fields=placed),
    )


def failed_form(form: Form, sentence: str, model: ModelName) -> FormReading:
    """Return the reading of a page that could not be opened."""
    return FormReading("", form.name, "failed", model, (0, 0), error=sentence)


@lru_cache(maxsize=8)
def print_of(form: Form, segmenter: Segmenter | None) -> FormPrint:
    """Return the print of a form, computed once."""
    return find_print(
        form.reference,
        [each.box for each in form.fields],
        cells=[cell for each in form.fields for cell in each.cells],
        is_blank=form.is_blank,
        handwriting=None if form.is_blank else _handwriting(form, segmenter),
    )


def _handwriting(form: Form, segmenter: Segmenter | None) -> Bool[np.ndarray, "h w"] | None:
    """Return the handwriting on a form's reference, as its file has it, or found now."""
    if form.handwriting is not None or segmenter is None:
        return form.handwriting
    return find_handwriting(form.reference, segmenter)


def _align_page(
    print_: FormPrint, picture: Picture, fields: Sequence[Field]
) -> tuple[Page, Alignment]:
    """Return the page's ink and the position of the form on it."""
    boxes = [each.box for each in fields]
    try:
        page = _open(picture, None, print_)
        alignment = align(print_, page.contrast, boxes)
    except NotThisFormError:
        paper = paper_of(picture)  # on a crowded desk the sheet has too few features
        if paper is None:
            raise
        page = _open(picture, paper, print_)
        alignment = align(print_, page.contrast, boxes)
    if alignment.bend is not None:
        page = replace(page, contrast=flatten(page.contrast, alignment.to_page, alignment.bend))
    ink, contrast = _ink_on(page.contrast, print_, alignment)
    return replace(page, ink=ink, contrast=contrast), alignment


def _open(picture: Picture, paper: Paper | None, print_: FormPrint) -> Page:
    """Return a page with the same polarity as the form."""
    light_on_dark = print_.light_on_dark
    if paper is not None:
        page, sheet = open_page(picture, paper, light_on_dark=light_on_dark)
        return replace(page, contrast=even_contrast(sheet.grey, light_on_dark=light_on_dark))
    height, width = picture.grey.shape
    contrast = even_contrast(picture.grey, light_on_dark=light_on_dark)
    to_original = np.diag([picture.width / width, picture.height / height, 1.0])
    return Page(contrast, contrast, to_original, (picture.width, picture.height))


def _ink_on(contrast: Contrast, print_: FormPrint, alignment: Alignment) -> tuple[Ink, Contrast]:
    """Return ink and contrast of the form, without shadows.

    What lies around the form says nothing of how dark ink is.
    """
    height, width = print_.view.shape
    corners = np.array([[0, 0], [width, 0], [width, height], [0, height]], np.float64)
    placed = np.round(map_points(alignment.to_page, corners)).astype(np.int32)
    sheet = np.zeros(contrast.shape, np.uint8)
    cv2.fillConvexPoly(sheet, placed, 1)
    x, y, wide, high = cv2.boundingRect(sheet)
    part = slice(y, y + high), slice(x, x + wide)
    area = cv2.contourArea(placed.astype(np.float32)) / (height * width)
    flat = without_shadow(contrast[part], width * float(np.sqrt(area)))
    flat = np.where(sheet[part] > 0, flat, np.float32(0))
    layers = np.zeros((2, *contrast.shape), np.float32)
    layers[0][part], layers[1][part] = to_ink(flat), flat
    return layers[0], layers[1]


# Fields.


@dataclass(frozen=True, slots=True)
class _Cut:
    """A field cut out of the page, without its print."""

    field: Field
    page: Page
    inside: Box  # px of `page`: the field without its surroundings
    cells: tuple[Box, ...]  # px of `page`
    box: Box  # px of the original
    is_light_on_dark: bool = False


def _read_fields(
    form: Form, reader: Reader, jobs: "Sequence[_Job | FieldReading]", accept: float
) -> tuple[FieldReading, ...]:
    """Read all fields in one batch."""
    pieces = [piece for job in jobs if isinstance(job, _Job) for piece in job.pieces]
    read = iter(reader.read_pieces(pieces))
    readings = [
        _judge(job, [next(read) for _ in job.pieces], accept) if isinstance(job, _Job) else job
        for job in jobs
    ]
    return tuple(check_sums(form.fields, readings))


def _seen(alignment: Alignment, field: int, box: Box) -> Homography | None:
    """Return the homography from px of the reference to px of the page, bent or not, at a field."""
    return alignment.seen(field, np.array([box.x + box.width / 2, box.y + box.height / 2]))


def _cut(
    each: Field, page: Page, print_: FormPrint, matrix: Homography | None, seen: Homography | None
) -> _Cut | FieldReading:
    """Cut a field out of the page, or say why it is missing.

    Parameters
    ----------
    matrix, seen : from px of the reference to those of the flattened page, and as it was
    """
    if matrix is None or seen is None:
        return _missing(each, "The print around it is not found")
    box = each.box
    corners = np.array(
        [[box.x, box.y], [box.right, box.y], [box.right, box.bottom], [box.x, box.bottom]], float
    )
    placed = map_points(matrix, corners)
    height, width = page.ink.shape
    slack = OVER * box.height
    if (placed < -slack).any() or (placed > np.array([width, height]) + slack).any():
        return _missing(each, "It is not in the picture")
    tall = (np.hypot(*(placed[3] - placed[0])) + np.hypot(*(placed[2] - placed[1]))) / 2
    scale = float(tall) / box.height  # px of the page per px of the reference
    room = max(2, round(OVER * box.height))
    size = (
        max(1, round((box.width + 2 * room) * scale)),
        max(1, round((box.height + 2 * room) * scale)),
    )
    to_reference = np.array([[1 / scale, 0, box.x - room], [0, 1 / scale, box.y - room], [0, 0, 1]])
    to_page = matrix @ to_reference
    ink, contrast = (
        np.clip(warp(layer, to_page, size), 0, 1).astype(np.float32)
        for layer in (page.ink, page.contrast)
    )
    printed = warp(print_.erased.astype(np.float32), to_reference, size) > COVERED
    clean = erase(ink, printed)
    contrast = np.where(printed, np.minimum(contrast, clean), contrast).astype(np.float32)
    to_original = page.to_original @ seen @ to_reference
    piece = Page(clean.astype(np.float32), contrast, to_original, page.size)

    def inner(part: Box) -> Box:
        left, top = round((part.x - box.x + room) * scale), round((part.y - box.y + room) * scale)
        wide, high = max(1, round(part.width * scale)), max(1, round(part.height * scale))
        return Box(left, top, wide, high)

    cells = each.cells or ((box,) if each.kind == "digit" else ())
    inside = inner(box)
    return _Cut(
        each,
        piece,
        inside,
        tuple(map(inner, cells)),
        piece.box_in_original(inside),
        print_.light_on_dark,
    )


def _missing(each: Field, reason: str) -> FieldReading:
    return FieldReading(each.name, each.kind, "", "missing", 0.0, reasons=(reason,))


@dataclass(frozen=True, slots=True)
class _Job:
    """A field and its pieces to read: those of its cells, then its line."""

    cut: _Cut
    cells: tuple[int, ...]  # cells with ink
    pieces: tuple[Piece, ...]
    reasons: tuple[str, ...] = ()  # reasons for doubt before reading


def _job(cut: _Cut, picture: Picture) -> _Job | FieldReading:
    """Return the pieces of a field to read, or its reading if no network is needed."""
    each = cut.field
    if each.kind == "tick":
        return _read_tick(cut, picture)
    own, pieces, runs_over = _own_ink(cut)
    if not _has_writing(pieces, MARK * cut.inside.height):
        return FieldReading(each.name, each.kind, "", "empty", 1.0, cut.box)
    page = replace(cut.page, ink=np.where(own, cut.page.ink, np.float32(0)))
    glyphs = _cell_glyphs(cut, page, pieces) if cut.cells else {}
    try:
        line, _ = only_line(page, ruled=False)
    except CrowdedError:
        return _unread(cut, "Too many marks")
    length = len(glyphs) if cut.cells else each.length
    singles = tuple(Piece(TextRegion(page, cut.box), glyph=glyph) for glyph in glyphs.values())
    whole = () if line is None else (Piece(TextRegion(line, cut.box), length=length or None),)
    if not singles and not whole:
        return _unread(cut, "Not a number")
    reasons = ("Writing runs over the field",) if runs_over else ()
    return _Job(cut, tuple(glyphs), (*singles, *whole), reasons)


def _has_writing(pieces: Components, least: float) -> bool:
    """Return whether a piece of ink is at least this many px high or wide."""
    return bool(len(pieces) and max(pieces.height.max(), pieces.width.max()) >= least)


def _unread(cut: _Cut, reason: str) -> FieldReading:
    each = cut.field
    return FieldReading(each.name, each.kind, "", "doubtful", 0.0, cut.box, reasons=(reason,))


def _own_ink(cut: _Cut) -> tuple[Bool[np.ndarray, "h w"], Components, bool]:
    """Return a mask of the field's own writing: pieces of ink whose centre is in the field.

    The last value is whether writing crosses the field's ends: then some of it may be missing, or
    belong to another field.
    """
    pieces = find_components(cut.page.ink > LINKED)
    if not len(pieces):
        return pieces.labels > 0, pieces, False
    height, width = cut.page.ink.shape
    rows, columns = np.mgrid[:height, :width]
    x, y = pieces.means(columns), pieces.means(rows)
    box = cut.inside
    inside = (x >= box.x) & (x < box.right) & (y >= box.y) & (y < box.bottom)
    names = np.concatenate([[False], inside])
    own = names[pieces.labels]
    rim = cv2.dilate(own.astype(np.uint8), np.ones((3, 3), np.uint8)).astype(bool)
    mine = own | (rim & (pieces.labels == 0))
    left, top, right, bottom = pieces.boxes.T
    least = MARK * box.height
    into = (np.minimum(right, box.right) - np.maximum(left, box.x) >= least / 2) & (
        np.minimum(bottom, box.bottom) - np.maximum(top, box.y) >= least
    )
    ends = (left < box.x - least / 2) | (right > box.right + least / 2)
    tall = pieces.height >= least
    return mine, find_components(own), bool((into & tall & (ends | ~inside)).any())


def _cell_glyphs(cut: _Cut, page: Page, pieces: Components) -> dict[int, Glyph]:
    """Return the ink of each cell that has any, with strokes that extend beyond the cell."""
    middles = np.array([cell.x + cell.width / 2 for cell in cut.cells])
    edges = (middles[1:] + middles[:-1]) / 2
    high, wide = cut.cells[0].height, cut.cells[0].width
    columns = np.broadcast_to(np.arange(page.ink.shape[1]), page.ink.shape)
    of_column = np.searchsorted(edges, columns)
    of_piece = np.searchsorted(edges, pieces.means(columns))
    is_large = np.maximum(pieces.width, pieces.height) >= MARK * high
    is_large[_beside(pieces, is_large, max(2, round(BROKEN * high)))] = True
    glyphs = {}
    names = pieces.labels - 1
    inked = pieces.labels > 0
    whole = np.where(inked, of_piece[names], -1)
    several = np.where(inked, (pieces.width > SPAN * wide)[names], False)
    cell_of = np.where(several, of_column, whole)
    kept = np.where(inked, is_large[names], False)
    for i in range(len(cut.cells)):
        mine = kept & (cell_of == i)
        if not mine.any():
            continue
        rows, across = np.flatnonzero(mine.any(axis=1)), np.flatnonzero(mine.any(axis=0))
        box = Box(
            max(0, int(across[0]) - 1),
            max(0, int(rows[0]) - 1),
            int(across[-1] - across[0]) + 3,
            int(rows[-1] - rows[0]) + 3,
        )
        part = box.rows_and_columns()
        rim = cv2.dilate(mine[part].astype(np.uint8), np.ones((3, 3), np.uint8)).astype(bool)
        bare = rim & ((cell_of[part] == i) | ~inked[part])
        ink = np.where(bare, page.ink[part], np.float32(0)).astype(np.float32)
        glyphs[i] = Glyph(Box(box.x, box.y, ink.shape[1], ink.shape[0]), ink)
    return glyphs


def _beside(pieces: Components, is_large: np.ndarray, gap: int) -> np.ndarray:
    """Return the pieces right beside large ones: the pen left the paper there for a moment.

    Parameters
    ----------
    gap : px
    """
    large = np.concatenate([[False], is_large])[pieces.labels].astype(np.uint8)
    around = cv2.dilate(large, np.ones((2 * gap + 1, 2 * gap + 1), np.uint8)) > 0
    touched = np.unique(pieces.labels[around])
    return np.asarray(touched[touched > 0] - 1)


def _read_tick(cut: _Cut, picture: Picture) -> FieldReading:
    """Read a tick box by the share of it that is inked."""
    box = cut.inside
    inset = max(1, round(TICK_INSET * min(box.width, box.height)))
    inner = cut.page.ink[box.y + inset : box.bottom - inset, box.x + inset : box.right - inset]
    share = float((inner > LINKED).mean()) if inner.size else 0.0
    each = cut.field
    value = YES if share >= (NOT_TICKED + TICKED) / 2 else NO
    doubt = ""
    if NOT_TICKED <= share < TICKED:
        doubt = "Hardly any ink: is it ticked?"
    elif max(share, _dark_share(cut, inset, picture)) >= BLOTTED:
        doubt = "Blotted out: is it ticked?"
    return FieldReading(
        each.name,
        each.kind,
        value,
        "doubtful" if doubt else "read",
        0.5 if doubt else 1.0,
        cut.box,
        reasons=(doubt,) if doubt else (),
        offered=(NO if value == YES else YES,) if doubt else (),
    )


def _dark_share(cut: _Cut, inset: int, picture: Picture) -> float:
    """Return which share of a tick box is dark: a box that is blotted out may pass for a shadow."""
    height, width = picture.grey.shape
    shrink = np.diag([width / picture.width, height / picture.height, 1.0])
    size = cut.page.ink.shape[1], cut.page.ink.shape[0]
    grey = warp(picture.grey, shrink @ cut.page.to_original, size).astype(np.float32)
    if cut.is_light_on_dark:
        grey = 255 - grey
    paper = float(np.quantile(grey, PAPER_LEVEL))
    box = cut.inside
    inner = grey[box.y + inset : box.bottom - inset, box.x + inset : box.right - inset]
    return float((inner < DARK * paper).mean()) if inner.size else 0.0


def _judge(job: _Job, numbers: Sequence[ReadNumber], accept: float) -> FieldReading:
    """Return the value of a field and the reasons for doubt."""
    each = job.cut.field
    found = _line_of(job, numbers)
    if found is None:
        return _unread(job.cut, "Not a number")
    line, doubts = found
    reasons = [*job.reasons, *doubts]
    if line.struck_out:
        reasons.append("Struck out")
    if not line.digits:
        return replace(_unread(job.cut, "Not a number"), line=line)
    if any(digit.value is None for digit in line.digits):
        reasons.append("Not all of it is digits")
    value = to_value(each, line.written)
    fault = find_fault(each, value, len(line.digits))
    if fault:
        reasons.append(fault)
    if line.confidence < accept and not reasons:
        reasons.append("Unsure")
    shown = value if value is not None else line.written
    return FieldReading(
        each.name,
        each.kind,
        shown,
        "doubtful" if reasons else "read",
        0.0 if fault else line.confidence,
        job.cut.box,
        line.written,
        tuple(reasons),
        offer(each, line, shown) if reasons else (),
        line,
    )


def _line_of(job: _Job, numbers: Sequence[ReadNumber]) -> tuple[Line, list[str]] | None:
    """Return the writing of a field, and reasons for doubt about the position of its digits."""
    n_cells = len(job.cells)
    whole = numbers[n_cells] if len(numbers) > n_cells else None
    if n_cells:
        return _combine(job, numbers[:n_cells], whole)
    if whole is None:
        return None
    is_marked = whole.line.digits and _is_marked(job.cut.field, whole)
    return whole.line, ["Another mark stands there"] if is_marked else []


def _is_marked(each: Field, number: ReadNumber) -> bool:
    """Return whether a mark may change a number; separators of its kind do not."""
    if not number.is_marked and not number.tall:
        return False
    signs = sum(sign in SEPARATORS for sign in number.line.written)
    takes_signs = each.kind in ("decimal", "mark", "date")
    return not (takes_signs and signs and signs == len(number.line.marks))


def _combine(
    job: _Job, cells: Sequence[ReadNumber], whole: ReadNumber | None
) -> tuple[Line, list[str]]:
    """Return the digits of a comb, read cell by cell and as a line: the mean of both.

    If the two disagree, the more probable digit has at most half its confidence.
    """
    singles = [number.line.digits[0] for number in cells]
    beside: list[Digit | None] = [None] * len(singles)
    if whole is not None and len(whole.line.digits) == len(singles):
        beside = list(whole.line.digits)
    digits = tuple(_mean(one, other) for one, other in zip(singles, beside, strict=True))
    confidence = float(np.prod([digit.confidence for digit in digits]))
    if len(digits) == 1 and whole is not None and whole.line.text == digits[0].text:
        # Both are probabilities of the whole: their logarithmic pool (Genest, Zidek 1986). A digit
        # that is struck out still resembles one, but a line of one digit rarely.
        confidence = float(np.sqrt(confidence * whole.line.confidence))
    text = "".join(digit.text for digit in digits)
    box = Box.around(digit.box for digit in digits)
    reasons = []
    if job.cells and job.cells != tuple(range(job.cells[0], job.cells[-1] + 1)):
        reasons.append("A cell between the digits is empty")
    return Line(text, confidence, box, digits), reasons


def _mean(one: Digit, other: Digit | None) -> Digit:
    """Return the mean of two readings of a digit."""
    if other is None:
        return one
    both = [np.array(each.probabilities) * (each.value is not None) for each in (one, other)]
    mean = (both[0] + both[1]) / 2
    value = int(mean.argmax())
    return replace(
        one,
        value=value if mean.any() else None,
        confidence=float(mean[value]),
        probabilities=tuple(float(share) for share in mean) if mean.any() else one.probabilities,
    )


def check_sums(fields: Sequence[Field], readings: Sequence[FieldReading]) -> list[FieldReading]:
    """Mark wrong totals as doubtful, and the part that explains one."""
    checked = list(readings)
    for i, parts, fault in find_wrong_sums(fields, [reading.value for reading in readings]):
        total = _with_doubt(checked[i], fault)
        reckoned, written = _sum(checked, parts), to_decimal(total.value)
        if reckoned is not None:
            others = _alternatives(fields[i], total)
            fitting = tuple(value for value in others if to_decimal(value) == reckoned)
            total = replace(total, offered=fitting)
            if not fitting and written is not None:
                _suspect_part(fields, checked, parts, written - reckoned)
        checked[i] = total
    return checked


def _alternatives(each: Field, reading: FieldReading) -> list[str]:
    if reading.line is None:
        return []
    return [value for value, _ in likely_values(each, reading.line) if value != reading.value]


def _sum(readings: Sequence[FieldReading], parts: Sequence[int]) -> Decimal | None:
    numbers = [to_decimal(readings[part].value or "0") for part in parts]
    known = [number for number in numbers if number is not None]
    return sum(known, Decimal()) if len(known) == len(numbers) else None


def _suspect_part(
    fields: Sequence[Field], checked: list[FieldReading], parts: Sequence[int], by: Decimal
) -> None:
    """Mark the one part as doubtful whose other reading makes the sum right, in place."""
    found = [
        (part, value)
        for part in parts
        for value in _alternatives(fields[part], checked[part])
        if to_decimal(value) == (to_decimal(checked[part].value or "0") or 0) + by
    ]
    if len({part for part, _ in found}) == 1:
        part = found[0][0]
        doubted = _with_doubt(checked[part], "Another reading makes the sum right")
        checked[part] = replace(doubted, offered=tuple(value for _, value in found))


def _with_doubt(reading: FieldReading, reason: str) -> FieldReading:
    return replace(reading, status="doubtful", reasons=(*reading.reasons, reason))
