"""Rows of a batch that reads the pages of a form: a column for each field."""

import json
import math
from collections.abc import Iterator
from functools import lru_cache
from typing import Any

import pyarrow as pa

from digits.forms.pages import read_form_source
from digits.forms.results import FormReading
from digits.forms.table import column_names
from digits.forms.template import Form
from digits.io.sources import Source
from digits.reader import Reader


def form_schema(base: pa.Schema, content: str) -> pa.Schema:
    """Return the columns of a batch with those of a form's fields after them."""
    names = _columns(base, _opened(content))
    fields = [
        *(pa.field(name, pa.string()) for name in names),
        *(pa.field(f"{name} confidence", pa.float64()) for name in names),
        *(pa.field(f"{name} check", pa.string()) for name in names),
    ]
    return pa.schema([*base, *fields])


def form_rows(
    base: pa.Schema, content: str, reader: Reader, source: Source, *, accept: float
) -> Iterator[dict[str, Any]]:
    """Yield a row for each page of a picture or PDF.

    Parameters
    ----------
    base : the columns before those of the fields
    content : of the form's file
    """
    form = _opened(content)
    for reading in read_form_source(form, reader, source, accept=accept):
        yield _to_row(base, form, reading, source)


def _to_row(base: pa.Schema, form: Form, reading: FormReading, source: Source) -> dict[str, Any]:
    confidences = [
        each.confidence for each in reading.fields if each.status in ("read", "doubtful")
    ]
    values = "\t".join(each.value for each in reading.fields)
    row: dict[str, Any] = {
        "file": source.name,
        "page": reading.page,
        "box": None,
        "status": reading.status,
        "text": values,
        "confidence": math.prod(confidences) if reading.fields else 0.0,
        "error": reading.error,
        "width": reading.size[0],
        "height": reading.size[1],
        "model": reading.model.name,
        "model_sha256": reading.model.sha256,
        "reading": json.dumps(reading.to_json(), ensure_ascii=False),
        "written": values,
        "marks": "",
    }
    for name, each in zip(
        _columns(base, form), reading.fields, strict=False
    ):  # a bad page has none
        row[name] = each.value
        row[f"{name} confidence"] = each.confidence
        row[f"{name} check"] = "; ".join(each.reasons)
    return row


def _columns(base: pa.Schema, form: Form) -> list[str]:
    return [f"{name} (field)" if name in base.names else name for name in column_names(form)]


@lru_cache(maxsize=2)
def _opened(content: str) -> Form:
    return Form.load(content.encode())
