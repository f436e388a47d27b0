"""Read the fields of a page in one batch, and judge what was read."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np

from digits.errors import CrowdedError
from digits.forms.checks import given_checks
from digits.forms.combs import cell_glyphs, combine_readings
from digits.forms.field_ink import MARK, FieldInk, own_ink
from digits.forms.results import UNSURE, FieldReading
from digits.forms.sums import check_sums
from digits.forms.template import Field, Form
from digits.forms.tick_boxes import read_tick
from digits.forms.values import find_fault, offer, to_value
from digits.image.components import Components
from digits.image.page_segmentation import TextRegion, only_line
from digits.reader import Reader
from digits.reading.composition import ReadNumber, is_lone_stroke
from digits.reading.number_reader import Piece
from digits.types import Line, Picture

SEPARATORS = ".,/-"


@dataclass(frozen=True, slots=True)
class _Job:
    """A field and its pieces to read: those of its cells, then its line."""

    cut: FieldInk
    cells: tuple[int, ...]  # cells with ink
    pieces: tuple[Piece, ...]
    reasons: tuple[str, ...] = ()  # reasons for doubt before reading


def read_fields(
    form: Form,
    reader: Reader,
    picture: Picture,
    inks: Sequence[FieldInk | FieldReading],
    *,
    accept: float,
) -> tuple[FieldReading, ...]:
    """Read all fields in one batch.

    Parameters
    ----------
    inks : of each field, or its reading if it is missing
    accept : a less confident field is doubtful
    """
    jobs = [_job(ink, picture) if isinstance(ink, FieldInk) else ink for ink in inks]
    pieces = [piece for job in jobs if isinstance(job, _Job) for piece in job.pieces]
    numbers = reader.read_pieces(pieces)
    readings: list[FieldReading] = []
    start = 0
    for job in jobs:
        if isinstance(job, _Job):
            end = start + len(job.pieces)
            readings.append(_judge(job, numbers[start:end], accept))
            start = end
        else:
            readings.append(job)
    return tuple(check_sums(form.fields, readings, accept=accept))


def _job(cut: FieldInk, picture: Picture) -> _Job | FieldReading:
    """Return the pieces of a field to read, or its reading if no network is needed."""
    each = cut.field
    if each.kind == "tick":
        return read_tick(cut, picture)
    own, pieces, runs_over = own_ink(cut)
    if not _has_writing(pieces, MARK * cut.inside.height):
        return FieldReading(each.name, each.kind, "", "empty", 1.0, cut.box)
    page = replace(cut.page, ink=np.where(own, cut.page.ink, np.float32(0)))
    glyphs = cell_glyphs(cut, page, pieces) if cut.cells else {}
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


def _unread(cut: FieldInk, reason: str) -> FieldReading:
    each = cut.field
    return FieldReading(each.name, each.kind, "", "doubtful", 0.0, cut.box, reasons=(reason,))


def _judge(job: _Job, numbers: Sequence[ReadNumber], accept: float) -> FieldReading:
    """Return the value of a field and the reasons for doubt."""
    each = job.cut.field
    found = _line_of(job, numbers)
    if found is None:
        return _unread(job.cut, "Not a number")
    line, doubts = found
    if line.text == "1" and is_lone_stroke(numbers[-1].line):
        return replace(_unread(job.cut, "Not a number"), offered=offer(each, line, ""))
    if not line.digits:
        return replace(_unread(job.cut, "Not a number"), line=line)
    value = to_value(each, line.written)
    fault = find_fault(each, value, len(line.digits))
    reasons = [*job.reasons, *doubts, *_reasons(line, fault)]
    confidence = given_checks(line.confidence, each.checks, len(line.digits))
    if confidence < accept and not reasons:
        reasons.append(UNSURE)
    shown = value if value is not None else line.written
    return FieldReading(
        each.name,
        each.kind,
        shown,
        "doubtful" if reasons else "read",
        0.0 if fault else confidence,
        job.cut.box,
        line.written,
        tuple(reasons),
        offer(each, line, shown) if reasons else (),
        line,
    )


def _reasons(line: Line, fault: str | None) -> Iterator[str]:
    """Yield what is doubtful about a line of digits, and the fault of its value."""
    if line.struck_out:
        yield "Struck out"
    if any(digit.value is None for digit in line.digits):
        yield "Not all of it is digits"
    if fault:
        yield fault


def _line_of(job: _Job, numbers: Sequence[ReadNumber]) -> tuple[Line, list[str]] | None:
    """Return the writing of a field, and reasons for doubt about the position of its digits."""
    n_cells = len(job.cells)
    whole = numbers[n_cells] if len(numbers) > n_cells else None
    if n_cells:
        glyphs = [piece.glyph for piece in job.pieces if piece.glyph is not None]
        return combine_readings(job.cells, glyphs, numbers[:n_cells], whole)
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
