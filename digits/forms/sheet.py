"""The pages of a form as a sheet to check: a row for each page, a column for each field."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from digits.errors import DigitsError
from digits.forms.reading import read_form
from digits.forms.results import NO, UNSURE, YES, FieldReading, FormReading
from digits.forms.template import Field, FieldKind, Form
from digits.forms.values import find_fault, find_wrong_sums, offer, to_value
from digits.io.document import Document
from digits.marksheet.audit import Audit
from digits.marksheet.cell import (
    CANDIDATES,
    Checked,
    Column,
    Doubt,
    Edit,
    Kind,
)
from digits.marksheet.propose import Row, build_rows
from digits.marksheet.scan import Entry, Scan, to_view
from digits.marksheet.sheet import Sheet, apply
from digits.reader import Reader
from digits.types import (
    CLASSES,
    CONFIDENCE_THRESHOLD,
    FRAME,
    Box,
    CellKind,
    Digit,
    Line,
    ModelName,
    Reading,
)

COLUMN_KINDS: Mapping[FieldKind, Kind] = {
    "number": "points",
    "mark": "decimal",
    "decimal": "decimal",
    "identifier": "identifier",
    "date": "identifier",
    "tick": "identifier",
    "digit": "identifier",
}
NOT_SURE = 0.5  # confidence of what has a doubt that its digits do not show
MISSING = "Not found on this page"


def read_form_scan(form: Form, reader: Reader, scan: Scan) -> Scan:
    """Return a page with a number for each field, or with the reason why it cannot be read."""
    try:
        with Document.open(scan.content, colour=True) as document:
            page = document.page(scan.page)
        found = read_form(form, reader, page.picture)
    except DigitsError as error:
        return replace(scan, error=str(error))
    view = b"" if page.colour is None else to_view(page.colour)
    if found.error:
        return replace(scan, error=found.error, view=view)
    wrong_sums = find_wrong_sums(form.fields, [each.value for each in found.fields])
    faults = {place: fault for place, _, fault in wrong_sums}
    entries = tuple(
        _entry(each, i, _reason(form.fields[i], each, faults.get(i)))
        for i, each in enumerate(found.fields)
    )
    lines = tuple(entry.line for entry in entries)
    reading = Reading(
        found.id, found.size, found_status(found), found.model, "", 0.0, lines, page=scan.page
    )
    return replace(scan, reading=reading, rows=(entries,), view=view)


def found_status(found: FormReading) -> Any:  # noqa: ANN401  # one of the reading's
    """Return the status of a page as a reading has it."""
    return "read" if found.status == "read" else "doubtful"


def _reason(field: Field, each: FieldReading, wrong_sum: str | None) -> str:
    """Return why a field is doubtful, without what is checked again whenever the sheet changes."""
    n_digits = 0 if each.line is None else len(each.line.digits)
    fault = find_fault(field, to_value(field, each.written), n_digits)
    return ", ".join(reason for reason in each.reasons if reason not in (fault, wrong_sum))


def _entry(each: FieldReading, index: int, reason: str) -> Entry:
    """Return a field as an entry of a sheet."""
    box = each.box or Box(0, 0, 1, 1)
    if each.kind == "tick" and each.value:
        line = _tick(each, box)
    elif each.line is None:
        line = Line("", each.confidence, box, ())
    else:
        line = each.line
    if each.kind != "tick":  # checks, and what else stands there, say more than the digits do
        limit = NOT_SURE if each.status == "doubtful" else 1.0
        line = replace(line, confidence=min(each.confidence, limit))
    is_other = each.status == "missing" or bool(each.reasons and not line.digits)
    kind: CellKind = "other" if is_other else "number" if line.digits else "empty"
    return Entry(line, index, box, kind, reason)


def _tick(each: FieldReading, box: Box) -> Line:
    """Return a tick as a line of one digit: 1 or 0."""
    value = int(each.value == YES)
    shares = tuple(
        each.confidence if d == value else 1 - each.confidence if d == 1 - value else 0.0
        for d in range(CLASSES)
    )
    frame = np.zeros((FRAME, FRAME), np.float32)
    digit = Digit(value, each.confidence, box, shares, None, frame)
    return Line(str(value), each.confidence, box, (digit,), written=each.value)


def build_form_sheet(
    form: Form, scans: Sequence[Scan], user_input: Mapping[str, Any] | None = None
) -> Sheet:
    """Return all pages as a sheet with the input of the user."""
    user_input = user_input or {}
    kept = [
        replace(scan, reading=None, rows=(), error="") if f"file {index}" in user_input else scan
        for index, scan in enumerate(scans)
    ]
    n = len(form.fields)
    rows = tuple(
        row if row.error else replace(row, entries=(row.entries + (None,) * n)[:n])
        for row in build_rows(kept, one_each=True)
    )
    columns = tuple(
        Column(each.name, COLUMN_KINDS[each.kind], each.maximum) for each in form.fields
    )
    title = {"title": form.name, **user_input}
    return apply(Sheet(_padded(rows, n), columns, title=form.name), title)


def _padded(rows: Sequence[Row], n: int) -> tuple[Row, ...]:
    return tuple(
        replace(row, entries=(row.entries + (None,) * n)[:n]) if row.error else row for row in rows
    )


def audit_form_sheet(form: Form, sheet: Sheet) -> Audit:
    """Check every cell of a form's pages by its field."""
    cells = tuple(
        tuple(
            _checked(sheet, (r, c), field) if row.kind == "data" else Checked("")
            for c, field in enumerate(form.fields)
        )
        for r, row in enumerate(sheet.rows)
    )
    cells = _check_sums(form, sheet, cells)
    return Audit(
        cells,
        (),
        (),
        sum(bool(cell.doubts) for row in cells for cell in row),
        0,
        sum(row.kind == "failed" for row in sheet.rows),
        "",
    )


def _checked(sheet: Sheet, place: tuple[int, int], field: Field) -> Checked:
    """Return the text of one cell, and why it has to be checked."""
    edit = sheet.edits.get(place)
    if edit is not None:
        return _checked_edit(field, edit)
    entry = sheet.rows[place[0]].entries[place[1]]
    if entry is None:
        return Checked("", (Doubt("other", MISSING),))
    line = entry.line
    if not line.digits:
        unread = (Doubt("other", entry.reason or "Not read"),) if entry.kind == "other" else ()
        return Checked("", unread)
    if field.kind != "tick":
        return _checked_value(field, line, entry.reason)
    if line.confidence >= CONFIDENCE_THRESHOLD:
        return Checked(line.written)
    return Checked(line.written, (Doubt("unsure", entry.reason or "Is it ticked?"),), (YES, NO))


def _checked_edit(field: Field, edit: Edit) -> Checked:
    fault = None if not edit.text or edit.kept else _fault_of_text(field, edit.text)
    doubts = (Doubt("length", fault),) if fault else ()
    return Checked(edit.text, doubts, confirmed=True)


def _checked_value(field: Field, line: Line, reason: str) -> Checked:
    """Return the value of a number, identifier, mark or date, and what may be wrong with it."""
    value = to_value(field, line.written)
    shown = line.written if value is None else value
    fault = find_fault(field, value, len(line.digits))
    if fault:
        doubts = (Doubt("no number" if value is None else "length", fault),)
    elif line.confidence < CONFIDENCE_THRESHOLD:
        doubts = (Doubt("unsure", reason or UNSURE),)
    else:
        return Checked(shown)
    own = () if fault and value is None else (shown,)
    return Checked(shown, doubts, (*own, *offer(field, line, shown))[:CANDIDATES])


def _fault_of_text(field: Field, text: str) -> str | None:
    """Return why a text that a person typed does not fit its field."""
    if field.kind == "tick":
        return None if text in (YES, NO) else f"Write {YES} or {NO}"
    if field.kind == "date":
        parts = text.split("-")
        value = to_value(replace(field, order="ymd"), text) if len(parts) == 3 else None  # noqa: PLR2004
        return find_fault(replace(field, length=None), value or to_value(field, text), 0)
    return find_fault(field, to_value(field, text), sum(sign.isdigit() for sign in text))


def _check_sums(
    form: Form, sheet: Sheet, cells: tuple[tuple[Checked, ...], ...]
) -> tuple[tuple[Checked, ...], ...]:
    """Doubt totals that are not the sum of their parts."""
    checked = [list(row) for row in cells]
    for r, row in enumerate(checked):
        if sheet.rows[r].kind != "data":
            continue
        for c, _, fault in find_wrong_sums(form.fields, [cell.text for cell in row]):
            edit = sheet.edits.get((r, c))
            if edit is None or not edit.kept:
                row[c] = replace(row[c], doubts=(*row[c].doubts, Doubt("sum", fault)))
    return tuple(map(tuple, checked))


def to_readings(form: Form, sheet: Sheet, audit: Audit, scans: Sequence[Scan]) -> list[FormReading]:
    """Return the pages as they are after checking, to be written as a table."""
    rows = zip(sheet.rows, audit.cells, strict=True)
    return [_to_reading(form, row, cells, scans[row.scan]) for row, cells in rows]


def _to_reading(form: Form, row: Row, cells: Sequence[Checked], scan: Scan) -> FormReading:
    """Return one page as it is after checking."""
    fields = tuple(
        _field(field, entry, cell)
        for field, entry, cell in zip(form.fields, row.entries, cells, strict=True)
    )
    is_open = any(cell.doubts for cell in cells)
    found = scan.reading
    return FormReading(
        "" if found is None else found.id,
        form.name,
        "failed" if row.error else "doubtful" if is_open else "read",
        ModelName("", "") if found is None else found.model,
        (0, 0) if found is None else found.size,
        () if row.error else fields,
        file=scan.file,
        page=scan.page,
        error=row.error or None,
    )


def _field(field: Field, entry: Entry | None, cell: Checked) -> FieldReading:
    confidence = 1.0 if cell.confirmed else 0.0 if entry is None else entry.line.confidence
    return FieldReading(
        field.name,
        field.kind,
        cell.text,
        "doubtful" if cell.doubts else "read" if cell.text else "empty",
        confidence if math.isfinite(confidence) else 0.0,
        None if entry is None else entry.box,
        cell.text,
        tuple(doubt.text for doubt in cell.doubts),
        tuple(text for text in cell.candidates if text != cell.text),
    )
