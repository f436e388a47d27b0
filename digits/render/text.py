"""What a reading says, in words: which digits are doubtful, what else they may be, which marks."""

from digits.types import Box, Digit, Line, MarkKind, Reading

DOUBT = 0.95  # confidence below which a digit or a number is to be checked by a person
CERTAIN = 0.999  # confidence beyond which a tenth of a per cent would be rounded up to certainty
PLAIN: tuple[MarkKind, ...] = ("dot", "dash", "stroke")  # kinds of marks that have a name
TEENS = range(11, 14)  # 11th, 12th, 13th
ENDINGS = {1: "st", 2: "nd", 3: "rd"}


def is_doubtful(digit: Digit) -> bool:
    """Say whether a person should look at this digit; what was refused is doubtful too."""
    return digit.value is None or digit.confidence < DOUBT


def runner_up(digit: Digit) -> int:
    """Return what the digit is most probably if it is not what was read."""
    others = [value for value in range(len(digit.probabilities)) if value != digit.value]
    return max(others, key=lambda value: digit.probabilities[value])


def digit_in_words(digit: Digit) -> str:
    """Return "7", or "7, perhaps 1" where that is doubtful."""
    return f"{digit.text}, perhaps {runner_up(digit)}" if is_doubtful(digit) else digit.text


def doubts_in_words(line: Line) -> tuple[str, ...]:
    """Return a phrase for each doubtful digit of a line, such as "3rd digit: 7, perhaps 1"."""
    if len(line.digits) == 1:
        return tuple(digit_in_words(digit) for digit in line.digits if is_doubtful(digit))
    return tuple(
        f"{_ordinal(place)} digit: {digit_in_words(digit)}"
        for place, digit in enumerate(line.digits, 1)
        if is_doubtful(digit)
    )


def sureness_in_words(reading: Reading) -> tuple[str, str]:
    """Return the confidence as a person should hear it, and what to do about it."""
    # Nothing read from a picture is certain.
    sure = reading.confidence
    percent = f"{sure:.1%}" if sure < CERTAIN else f"Over {CERTAIN:.1%}"
    what = "all of it is" if len(reading.digits) > 1 else "this is"
    return percent, f"sure that {what} right{'.' if sure >= DOUBT else ': please check.'}"


def marks_in_words(reading: Reading) -> str:
    """Say which marks stand between the digits of a number, so that nobody takes 7.5 for 75."""
    kinds = [
        mark.kind
        for line in reading.lines
        for mark in line.marks
        if _stands_between(mark.box, line, reading)
    ]
    if not kinds:
        return ""
    counted = [f"{n} {kind}{'s' * (n > 1)}" for kind in PLAIN if (n := kinds.count(kind))]
    others = [f"{kinds.count('other')} other"] if "other" in kinds else []
    return (
        f"Marks stand between the digits and are not in the number: {', '.join(counted + others)}."
    )


def _stands_between(mark: Box, line: Line, reading: Reading) -> bool:
    """Say whether a mark stands between two digits of one number; in a table, of one cell."""
    digits = [digit.box for digit in line.digits]
    for cell in (cell.box for cell in reading.cells if cell.box.x <= mark.x < cell.box.right):
        digits = [box for box in digits if cell.x <= box.x < cell.right]
    return bool(digits) and digits[0].right <= mark.x < digits[-1].x


def _ordinal(place: int) -> str:
    """Return "1st", "2nd", "11th"."""
    hundred, ten = 100, 10
    last = 0 if place % hundred in TEENS else place % ten
    return f"{place}{ENDINGS.get(last, 'th')}"
