"""Read uploaded pages with an uploaded form."""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from functools import lru_cache

from starlette.datastructures import UploadFile

from digits.api.problems import Problem
from digits.api.service import ReadingService, read_content
from digits.errors import DigitsError
from digits.forms.reading import read_form
from digits.forms.results import FormReading, failed_form
from digits.forms.template import Form
from digits.io.document import Document
from digits.reader import Reader

FORM, FILE = "form", "file"  # names of the parts of a request


def read_uploads(
    service: ReadingService,
    parts: Sequence[tuple[str, UploadFile]],
    *,
    accept: float,
    model: str | None,
) -> list[FormReading]:
    """Return a reading for each page of the uploaded files, in the order they were sent.

    Raises
    ------
    Problem
        The form or the files are missing, there are more pages than allowed, or no such model.
    FormError
        The form cannot be used.
    """
    forms = [file for name, file in parts if name == FORM]
    files = [file for name, file in parts if name != FORM]
    if len(forms) != 1:
        raise Problem(400, f'send one form, as a file in the form field "{FORM}"')
    if not files:
        raise Problem(400, f'no page was sent: use the form field "{FILE}"')
    reader = service.reader(model)
    form = _opened(read_content(forms[0]))
    readings: list[FormReading] = []
    for file in files:
        for reading in _read_file(service, form, reader, file, len(readings), accept):
            readings.append(replace(reading, file=file.filename))
    return readings


@lru_cache(maxsize=4)
def _opened(content: bytes) -> Form:
    """Return a form; the print of one that is sent again is found already."""
    return Form.load(content)


def _read_file(
    service: ReadingService,
    form: Form,
    reader: Reader,
    file: UploadFile,
    before: int,
    accept: float,
) -> Iterator[FormReading]:
    """Yield the pages of one file; `before` pages of the request were read already."""
    model = reader.classifier.name
    try:
        with Document.open(read_content(file)) as document:
            if before + len(document) > service.limits.pages:
                raise Problem(413, f"more than {service.limits.pages} pages were sent: send fewer")
            for page in document.numbers:
                try:
                    reading = read_form(form, reader, document.page(page).picture, accept=accept)
                except DigitsError as error:
                    reading = failed_form(form, str(error), model)
                yield replace(reading, page=page)
    except DigitsError as error:
        yield failed_form(form, str(error), model)
