"""What the commands of ``digits form`` do."""

import io
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from PIL import Image

from digits.errors import FormError, HintError, reason_of
from digits.forms.draw import draw_form
from digits.forms.field_syntax import parse_field
from digits.forms.handwriting import find_handwriting
from digits.forms.pages import read_form_source
from digits.forms.propose import propose_fields, with_cells
from digits.forms.results import FormReading
from digits.forms.table import WRITERS, check_ending
from digits.forms.template import Form
from digits.io.atomic_write import atomic_write
from digits.io.document import Document
from digits.io.sources import Source
from digits.registry import current_reader


@dataclass(frozen=True, slots=True)
class PageTally:
    """What was read into a table."""

    pages: int
    doubtful: int  # fields to check


def define_form(
    path: str,
    fields: Sequence[str],
    *,
    name: str | None = None,
    is_blank: bool = False,
    page: int | None = None,
) -> Form:
    """Create a form from a page.

    Parameters
    ----------
    fields : as `parse_field` takes them; none: they are proposed from the print
    name : of the form; that of the file if not given

    Raises
    ------
    DigitsError
        The page, a field or the form cannot be used.
    """
    made = [parse_field(each) for each in fields]
    with Document.open(path) as document:
        shown = document.page(page)
    try:
        form = Form.from_picture(
            shown.picture, made, name=name or Path(path).stem or "Form", is_blank=is_blank
        )
    except FormError as error:
        raise HintError(f"--field: {error}") from error
    segmenter = None if is_blank else current_reader().segmenter
    if segmenter is not None:
        form = replace(form, handwriting=find_handwriting(form.reference, segmenter))
    if not made:
        proposed = propose_fields(form.reference, form.handwriting)
        if not proposed:
            raise FormError(f"no fields are found on {path}: name them with --field")
        return replace(form, fields=proposed)
    return replace(form, fields=tuple(with_cells(each, form.reference) for each in form.fields))


def write_drawing(path: Path, out: Path) -> None:
    """Write a form's picture with its fields as PNG."""
    drawn = draw_form(Form.load(path))
    file = io.BytesIO()
    Image.fromarray(drawn).save(file, "PNG")
    try:
        atomic_write(out, file.getvalue())
    except OSError as error:
        raise FormError(f"{out} cannot be written ({reason_of(error)})") from error


def read_pages(
    path: Path,
    sources: Iterable[Source],
    out: Path,
    *,
    accept: float,
    model: str | None,
    on_failure: Callable[[str | None, int | None, str], None],
) -> PageTally:
    """Read pages of a form into a table, written atomically.

    Parameters
    ----------
    on_failure : called with file, page and reason of each page that was not read
    """
    write = WRITERS[check_ending(out)]
    form, reader = Form.load(path), current_reader(model)
    if not form.fields:
        raise FormError(f"{path} has no fields: add them with digits form new --field")
    readings: list[FormReading] = []
    for source in sources:
        for reading in read_form_source(form, reader, source, accept=accept):
            if reading.error:
                on_failure(reading.file, reading.page, reading.error)
            lean = tuple(replace(each, line=None) for each in reading.fields)
            readings.append(replace(reading, fields=lean, alignment=None))
    try:
        atomic_write(out, write(form, readings))
    except OSError as error:
        raise FormError(f"{out} cannot be written ({reason_of(error)})") from error
    doubtful = sum(
        each.status in ("doubtful", "missing") for one in readings for each in one.fields
    )
    return PageTally(len(readings), doubtful)
