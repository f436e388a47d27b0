"""Core data types: units, arrays and results.

A picture becomes `Ink`, ink becomes `Frames`, frames become probabilities, and all of it ends in
one `Reading`. `Reading.to_json` is the format of every output.
"""

import dataclasses
from collections.abc import Iterable
from dataclasses import dataclass, field
from functools import cache
from typing import Any, Literal

import numpy as np

from digits.arrays import Float32, Float64, UInt8
from digits.errors import HintError

FRAME = 28  # px, side of an MNIST picture (LeCun et al. 1998, section III.A)
GLYPH = 20  # px, longest side of the digit inside it (same source)
CENTRE = 14.5  # px from the frame's corner to MNIST's centre of mass; pixel i spans [i, i + 1)
CLASSES = 10  # the digits 0 to 9
PIXEL_CLASSES = (  # of a page; a struck-out number includes its strokes
    "background",
    "digit",
    "writing",
    "rule",
    "print",
    "printed digit",
    "struck-out number",
)
BACKGROUND, DIGIT, WRITING, RULE, PRINT, PRINTED_DIGIT, STRUCK = range(len(PIXEL_CLASSES))
STRIP = 32  # px, height of a straightened line; the digits fill about three quarters
STRIDE = 4  # px of a strip for each step of the line network
DIGITS = "0123456789"
ALPHABET = DIGITS + ".-/ "  # what a line network may read; " " parts 2 from 1/2
LINKED = 0.3  # of full ink: paler pixels do not join two strokes
CONFIDENCE_THRESHOLD = 0.95  # a less confident reading is doubtful; see docs/decisions.md
MAX_LENGTH = 100  # digits of one number; as many as the widest strip holds
SCHEMA = 1  # version of the JSON of a Reading; fields are only ever added

# The leading underscore documents an axis without binding it: an argument and a result of one
# call may differ in size. `n` is bound on purpose: as many answers as questions.
Pixels = UInt8[np.ndarray, "_height _width"]  # grey, upright: 0 black to 255 white
Contrast = Float32[np.ndarray, "_height _width"]  # 0.0 as bright as its paper to 1.0 black
Ink = Float32[np.ndarray, "_height _width"]  # 0.0 bare paper to 1.0 full ink
Frame = Float32[np.ndarray, "28 28"]  # one digit as ink, as MNIST would show it
Frames = Float32[np.ndarray, "n 28 28"]
Logits = Float32[np.ndarray, "n 10"]  # unbounded scores, before softmax
Probabilities = Float32[np.ndarray, "n 10"]  # rows sum to 1

Status = Literal["read", "doubtful", "blank", "refused", "failed"]
MarkKind = Literal["dot", "dash", "stroke", "other"]
CellKind = Literal["number", "empty", "other"]
REJECTED = "?"  # a rejected character in a text


@dataclass(frozen=True, slots=True)
class Box:
    """An upright rectangle in pixels; the right and bottom edges are excluded."""

    x: int  # px, left edge
    y: int  # px, top edge
    width: int  # px
    height: int  # px

    @property
    def right(self) -> int:
        """First column to the right of the box."""
        return self.x + self.width

    @property
    def bottom(self) -> int:
        """First row below the box."""
        return self.y + self.height

    def rows_and_columns(self) -> tuple[slice, slice]:
        """Return the index that cuts this box out of an image."""
        return slice(self.y, self.bottom), slice(self.x, self.right)

    def overlaps(self, other: "Box") -> bool:
        """Return whether the two share a pixel."""
        return min(self.right, other.right) > max(self.x, other.x) and min(
            self.bottom, other.bottom
        ) > max(self.y, other.y)

    @classmethod
    def around(cls, boxes: Iterable["Box"]) -> "Box":
        """Return the smallest box that holds all of `boxes`, of which there is at least one."""
        each = list(boxes)
        x, y = min(box.x for box in each), min(box.y for box in each)
        right, bottom = max(box.right for box in each), max(box.bottom for box in each)
        return cls(x, y, right - x, bottom - y)


@dataclass(frozen=True, slots=True)
class Region:
    """A four-cornered part of a page that becomes an upright rectangle when it is straightened."""

    # px (x, y) of the page's ink, as the writing runs: top left, top right, bottom right,
    # bottom left
    corners: tuple[tuple[float, float], ...]


@dataclass(frozen=True, slots=True)
class Paper:
    """The corners of the sheet, board or screen in a photograph."""

    # px (x, y), as seen in the photograph: top left, top right, bottom right, bottom left
    corners: tuple[tuple[float, float], ...]

    @property
    def is_convex(self) -> bool:
        """Whether there are four corners in order, and all angles are less than 180 degrees."""
        corners = np.array(self.corners, np.float64)
        if corners.shape != (4, 2) or not np.isfinite(corners).all():
            return False
        sides = np.roll(corners, -1, axis=0) - corners
        following = np.roll(sides, -1, axis=0)
        turns = sides[:, 0] * following[:, 1] - sides[:, 1] * following[:, 0]
        return bool((turns > 0).all())


@dataclass(frozen=True, slots=True)
class Picture:
    """An upright grey picture, possibly reduced.

    `grey` is the input of the reader; `width` and `height` are those of the upright original, in
    whose pixels all boxes of a reading are.
    """

    grey: Pixels
    width: int  # px of the upright original
    height: int  # px of the upright original
    sha256: str  # of the bytes that the picture was decoded from
    # the same size as `grey`; None where colour was not decoded
    rgb: UInt8[np.ndarray, "_height _width 3"] | None = field(
        default=None, compare=False, repr=False
    )

    @property
    def colours(self) -> UInt8[np.ndarray, "_height _width 3"]:
        """The picture in colour, grey where no colour was decoded."""
        return np.repeat(self.grey[..., None], 3, axis=2) if self.rgb is None else self.rgb

    def to_original(self, box: Box) -> Box:
        """Return `box`, given in pixels of `grey`, in pixels of the original."""
        across = self.width / self.grey.shape[1]
        down = self.height / self.grey.shape[0]
        x, y = round(box.x * across), round(box.y * down)
        return Box(x, y, round(box.right * across) - x, round(box.bottom * down) - y)

    def from_original(self, box: Box) -> Box:
        """Return `box`, given in pixels of the original, in pixels of `grey`."""
        across = self.grey.shape[1] / self.width
        down = self.grey.shape[0] / self.height
        x, y = round(box.x * across), round(box.y * down)
        return Box(
            x,
            y,
            max(1, round(box.right * across) - x),
            max(1, round(box.bottom * down) - y),
        )


@dataclass(frozen=True, slots=True)
class Page:
    """An upright part of a picture: its ink, its contrast and its position."""

    ink: Ink
    contrast: Contrast  # the same size, with the patterns of the paper
    to_original: Float64[np.ndarray, "3 3"]  # homography from px of this page to px of the original
    size: tuple[int, int]  # px, width and height of the original

    def box_in_original(self, box: Box) -> Box:
        """Return the upright box in pixels of the original round `box` of this page."""
        corners = np.array(
            [
                [box.x, box.right, box.right, box.x],
                [box.y, box.y, box.bottom, box.bottom],
                [1.0, 1.0, 1.0, 1.0],
            ]
        )
        across, down, scale = self.to_original @ corners
        width, height = self.size
        # In plain numbers, which are faster for four corners.
        x = [min(max(value, 0), width) for value in (across / scale).tolist()]
        y = [min(max(value, 0), height) for value in (down / scale).tolist()]
        left, top = min(round(min(x)), width - 1), min(round(min(y)), height - 1)
        right, bottom = round(max(x)), round(max(y))
        return Box(left, top, max(1, right - left), max(1, bottom - top))

    def region_from_original(self, box: Box) -> Region:
        """Return `box`, given in pixels of the original, in pixels of this page."""
        x, y = [box.x, box.right, box.right, box.x], [box.y, box.y, box.bottom, box.bottom]
        across, down, scale = np.linalg.inv(self.to_original) @ np.array([x, y, [1.0] * 4])
        return Region(tuple(zip((across / scale).tolist(), (down / scale).tolist(), strict=True)))

    def box_from_original(self, box: Box) -> Box:
        """Return the upright box on this page round `box`, given in pixels of the original."""
        height, width = self.ink.shape
        corners = np.array(self.region_from_original(box).corners)
        left, top = np.clip(corners.min(axis=0).round(), 0, (width - 1, height - 1)).astype(int)
        right, bottom = np.clip(corners.max(axis=0).round(), 0, (width, height)).astype(int)
        return Box(int(left), int(top), max(1, int(right - left)), max(1, int(bottom - top)))


@dataclass(frozen=True, slots=True)
class Hint:
    """What is known about a picture, and the confidence threshold.

    A true hint restricts the reading and never makes a right one wrong. If a hint contradicts the
    picture, the reading is doubtful and has a note.

    Raises
    ------
    HintError
        A value is out of its range, or `single` and `length` contradict each other.
    """

    single: bool = False  # the picture holds exactly one digit
    length: int | None = None  # the picture holds one line of this many digits
    accept: float = CONFIDENCE_THRESHOLD  # a less confident reading is doubtful
    boxes: tuple[Box, ...] = ()  # read only these regions of the original, each a line
    paper: Paper | None = None  # the page ends here; None: the reader looks for its edges
    whole_picture: bool = False  # the page fills the picture: do not look for its edges

    def __post_init__(self) -> None:
        """Check what can be checked without a picture."""
        if self.length is not None and not 1 <= self.length <= MAX_LENGTH:
            raise HintError(
                f"length takes a number of digits from 1 to {MAX_LENGTH}, not {self.length}"
            )
        if self.single and self.length not in (None, 1):
            raise HintError("single and length contradict each other: leave one out")
        if self.paper is not None and self.whole_picture:
            raise HintError("paper and whole_picture contradict each other: leave one out")
        if self.paper is not None and not self.paper.is_convex:
            raise HintError(
                "paper takes the 4 corners of the page in order: top left, top right, bottom "
                "right, bottom left"
            )
        if not 0 <= self.accept <= 1:
            raise HintError(f"accept takes a confidence between 0 and 1, not {self.accept}")


ANY = Hint()


@dataclass(frozen=True, slots=True)
class ModelName:
    """The name and checksum of a model."""

    name: str
    sha256: str


@dataclass(frozen=True, slots=True)
class Digit:
    """A character and its probabilities."""

    value: int | None  # None: rejected, stands as "?" in the text
    confidence: float  # probability that `value` is right
    box: Box
    probabilities: tuple[float, ...]  # of 0 to 9
    not_a_digit: float | None  # probability; None where the model gives no such score
    frame: Frame = field(compare=False, repr=False)  # the input of the classifier; not in the JSON

    @property
    def text(self) -> str:
        """The digit as a character: "0" to "9", or "?" where it was rejected."""
        return REJECTED if self.value is None else str(self.value)


@dataclass(frozen=True, slots=True)
class Mark:
    """Ink on a line that is not a digit."""

    kind: MarkKind
    box: Box


@dataclass(frozen=True, slots=True)
class Line:
    """Digits that stand side by side, from left to right.

    `text` holds digits only. `written` also holds the separators, e.g. ``7.5``, ``-4``, ``17/20``;
    without separators it equals `text`, which is its default.
    """

    text: str
    confidence: float  # probability that the whole number is right
    box: Box
    digits: tuple[Digit, ...]
    marks: tuple[Mark, ...] = ()
    written: str = ""
    struck_out: bool = False  # crossed out by the writer

    def __post_init__(self) -> None:
        """Set `written` to `text` where it is not given."""
        if not self.written:
            object.__setattr__(self, "written", self.text)


@dataclass(frozen=True, slots=True)
class Cell:
    """One cell of a table.

    A cell of kind "number" holds at least one digit, rejected ones included. "other" holds ink
    that is not a number, such as a dash or a tick; its `text` is empty, as in an empty cell.
    """

    row: int
    column: int
    text: str
    confidence: float
    box: Box
    marks: tuple[Mark, ...] = ()  # ink in the cell that is not a digit
    written: str = ""  # `text` with its separators; defaults to `text`
    kind: CellKind = "number"  # without text, defaults to "other" or "empty" by `marks`
    struck_out: bool = False  # crossed out by the writer

    def __post_init__(self) -> None:
        """Set `written` and `kind` where they are not given."""
        if not self.written:
            object.__setattr__(self, "written", self.text)
        if not self.text and self.kind == "number":
            object.__setattr__(self, "kind", "other" if self.marks else "empty")


@dataclass(frozen=True, slots=True)
class Reading:
    """The reading of one picture."""

    id: str  # SHA-256 over picture, model and hint
    size: tuple[int, int]  # px, width and height of the upright original
    status: Status
    model: ModelName
    text: str  # lines joined by "\n"
    confidence: float  # probability that all of `text` is right
    lines: tuple[Line, ...] = ()
    cells: tuple[Cell, ...] = ()
    notes: tuple[str, ...] = ()  # sentences about the picture's quality and the reading
    file: str | None = None
    page: int | None = None
    error: str | None = None
    written: str = ""  # `text` with separators inside its numbers; defaults to `text`
    unread: tuple[Box, ...] = ()  # regions where ink was seen and not read
    paper: Paper | None = None  # the page in the picture; None where the whole picture is the page

    def __post_init__(self) -> None:
        """Set `written` to `text` where it is not given."""
        if not self.written:
            object.__setattr__(self, "written", self.text)

    @property
    def digits(self) -> tuple[Digit, ...]:
        """All digits in reading order."""
        return tuple(digit for line in self.lines for digit in line.digits)

    @property
    def marks(self) -> tuple[Mark, ...]:
        """All marks, in reading order."""
        return tuple(mark for part in self.cells or self.lines for mark in part.marks)

    def to_json(self) -> dict[str, Any]:
        """Return this reading as a JSON-serializable dict."""
        return {"schema": SCHEMA, **_to_plain(self)}


PLAIN = (str, int, float, bool, type(None))


def _to_plain(value: Any) -> Any:  # noqa: ANN401  # JSON has no narrower type
    """Replace each box by [x, y, width, height], each tuple by a list, and data by dicts.

    `dataclasses.asdict` copies each value deeply, pixels too, which takes longer than a digit.
    """
    if value is None or isinstance(value, str | int | float):
        return value
    if isinstance(value, Box):
        return [value.x, value.y, value.width, value.height]
    if isinstance(value, Paper):
        return [list(corner) for corner in value.corners]
    if isinstance(value, tuple | list):
        return [item if type(item) in PLAIN else _to_plain(item) for item in value]
    named = ((name, getattr(value, name)) for name in _json_names(type(value)))  # type: ignore[arg-type]
    return {name: item if type(item) in PLAIN else _to_plain(item) for name, item in named}


@cache
def _json_names(kind: type) -> tuple[str, ...]:
    """Return the fields of a class that its JSON has; pixels are left out."""
    return tuple(each.name for each in dataclasses.fields(kind) if each.name != "frame")
