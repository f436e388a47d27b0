"""The options of the commands, and the hint that they make."""

import re
from collections.abc import Iterator
from dataclasses import fields
from enum import StrEnum
from typing import TYPE_CHECKING, Annotated

import typer

from digits.errors import HintError
from digits.types import MAX_LENGTH, Hint

if TYPE_CHECKING:
    from digits.io.sources import Source

FAILED, USAGE, INTERRUPTED = 1, 2, 130  # exit status
STDIN = "-"


class Format(StrEnum):
    """Formats of readings."""

    text = "text"
    json = "json"
    jsonl = "jsonl"
    csv = "csv"


class ReportFormat(StrEnum):
    """Formats of an evaluation."""

    text = "text"
    json = "json"


class EngineName(StrEnum):
    """Engines of a batch."""

    local = "local"
    ray = "ray"


Single = Annotated[bool, typer.Option("--single", help="Each picture holds exactly one digit.")]
Length = Annotated[
    int | None, typer.Option(help=f"One line of this many digits, at most {MAX_LENGTH}.")
]
Boxes = Annotated[
    list[str] | None,
    typer.Option("--box", help="Read only x,y,width,height in pixels; may be repeated."),
]
Corners = Annotated[
    str | None,
    typer.Option(
        "--paper",
        metavar="X1,Y1,...,X4,Y4",
        help="Corners of the page in pixels: top left, top right, bottom right, bottom left.",
    ),
]
WholePicture = Annotated[
    bool,
    typer.Option("--whole-picture", help="The page fills the picture: do not look for its edges."),
]
Accept = Annotated[float, typer.Option(help="A less confident reading is doubtful.")]
Model = Annotated[
    str | None, typer.Option(help="cnn, dense, wide, a run's name, or an .h5 or .onnx file.")
]


def to_hint(
    *,
    single: bool,
    length: int | None,
    accept: float,
    box: list[str] | None = None,
    paper: str | None,
    whole_picture: bool,
) -> Hint:
    """Return the hint from the options."""
    from digits.io.places import parse_box, parse_paper

    boxes = tuple(parse_box(text, "--box") for text in box or ())
    corners = None if paper is None else parse_paper(paper, "--paper")
    try:
        return Hint(
            single=single,
            length=length,
            accept=accept,
            boxes=boxes,
            paper=corners,
            whole_picture=whole_picture,
        )
    except HintError as error:
        raise HintError(_with_options(str(error))) from None


def _with_options(sentence: str) -> str:
    """Name the options in a complaint about a hint by what they are called here."""
    names = "|".join(field.name for field in fields(Hint))
    head, colon, advice = sentence.partition(":")
    head = re.sub(
        rf"^(?:{names})\b|(?<=and )(?:{names})\b",
        lambda found: f"--{found[0].replace('_', '-')}",
        head,
    )
    return head + colon + advice


def sources_of(path: str) -> Iterator["Source"]:
    """Yield the pictures and PDFs that an argument names."""
    from digits.io.sources import Source, find_sources

    return iter([Source(STDIN)]) if path == STDIN else find_sources([path])
