"""Schemas of requests and responses for OpenAPI; a reading is the output of `Reading.to_json`."""

import re
from collections.abc import Callable
from typing import Annotated, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field

BoxAnswer = Annotated[
    list[int],
    Field(
        min_length=4, max_length=4, description="x, y, width, height in px of the upright picture"
    ),
]
Probability = Annotated[float, Field(ge=0, le=1)]
READING_ID = "5b1f7b2f0a6bb7a52d0c4f0f7c9f7f1f4f8a4a8f7f6c0a3a9f2f6a7f3a1c9e42"

READING_ID_PATTERN = "^[0-9a-f]{64}$"
TRUTH_PATTERN = "^[0-9]{0,100}$"

# FastAPI drops null values from examples, so this one is added to the schema later.
EXAMPLE = {
    "schema": 1,
    "id": READING_ID,
    "file": "photo.jpg",
    "page": None,
    "status": "read",
    "text": "2026",
    "written": "2026",
    "confidence": 0.97,
    "error": None,
}


class ModelAnswer(BaseModel):
    """The model that made a reading."""

    name: str
    sha256: str


class DigitAnswer(BaseModel):
    """One character."""

    value: Annotated[int, Field(ge=0, le=9)] | None = Field(
        description='null where it was rejected; stands as "?" in the text'
    )
    confidence: Probability
    box: BoxAnswer
    probabilities: list[Probability] = Field(description="of 0 to 9")
    not_a_digit: Probability | None


class MarkAnswer(BaseModel):
    """A mark on a line that is not a digit."""

    kind: Literal["dot", "dash", "stroke", "other"]
    box: BoxAnswer


WRITTEN = "the text with its separators, e.g. 7.5, -4, 17/20"


class LineAnswer(BaseModel):
    """A line of digits."""

    text: str = Field(description="digits only")
    written: str = Field(description=WRITTEN)
    confidence: Probability = Field(description="that the whole number is right")
    box: BoxAnswer
    digits: list[DigitAnswer]
    marks: list[MarkAnswer]
    struck_out: bool = Field(description="crossed out by the writer")


class CellAnswer(BaseModel):
    """One cell of a table."""

    row: int
    column: int
    text: str = Field(description="digits only; empty where the cell holds no number")
    written: str = Field(description=WRITTEN)
    kind: Literal["number", "empty", "other"] = Field(
        description="other: something is written that is not a number"
    )
    confidence: Probability
    box: BoxAnswer
    marks: list[MarkAnswer]
    struck_out: bool = Field(description="crossed out by the writer")


class BriefReading(BaseModel):
    """A reading without its parts."""

    schema_: Annotated[int, Field(alias="schema")]
    id: str
    file: str | None
    page: int | None = Field(description="of a PDF, from 1")
    status: Literal["read", "doubtful", "blank", "refused", "failed"]
    text: str = Field(description="digits only; lines separated by a line break, cells by a tab")
    written: str = Field(description=WRITTEN)
    confidence: Probability = Field(description="that all of the text is right")
    error: str | None


class FullReading(BriefReading):
    """A reading with the boxes and probabilities of all digits."""

    size: list[int] = Field(description="width and height of the upright picture in px")
    model: ModelAnswer
    lines: list[LineAnswer]
    cells: list[CellAnswer]
    unread: list[BoxAnswer] = Field(description="regions where ink was seen and not read")
    paper: list[list[float]] | None = Field(
        description="corners of the page in px, as x and y: top left, top right, bottom right, "
        "bottom left; null where the page fills the picture"
    )
    notes: list[str]


class Readings(BaseModel):
    """Readings of several pictures or pages, in the order they were sent."""

    readings: list[FullReading | BriefReading]


class FormAlignmentAnswer(BaseModel):
    """How well a page was aligned with the form."""

    inliers: int = Field(description="features that agree")
    residual: float = Field(description="px of the form by which its print stood off, median")
    agreement: Probability = Field(description="share of the form's print that was found")


class FormFieldAnswer(BaseModel):
    """What was read in one field."""

    name: str
    kind: Literal["number", "identifier", "date", "mark", "decimal", "tick", "digit"]
    value: str = Field(description="as its kind is written; empty where there is none")
    written: str = Field(description="what stands there, with its separators")
    status: Literal["read", "doubtful", "empty", "missing"]
    confidence: Probability = Field(description="that the value is right")
    box: BoxAnswer | None = Field(description="null where the field was not found")
    reasons: list[str] = Field(description="why it is doubtful or missing")
    offered: list[str] = Field(description="other values that pass the checks, likeliest first")


class FormReadingAnswer(BaseModel):
    """What was read on one page of a form."""

    schema_: Annotated[int, Field(alias="schema")]
    id: str
    form: str = Field(description="name of the form")
    file: str | None
    page: int | None = Field(description="of a PDF, from 1")
    status: Literal["read", "doubtful", "refused", "failed"] = Field(
        description="refused: the page is not this form"
    )
    size: list[int] = Field(description="width and height of the upright picture in px")
    model: ModelAnswer
    alignment: FormAlignmentAnswer | None
    fields: list[FormFieldAnswer]
    error: str | None


class FormReadings(BaseModel):
    """Pages in the order they were sent."""

    readings: list[FormReadingAnswer]


def _matching(pattern: str, sentence: str) -> Callable[[str], str]:
    """Return a validator with its own message; pydantic's would quote the pattern."""

    def check(text: str) -> str:
        if not re.fullmatch(pattern, text):
            raise ValueError(sentence)
        return text

    return check


class CorrectionRequest(BaseModel):
    """The truth of a line or a digit."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={
            "examples": [
                {"reading": READING_ID, "truth": "2026"},
                {"reading": READING_ID, "line": 0, "digit": 2, "truth": "7"},
            ]
        },
    )

    reading: Annotated[
        str,
        AfterValidator(_matching(READING_ID_PATTERN, "takes the id of a reading")),
        Field(json_schema_extra={"pattern": READING_ID_PATTERN}, description="the reading's id"),
    ]
    line: Annotated[int, Field(ge=0, le=100_000, description="which line, from 0")] = 0
    digit: Annotated[
        int | None, Field(ge=0, le=100_000, description="which digit of it, from 0; null: all")
    ] = None
    truth: Annotated[
        str,
        AfterValidator(_matching(TRUTH_PATTERN, "takes at most 100 digits and nothing else")),
        Field(
            json_schema_extra={"pattern": TRUTH_PATTERN},
            description="the digits that are written; empty: not a digit",
        ),
    ]


class CorrectionAnswer(BaseModel):
    """The result of a correction."""

    reading: str
    new: int = Field(description="number of new corrections; 0 on repetition")


class ModelChoice(BaseModel):
    """An available model."""

    name: str
    title: str
    accuracy: Probability | None = Field(description="accuracy on test digits")
    default: bool


class Models(BaseModel):
    """All available models."""

    models: list[ModelChoice]


class Health(BaseModel):
    """The process is alive."""

    status: Literal["alive"] = "alive"
    version: str


class Ready(BaseModel):
    """Pictures can be read and corrections stored."""

    status: Literal["ready"] = "ready"
    model: ModelAnswer
    corrections: int = Field(description="number of stored corrections")


class ProblemAnswer(BaseModel):
    """A problem, as in RFC 9457."""

    type: str
    title: str
    status: int
    detail: str = Field(description="what went wrong and what to do")
    request_id: str
