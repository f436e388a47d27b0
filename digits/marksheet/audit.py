"""Check a sheet: each cell against its column, and written totals against their sums."""

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

CONCEIVABLE = 0.001  # of the likeliest reading's probability, where another makes a sum agree
SURE_WITH_SUM = 0.2  # confidence below which a cell is doubted though its sum agrees
TRIED = 10  # most probable readings of a cell that are tried to make a sum agree
ALIKE: dict[DoubtKind, tuple[str, str]] = {
    "decimal": ("decimal", "decimals"),
    "dash": ("dash", "dashes"),
}  # doubts that many cells share and that one answer settles: one of them, several


SumState = Literal["agrees", "differs", "open"]  # open: something in it is no number


@dataclass(frozen=True, slots=True)
class Sum:
    """Numbers against the total that is written for them."""

    total: Place
    parts: tuple[Place, ...]
    state: SumState
    reckoned: Decimal | None = None
    written: Decimal | None = None
    suspect: tuple[Place, str] | None = None  # the one other reading that makes it agree
    is_kept: bool = False  # a person leaves it as it is

    @property
    def is_open(self) -> bool:
        """Whether a person has yet to look at it."""
        return self.state == "differs" and not self.is_kept


@dataclass(frozen=True, slots=True)
class Group:
    """Cells with the same doubt, which one answer settles."""

    kind: DoubtKind
    label: str  # on the button
    places: tuple[Place, ...]


@dataclass(frozen=True, slots=True)
class Audit:
    """Everything there is to check on a sheet."""

    cells: tuple[tuple[Checked, ...], ...]  # row by row
    sums: tuple[Sum, ...]
    groups: tuple[Group, ...]
    n_cells: int  # with a doubt of their own
    n_sums: int
    n_failed: int  # files
    names: str  # what is wrong with the class list; empty where nothing is

    @property
    def is_done(self) -> bool:
        """Whether nothing is left to check."""
        return not (self.n_cells or self.n_sums or self.n_failed or self.names)

    @property
    def summary(self) -> str:
        """What is left to check, in a few words."""
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
    """Check all cells and sums; numbers that add up are hardly so by chance.

    What has a mark in it stays doubted though its sum agrees.
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
    """Return whether a cell is doubted for more than the sum that it is part of."""
    return any(doubt.kind not in ("sum", "suspect") for doubt in cell.doubts)


def _check_cells(sheet: Sheet, agreed: frozenset[Place]) -> list[list[Checked]]:
    """Check each cell by itself; those in `agreed` are part of a sum that agrees."""
    return [
        [
            _shown(
                sheet,
                row,
                column,
                SURE_WITH_SUM if (row, column) in agreed else CONFIDENCE_THRESHOLD,
            )
            for column in range(len(sheet.columns))
        ]
        for row in range(len(sheet.rows))
    ]


def _shown(sheet: Sheet, row: int, column: int, sure: float) -> Checked:
    entry, edit = sheet.rows[row].entries[column], sheet.edits.get((row, column))
    cell = check_cell(entry, sheet.columns[column], edit, sure=sure)
    counts = sheet.rows[row].kind in ("data", "total")
    return cell if counts else Checked(cell.text, confirmed=cell.confirmed)


def find_sums(sheet: Sheet) -> Iterator[tuple[Place, tuple[Place, ...]]]:
    """Yield each place of a total and the places that it adds up."""
    numeric = [index for index, column in enumerate(sheet.columns) if column.is_numeric]
    yield from _row_sums(sheet, numeric)
    yield from _column_sums(sheet, numeric)


def _row_sums(sheet: Sheet, numeric: Sequence[int]) -> Iterator[tuple[Place, tuple[Place, ...]]]:
    """Yield the totals that stand in a column of their own."""
    points = [index for index in numeric if sheet.columns[index].kind in POINTS]
    totals = [index for index in numeric if index not in points]
    for row, total in product(sheet.data if points else (), totals):
        yield (row, total), tuple((row, column) for column in points)


def _column_sums(sheet: Sheet, numeric: Sequence[int]) -> Iterator[tuple[Place, tuple[Place, ...]]]:
    """Yield the totals that stand in a row of their own, below what they add up."""
    totals = [index for index, row in enumerate(sheet.rows) if row.kind == "total"]
    for row, column in product(totals, numeric):
        above = tuple((index, column) for index in sheet.data if index < row)
        if above:
            yield (row, column), above


def _compare(
    sheet: Sheet, cells: Sequence[Sequence[Checked]], total: Place, parts: tuple[Place, ...]
) -> Sum:
    """Compare numbers with their total; an empty one counts nothing."""
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
    """Return what a cell counts: nothing where somebody was absent, None where it is no number."""
    return Decimal(0) if not text or is_word(text) else to_points(text)


def _sum_state(text: str, reckoned: Decimal | None, written: Decimal | None) -> SumState:
    """Compare a sum with the text of its total; a total that is missing differs."""
    if reckoned is None or (text and written is None):
        return "open"
    return "agrees" if reckoned == (written or 0) and (text or not reckoned) else "differs"


def _with_suspect(sheet: Sheet, cells: Sequence[Sequence[Checked]], each: Sum) -> Sum:
    """Find the likeliest other reading of one cell that makes a sum agree."""
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
    """Yield what a cell may say that has the value that is wanted, with its probability's share."""
    row, column = place
    entry = sheet.rows[row].entries[column]
    if entry is None:
        return
    conceivable = likely_texts(entry.line, sheet.columns[column], least=CONCEIVABLE)
    for text, share in islice(conceivable, TRIED):
        if to_points(text) == wanted:
            yield text, share


def _doubt_sum(cells: list[list[Checked]], each: Sum) -> None:
    """Add the doubts about a sum to the cells that they concern."""
    written = "No total" if each.written is None else f"Written {each.written}"
    told = f"{written}, adds up to {each.reckoned}"
    row, column = each.total
    reckoned = str(each.reckoned)
    if each.suspect is not None and each.suspect[0] != each.total:
        (down, across), text = each.suspect
        doubt = Doubt("suspect", f"{told}: is this {text}?")
        cells[down][across] = _doubted(cells[down][across], doubt, text)
    offered = reckoned if each.suspect is None or each.suspect[0] != each.total else each.suspect[1]
    cells[row][column] = _doubted(cells[row][column], Doubt("sum", told), offered)


def _doubted(cell: Checked, doubt: Doubt, text: str) -> Checked:
    """Add a doubt and the text that would settle it."""
    others = [cell.text, *cell.candidates] if cell.text else list(cell.candidates)
    candidates = (text, *(other for other in dict.fromkeys(others) if other != text))
    return replace(cell, doubts=(*cell.doubts, doubt), candidates=candidates[:CANDIDATES])


def _check_lengths(sheet: Sheet, cells: list[list[Checked]]) -> None:
    """Doubt identifiers that are longer or shorter than most."""
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
    """Return how long most identifiers are; 0 where they are of many lengths, or short."""
    lengths = Counter(len(text) for text in texts if text)
    length, same = lengths.most_common(1)[0] if lengths else (0, 0)
    return length if length >= LONG and same > MOSTLY * lengths.total() else 0


def _find_groups(cells: Sequence[Sequence[Checked]]) -> Iterator[Group]:
    """Yield the doubts that more than one cell has and no other doubt beside."""
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
    """Say how much longer or shorter the class list is than the table; else nothing."""
    names, rows = len(sheet.names), len(sheet.data)
    if not names or names == rows:
        return ""
    more = abs(names - rows)
    what = _count(more, "name", "names") if names > rows else _count(more, "row", "rows")
    return f"{what} left over"
