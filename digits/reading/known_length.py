"""Keep to a known number of digits, without harm to what agrees with it."""

from dataclasses import replace

from digits.image.page_segmentation import Layout, find_numbers
from digits.reading.composition import PageReading, n_digits
from digits.reading.number_reader import NumberReader, reject_if_mostly_rejected
from digits.reading.steps import Steps
from digits.types import Hint, Line, Page


def keep_length(
    reader: NumberReader, page: Page, found: PageReading, hint: Hint
) -> Steps[PageReading]:
    """Keep what has the known number of digits, or read a line again with that many.

    Parameters
    ----------
    page : that was read
    found : its reading without the hint; what agrees with the hint stays so
    hint : its length is known
    """
    length = hint.length or 0
    if hint.boxes:
        return (yield from _restrict(reader, found, length))
    if found.layout.is_table:
        if n_digits(found.lines) == length:
            return found
        lines = yield from _as_lines(reader, page, found, hint)
        if not any(_has_length(line, length) for line in lines.lines):
            return found.contradicted(length_note(length, n_digits(found.lines)))
        found = lines
    return (yield from _keep_line(reader, found, length)) if found.numbers else found


def length_note(known: int, found: int) -> str:
    """Return the note on a number that has another number of digits without the hint."""
    number = f"{found} digit is" if found == 1 else f"{found or 'no'} digits are"
    return f"Without the hint {number} read, not {known}: check the number."


def _as_lines(
    reader: NumberReader, page: Page, table: PageReading, hint: Hint
) -> Steps[PageReading]:
    """Read a page that looks like a table as lines of writing."""
    layout = find_numbers(page, hint, tables=False)
    note = length_note(hint.length or 0, n_digits(table.lines))
    numbers = yield from reader.read_numbers(layout.numbers)
    return PageReading(layout, numbers).contradicted(note)


def _keep_line(reader: NumberReader, found: PageReading, length: int) -> Steps[PageReading]:
    """Keep the line with the known number of digits, or else the one with the most ink."""
    ink = [float(part.page.ink.sum()) if part.page else 0.0 for part in found.layout.numbers]
    fits = [_has_length(line, length) for line in found.lines]
    best = max(range(len(ink)), key=lambda i: (fits[i], ink[i]))
    total = n_digits(found.lines)
    if fits[best] and total > length:  # other lines have digits too
        found = found.contradicted(length_note(length, total))
    return (yield from _restrict(reader, _take(found, best), length))


def _restrict(reader: NumberReader, found: PageReading, length: int) -> Steps[PageReading]:
    """Read again, with the known number of digits, what was read with another number.

    That is never certain: the line network considers another number of digits more likely.
    """
    numbers, notes = list(found.numbers), []
    for i, (part, number) in enumerate(zip(found.layout.numbers, found.numbers, strict=True)):
        if part.page is None or _has_length(number.line, length):
            continue
        numbers[i] = yield from reader.read_again(part, number, length)
        notes.append(length_note(length, len(number.line.digits)))
    found = replace(found, numbers=reject_if_mostly_rejected(numbers))
    return found.contradicted(*dict.fromkeys(notes)) if notes else found


def _take(found: PageReading, index: int) -> PageReading:
    """Keep one number of a page; the others are left out."""
    numbers = found.layout.numbers
    others = tuple(part.box for i, part in enumerate(numbers) if i != index)
    layout = Layout((numbers[index],), found.layout.left_out + others)
    return replace(found, layout=layout, numbers=(found.numbers[index],))


def _has_length(line: Line, length: int) -> bool:
    return len(line.digits) == length
