"""What was read on a page of a form."""

from dataclasses import dataclass
from typing import Any, Literal

from digits.forms.align import Alignment
from digits.forms.template import FieldKind, Form
from digits.types import Box, Line, ModelName

FieldStatus = Literal["read", "doubtful", "empty", "missing"]
FormStatus = Literal["read", "doubtful", "refused", "failed"]
SCHEMA = 1  # version of the JSON of a form's reading; fields are only ever added
UNSURE = "Unsure"  # reason for doubt where the confidence alone is low
YES, NO = "yes", "no"  # values of a tick box


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


def failed_form(form: Form, sentence: str, model: ModelName) -> FormReading:
    """Return the reading of a page that could not be opened."""
    return FormReading("", form.name, "failed", model, (0, 0), error=sentence)
