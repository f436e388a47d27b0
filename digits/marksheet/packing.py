"""Pack the reading of a page into JSON and one array, and unpack it."""

import dataclasses
import json
import zlib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, TypeVar

import numpy as np

from digits.marksheet.columns import PlacedNumber
from digits.marksheet.scan import Scan, to_rows
from digits.types import (
    FRAME,
    Box,
    Cell,
    Digit,
    Frame,
    Frames,
    Line,
    Mark,
    ModelName,
    Reading,
)

LEVELS = 255  # of a frame; corrections keep no more

Made = TypeVar("Made")


@dataclass(frozen=True, slots=True)
class PackedScan:
    """The reading of a page, as stored in the database."""

    reading: str  # JSON, with the places of its numbers
    frames: bytes  # zlib of uint8 (digits, 28, 28)


def pack_scan(scan: Scan) -> PackedScan | None:
    """Pack the reading of a page; None if it was not read."""
    if scan.reading is None:
        return None
    entries = [
        (row, column, entry)
        for row, cells in enumerate(scan.rows)
        for column, entry in enumerate(cells)
        if entry is not None
    ]
    placed = [
        [row, column, entry.index, *dataclasses.astuple(entry.box), entry.kind]
        for row, column, entry in entries
    ]
    reasons = {entry.index: entry.reason for _, _, entry in entries if entry.reason}
    frames = [digit.frame for digit in scan.reading.digits]
    levels = np.rint(LEVELS * np.array(frames, np.float32).reshape(-1, FRAME, FRAME))
    plain = {"reading": scan.reading.to_json(), "placed": placed, "reasons": reasons}
    return PackedScan(json.dumps(plain), zlib.compress(levels.astype(np.uint8).tobytes()))


def unpack_scan(scan: Scan, packed: PackedScan) -> Scan:
    """Return a page with its unpacked reading."""
    plain = json.loads(packed.reading)
    levels = np.frombuffer(zlib.decompress(packed.frames), np.uint8)
    frames = levels.reshape(-1, FRAME, FRAME).astype(np.float32) / np.float32(LEVELS)
    reading = _reading(plain["reading"], frames)
    reasons = plain.get("reasons", {})  # scans stored by earlier versions have none
    placed = [
        PlacedNumber(
            row, column, reading.lines[index], Box(*box), kind, reasons.get(str(index), "")
        )
        for row, column, index, *box, kind in sorted(plain["placed"], key=lambda one: one[2])
    ]
    return dataclasses.replace(scan, reading=reading, rows=to_rows(placed))


def _reading(plain: Mapping[str, Any], frames: Frames) -> Reading:
    lines = plain["lines"]
    ends = np.cumsum([len(line["digits"]) for line in lines], dtype=int)
    frames_of_lines = np.split(frames, ends)[:-1]
    return _made(
        Reading,
        plain,
        size=tuple(plain["size"]),
        model=ModelName(**plain["model"]),
        lines=tuple(map(_line, lines, frames_of_lines)),
        cells=tuple(_placed(Cell, cell) for cell in plain["cells"]),
        notes=tuple(plain["notes"]),
        unread=tuple(Box(*box) for box in plain.get("unread", ())),
    )


def _line(plain: Mapping[str, Any], frames: Frames) -> Line:
    digits = tuple(_digit(*pair) for pair in zip(plain["digits"], frames, strict=True))
    return _placed(Line, plain, digits=digits)


def _digit(plain: Mapping[str, Any], frame: Frame) -> Digit:
    probabilities = tuple(plain["probabilities"])
    box = Box(*plain["box"])
    return _made(Digit, plain, box=box, probabilities=probabilities, frame=frame)


def _placed(kind: type[Made], plain: Mapping[str, Any], **known: Any) -> Made:  # noqa: ANN401
    marks = tuple(Mark(mark["kind"], Box(*mark["box"])) for mark in plain["marks"])
    return _made(kind, plain, box=Box(*plain["box"]), marks=marks, **known)


def _made(kind: type[Made], plain: Mapping[str, Any], **known: Any) -> Made:  # noqa: ANN401
    """Build a data class from plain fields and those already built."""
    fields = {field.name for field in dataclasses.fields(kind)}  # type: ignore[arg-type]  # is one
    return kind(**{name: value for name, value in plain.items() if name in fields} | known)
