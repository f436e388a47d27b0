"""Read one page of a form."""

import hashlib
from dataclasses import replace
from functools import lru_cache

import numpy as np

from digits.arrays import Bool
from digits.errors import NotThisFormError
from digits.forms.field_ink import cut_field, seen_at
from digits.forms.fields import read_fields
from digits.forms.form_print import FormPrint
from digits.forms.handwriting import find_handwriting
from digits.forms.page_ink import align_page
from digits.forms.reference_print import find_print
from digits.forms.results import FormReading
from digits.forms.template import Form
from digits.inference.segmenter import Segmenter
from digits.reader import Reader
from digits.types import CONFIDENCE_THRESHOLD, Picture


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
        page, alignment = align_page(print_, picture, form.fields)
    except NotThisFormError as error:
        reason = str(error)
        return FormReading(
            "", form.name, "refused", model, size, error=reason[:1].upper() + reason[1:] + "."
        )
    inks = [
        cut_field(each, page, print_, matrix, seen_at(alignment, i, each.box))
        for i, (each, matrix) in enumerate(zip(form.fields, alignment.fields, strict=True))
    ]
    fields = read_fields(form, reader, picture, inks, accept=accept)
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
