"""Count the wrong cells of mark sheets, and those that are silently wrong.

    python benchmarks/sheets.py [--sheets N] [--quick] [--out FILE.md]

Composed sheets of seven rows: an identifier, three marks and their written total, ruled or not,
seen from above and by a camera tilted up to 25 degrees, in plain light and in a shadow with grain.
Their digits are MNIST's calibration digits, which nothing about sheets was tuned on.
"""

import argparse
import io
import sys
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

import cv2
import numpy as np
from PIL import Image

sys.path.insert(0, str(Path(__file__).parent.parent))

from digits.marksheet.audit import audit_sheet
from digits.marksheet.cell import check_cell
from digits.marksheet.scan import list_scans, read_scan
from digits.marksheet.sheet import Sheet, build_sheet
from digits.mnist import Labelled, load_mnist
from digits.registry import current_reader

ROWS = 7
SIDE = 56  # px of a digit's frame
PITCH = 46  # px from digit to digit
ROW = 90  # px, height of a row
COLUMNS = ((60, 340), (400, 160), (560, 160), (720, 160), (880, 200))  # px, left edge and width
MARGIN = (20, 17)  # px, from a cell's corner to its first digit's
PAGE = (760, 1150)  # px, height and width
LIGHT, DARK = 230.0, 0.85  # level of the paper, and share of it that ink takes away
RULE = 0.9  # ink of the rules
HIGHEST = 20  # marks, of each question
TILTS = (0, 15, 25)  # degrees
AWAY = 2.0  # heights of the page, from which the camera looks
GRAIN = 5.0  # grey levels, standard deviation
SHADE = 0.5  # of the light, at the darker side
FIRST_SEED = 5000
COUNTED = (
    "sheets",
    "another shape",
    "cells",
    "wrong",
    "to check",
    "silently wrong",
    "to check, no total",
    "silently wrong, no total",
)


def compose_sheet(
    digits: Labelled,
    rng: np.random.Generator,
    *,
    ruled: bool,
    rows: int = ROWS,
    columns: Sequence[tuple[int, int]] = COLUMNS,
) -> tuple[np.ndarray, list[list[str]]]:
    """Return a page's ink, float32 (height, width), and what each of its cells says."""
    ink, truth = np.zeros((PAGE[0] + ROW * (rows - ROWS), PAGE[1]), np.float32), []
    for row in range(rows):
        marks = [int(mark) for mark in rng.integers(0, HIGHEST + 1, len(columns) - 2)]
        texts = [f"{rng.integers(10_000, 100_000)}", *map(str, marks), str(sum(marks))]
        for (left, width), text in zip(columns, texts, strict=True):
            top = 60 + ROW * row
            for place, value in enumerate(text):
                x, y = left + MARGIN[0] + PITCH * place, top + MARGIN[1]
                area = ink[y : y + SIDE, x : x + SIDE]
                index = rng.choice(np.flatnonzero(digits.labels == int(value)))
                large = cv2.resize(
                    digits.pictures[index] / np.float32(255),
                    (SIDE, SIDE),
                    interpolation=cv2.INTER_CUBIC,
                )
                np.maximum(area, large, out=area)
            if ruled:
                cv2.rectangle(ink, (left, top), (left + width, top + ROW), RULE, 2)
        truth.append(texts)
    return ink, truth


def photograph(
    ink: np.ndarray, tilt: float, rng: np.random.Generator, *, shaded: bool
) -> np.ndarray:
    """Return the page as a camera tilted by so many degrees sees it: uint8 (height, width)."""
    height, width = ink.shape
    light = np.full(ink.shape, LIGHT, np.float32)
    if shaded:
        light *= np.linspace(SHADE, 1, width, dtype=np.float32)[None, :]
        light += rng.normal(0, GRAIN, ink.shape).astype(np.float32)
    grey = np.clip(light * (1 - DARK * ink), 0, 255).astype(np.uint8)
    if not tilt:
        return grey
    angle, away = np.deg2rad(tilt), AWAY * height
    corners = np.array([[0, 0], [width, 0], [width, height], [0, height]], np.float32)
    aside, along = (corners - [width / 2, height / 2]).T
    closer = away / (away - along * np.sin(angle))
    seen = np.stack([aside * closer, along * np.cos(angle) * closer], axis=1).astype(np.float32)
    seen -= seen.min(axis=0) - 20
    size = (int(seen[:, 0].max()) + 20, int(seen[:, 1].max()) + 20)
    view = cv2.getPerspectiveTransform(corners, seen)
    return np.asarray(cv2.warpPerspective(grey, view, size, borderMode=cv2.BORDER_REPLICATE))


def read_sheet(grey: np.ndarray) -> Sheet:
    """Read a photograph as the Sheet page does."""
    file = io.BytesIO()
    Image.fromarray(grey).save(file, "PNG")
    (scan,) = list_scans("sheet.png", file.getvalue())
    return build_sheet([read_scan(current_reader().read, scan)], {"layout": "table"})


def count_cells(sheet: Sheet, truth: list[list[str]]) -> Counter[str]:
    """Count cells, those to check, those wrong, and those wrong that look fine."""
    counts = Counter(sheets=1, cells=sum(map(len, truth)))
    found = [len(row.entries) for row in sheet.rows]
    if found != [len(texts) for texts in truth]:
        counts["another shape"] += 1
        return counts
    audit = audit_sheet(sheet)
    for row, texts in enumerate(truth):
        with_sum = audit.cells[row]
        entries = zip(sheet.rows[row].entries, sheet.columns, with_sum, texts, strict=True)
        for entry, column, cell, text in entries:
            alone = check_cell(entry, column)  # as if no total were written
            counts["to check"] += bool(cell.doubts)
            counts["wrong"] += cell.text != text
            counts["silently wrong"] += cell.text != text and not cell.doubts
            counts["to check, no total"] += bool(alone.doubts)
            counts["silently wrong, no total"] += alone.text != text and not alone.doubts
    return counts


def report(sheets: int) -> str:
    """Return the table, a row for each kind of photograph."""
    digits = load_mnist().calibration
    lines = ["| photograph | " + " | ".join(COUNTED) + " |", "|---|" + "---|" * len(COUNTED)]
    total: Counter[str] = Counter()
    for ruled in (True, False):
        for tilt in TILTS:
            counts: Counter[str] = Counter()
            for number in range(sheets):
                rng = np.random.default_rng((FIRST_SEED + number, tilt, ruled))
                ink, truth = compose_sheet(digits, rng, ruled=ruled)
                grey = photograph(ink, tilt, rng, shaded=number % 2 == 1)
                counts += count_cells(read_sheet(grey), truth)
            lines.append(_row(f"{'ruled' if ruled else 'not ruled'}, {tilt} degrees", counts))
            total += counts
    lines.append(_row("**all**", total))
    return "\n".join(lines) + "\n"


def _row(name: str, counts: Counter[str]) -> str:
    return f"| {name} | " + " | ".join(str(counts[column]) for column in COUNTED) + " |"


def main() -> int:
    """Print the table, and write it where `--out` says."""
    parser = argparse.ArgumentParser(description="How many cells of a mark sheet are wrong.")
    parser.add_argument("--sheets", type=int, default=12, help="of each kind")
    parser.add_argument("--quick", action="store_true", help="one of each, to see it run")
    parser.add_argument("--out", type=Path, help="a Markdown file to write")
    options = parser.parse_args()
    text = report(1 if options.quick else options.sheets)
    print(text, end="")
    if options.out:
        options.out.write_text(text, encoding="utf-8", newline="\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
