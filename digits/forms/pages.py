"""Read the pages of files as pages of a form: what goes wrong becomes a reading that says so."""

from collections.abc import Iterator
from dataclasses import replace

from digits.errors import DigitsError
from digits.forms.reading import read_form
from digits.forms.results import FormReading, failed_form
from digits.forms.template import Form
from digits.io.document import Document
from digits.io.sources import Source, load_source
from digits.reader import Reader
from digits.types import CONFIDENCE_THRESHOLD


def read_form_source(
    form: Form,
    reader: Reader,
    source: Source,
    *,
    accept: float = CONFIDENCE_THRESHOLD,
    content: bytes | None = None,
) -> Iterator[FormReading]:
    """Read each page of one picture or PDF.

    Parameters
    ----------
    content : the picture, where it was loaded already
    """
    model = reader.classifier.name
    try:
        with Document.open(load_source(source) if content is None else content) as document:
            for page in document.numbers:
                try:
                    reading = read_form(form, reader, document.page(page).picture, accept=accept)
                except DigitsError as error:
                    reading = failed_form(form, str(error), model)
                yield replace(reading, file=source.name, page=page)
    except DigitsError as error:
        yield replace(failed_form(form, str(error), model), file=source.name)
