"""Check a sheet: cells against their columns, and written totals against their sums."""

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from itertools import islice, product
from typing import Literal

from digits.marksheet.cell import (
    ABSENT,
    CANDIDATES,
    POINTS,
    Checked,
    Doubt,
    DoubtKind,
    check_cell,
    is_word,
    likely_texts,
    to_points,
)
from digits.marksheet.propose import LONG, MOSTLY
from digits.marksheet.sheet import Place, Sheet
from digits.types import CONFIDENCE_THRESHOLD

CONCEIVABLE = 0.001  # least ratio to the best reading's probability, for one that makes a sum agree
SUM_THRESHOLD = 0.2  # confidence threshold of a cell whose sum agrees
TRIED = 10  # most probable readings of a cell that are tried to make a sum agree
ALIKE: dict[DoubtKind, tuple[str, str]] = {
    "decimal": ("decimal", "decimals"),
    "dash": ("dash", "dashes"),
}  # doubts that can be confirmed for many cells at once: singular, plural


SumState = Literal["agrees", "differs", "open"]  # open: part of it is not a number


@dataclass(frozen=True, slots=True)
class Sum:
    """Numbers compared with the total that is written for them."""

    total: Place
    parts: tuple[Place, ...]
    state: SumState
    reckoned: Decimal | None = None
    written: Decimal | None = None
    suspect: tuple[Place, str] | None = None  # the only other reading that makes the sum agree
    is_kept: bool = False  # accepted by the user

    @property
    def is_open(self) -> bool:
        """Whether the user still has to check it."""
        return self.state == "differs" and not self.is_kept


@dataclass(frozen=True, slots=True)
class Group:
    """Cells with the same doubt that can be confirmed at once."""

    kind: DoubtKind
    label: str  # on the button
    places: tuple[Place, ...]


@dataclass(frozen=True, slots=True)
class Audit:
    """Everything that has to be checked on a sheet."""

    cells: tuple[tuple[Checked, ...], ...]  # row by row
    sums: tuple[Sum, ...]
    groups: tuple[Group, ...]
    n_cells: int  # with a doubt of their own
    n_sums: int
    n_failed: int  # files
    names: str  # what is wrong with the class list; empty where nothing is

    @property
    def summary(self) -> str:
        """The number of checks left, in words."""
        counts = [
            _count(self.n_cells, "cell", "cells"),
            _count(self.n_sums, "sum", "sums"),
            _count(self.n_failed, "file failed", "files failed"),
            self.names,
        ]
        return ", ".join(filter(None, counts)) or "Nothing left to check"


def _count(n: int, one: str, many: str) -> str:
    return f"{n} {one if n == 1 else many}" if n else ""


def audit_sheet(sheet: Sheet) -> Audit:
    """Check every cell and every sum of a sheet."""
    cells, sums = _check_sums(sheet)
    _check_lengths(sheet, cells)
    for each in sums:
        if each.is_open:
            _doubt_sum(cells, each)
    failed = {row.scan for row in sheet.rows if row.kind == "failed"}
    return Audit(
        tuple(map(tuple, cells)),
        tuple(sums),
        tuple(_find_groups(cells)),
        sum(has_own_doubt(cell) for row in cells for cell in row),
        sum(each.is_open for each in sums),
        len(failed),
        compare_counts(sheet),
    )


def _check_sums(sheet: Sheet) -> tuple[list[list[Checked]], list[Sum]]:
    """Check all cells and sums; numbers whose sum agrees are unlikely to be wrong.

    A cell with a mark in it stays doubtful even if its sum agrees.
    """
    cells = _check_cells(sheet, frozenset())
    sums = [_compare(sheet, cells, *places) for places in find_sums(sheet)]
    agreed = frozenset(
        place for each in sums if each.state == "agrees" for place in (*each.parts, each.total)
    )
    if agreed:
        cells = _check_cells(sheet, agreed)
    return cells, [_with_suspect(sheet, cells, each) for each in sums]


def has_own_doubt(cell: Checked) -> bool:
    """Return whether a cell has doubts other than those about its sum."""
    return any(doubt.kind not in ("sum", "suspect") for doubt in cell.doubts)


def _check_cells(sheet: Sheet, agreed: frozenset[Place]) -> list[list[Checked]]:
    """Check each cell on its own; those in `agreed` are part of a sum that agrees."""
    return [
        [
            _shown(
                sheet,
                row,
                column,
                SUM_THRESHOLD if (row, column) in agreed else CONFIDENCE_THRESHOLD,
            )
            for column in range(len(sheet.columns))
        ]
        for row in range(len(sheet.rows))
    ]


def _shown(sheet: Sheet, row: int, column: int, threshold: float) -> Checked:
    entry, edit = sheet.rows[row].entries[column], sheet.edits.get((row, column))
    cell = check_cell(entry, sheet.columns[column], edit, threshold=threshold)
    counts = sheet.rows[row].kind in ("data", "total")
    return cell if counts else Checked(cell.text, confirmed=cell.confirmed)


def find_sums(sheet: Sheet) -> Iterator[tuple[Place, tuple[Place, ...]]]:
    """Yield each place of a total and the places that it adds up."""
    numeric = [index for index, column in enumerate(sheet.columns) if column.is_numeric]
    yield from _row_sums(sheet, numeric)
    yield from _column_sums(sheet, numeric)


def _row_sums(sheet: Sheet, numeric: Sequence[int]) -> Iterator[tuple[Place, tuple[Place, ...]]]:
    """Yield the totals in columns of totals."""
    points = [index for index in numeric if sheet.columns[index].kind in POINTS]
    totals = [index for index in numeric if index not in points]
    for row, total in product(sheet.data if points else (), totals):
        yield (row, total), tuple((row, column) for column in points)


def _column_sums(sheet: Sheet, numeric: Sequence[int]) -> Iterator[tuple[Place, tuple[Place, ...]]]:
    """Yield the totals in rows of totals."""
    totals = [index for index, row in enumerate(sheet.rows) if row.kind == "total"]
    for row, column in product(totals, numeric):
        above = tuple((index, column) for index in sheet.data if index < row)
        if above:
            yield (row, column), above


def _compare(
    sheet: Sheet, cells: Sequence[Sequence[Checked]], total: Place, parts: tuple[Place, ...]
) -> Sum:
    """Compare numbers with their total; an empty cell counts 0."""
    edit = sheet.edits.get(total)
    is_kept = edit is not None and edit.kept
    text = cells[total[0]][total[1]].text
    texts = [cells[row][column].text for row, column in parts]
    if not text and not any(texts):
        return Sum(total, parts, "agrees", is_kept=is_kept)
    values = [_value(each) for each in texts]
    reckoned = None if None in values else sum(filter(None, values), Decimal(0))
    written = _value(text) if text else None
    return Sum(total, parts, _sum_state(text, reckoned, written), reckoned, written, None, is_kept)


def _value(text: str) -> Decimal | None:
    """Return the value of a cell: 0 for an absent person, None for text that is not a number."""
    return Decimal(0) if not text or is_word(text) else to_points(text)


def _sum_state(text: str, reckoned: Decimal | None, written: Decimal | None) -> SumState:
    """Compare a sum with the text of its total; a missing total differs."""
    if reckoned is None or (text and written is None):
        return "open"
    return "agrees" if reckoned == (written or 0) and (text or not reckoned) else "differs"


def _with_suspect(sheet: Sheet, cells: Sequence[Sequence[Checked]], each: Sum) -> Sum:
    """Find the most probable other reading of one cell that makes a sum agree."""
    if not each.is_open or each.reckoned is None or each.written is None:
        return each
    missing = each.written - each.reckoned
    found = []
    for place in (*each.parts, each.total):
        cell = cells[place[0]][place[1]]
        change = -missing if place == each.total else missing
        wanted = (_value(cell.text) or Decimal(0)) + change
        if not cell.confirmed:
            found += [(share, place, text) for text, share in _readings_of(sheet, place, wanted)]
    best = max(found, key=lambda one: one[0], default=None)
    return each if best is None else replace(each, suspect=best[1:])


def _readings_of(sheet: Sheet, place: Place, wanted: Decimal) -> Iterator[tuple[str, float]]:
    """Yield readings of a cell with the required value, and their relative probability."""
    row, column = place
    entry = sheet.rows[row].entries[column]
    if entry is None:
        return
    conceivable = likely_texts(entry.line, sheet.columns[column], least=CONCEIVABLE)
    for text, share in islice(conceivable, TRIED):
        if to_points(text) == wanted:
            yield text, share


def _doubt_sum(cells: list[list[Checked]], each: Sum) -> None:
    """Add the doubts about a sum to its cells."""
    written = "No total" if each.written is None else f"Written {each.written}"
    difference = f"{written}, adds up to {each.reckoned}"
    row, column = each.total
    reckoned = str(each.reckoned)
    if each.suspect is not None and each.suspect[0] != each.total:
        (down, across), text = each.suspect
        doubt = Doubt("suspect", f"{difference}: is this {text}?")
        cells[down][across] = _doubted(cells[down][across], doubt, text)
    offered = reckoned if each.suspect is None or each.suspect[0] != each.total else each.suspect[1]
    cells[row][column] = _doubted(cells[row][column], Doubt("sum", difference), offered)


def _doubted(cell: Checked, doubt: Doubt, text: str) -> Checked:
    """Add a doubt and the text that would resolve it."""
    others = [cell.text, *cell.candidates] if cell.text else list(cell.candidates)
    candidates = (text, *(other for other in dict.fromkeys(others) if other != text))
    return replace(cell, doubts=(*cell.doubts, doubt), candidates=candidates[:CANDIDATES])


def _check_lengths(sheet: Sheet, cells: list[list[Checked]]) -> None:
    """Add doubts to identifiers that are longer or shorter than most."""
    for column, about in enumerate(sheet.columns):
        if about.kind != "identifier":
            continue
        usual = _usual_length([cells[row][column].text for row in sheet.data])
        for row in sheet.data if usual else ():
            cell, edit = cells[row][column], sheet.edits.get((row, column))
            is_kept = edit is not None and edit.kept
            if cell.text and len(cell.text) != usual and not is_kept:
                doubt = Doubt("length", f"The others have {usual} digits")
                cells[row][column] = replace(cell, doubts=(*cell.doubts, doubt))


def _usual_length(texts: Sequence[str]) -> int:
    """Return the usual length of identifiers; 0 if there is none, or it is short."""
    lengths = Counter(len(text) for text in texts if text)
    length, same = lengths.most_common(1)[0] if lengths else (0, 0)
    return length if length >= LONG and same > MOSTLY * lengths.total() else 0


def _find_groups(cells: Sequence[Sequence[Checked]]) -> Iterator[Group]:
    """Yield the doubts that are the only one of several cells."""
    for kind, (_, many) in ALIKE.items():
        places = tuple(
            (row, column)
            for row, each in enumerate(cells)
            for column, cell in enumerate(each)
            if [doubt.kind for doubt in cell.doubts] == [kind] and not cell.confirmed
        )
        if len(places) > 1:
            label = f"Confirm all {len(places)} {many}"
            yield Group(kind, f"{label} as {ABSENT}" if kind == "dash" else label, places)


def compare_counts(sheet: Sheet) -> str:
    """Describe the difference between the lengths of class list and table; "" if none."""
    names, rows = len(sheet.names), len(sheet.data)
    if not names or names == rows:
        return ""
    more = abs(names - rows)
    what = _count(more, "name", "names") if names > rows else _count(more, "row", "rows")
    return f"{what} left over"
