"""What a reading says, in words: which digits are doubtful, what else they may be, which marks."""

from collections.abc import Sequence

from digits.types import CONFIDENCE_THRESHOLD, Digit, Line, Reading

NO_DIGIT = "no digit was recognized"
CERTAIN = 0.999  # confidence beyond which a tenth of a per cent would be rounded up to certainty
TEENS = range(11, 14)  # 11th, 12th, 13th
MINUTE = 60  # s
ENDINGS = {1: "st", 2: "nd", 3: "rd"}


def is_doubtful(digit: Digit) -> bool:
    """Return whether a person should look at this digit; what was refused is doubtful too."""
    return digit.value is None or digit.confidence < CONFIDENCE_THRESHOLD


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
    sure = reading.confidence
    percent = in_percent(sure)
    what = "all of it is" if len(reading.digits) > 1 else "this is"
    is_doubtful = reading.status == "doubtful" or sure < CONFIDENCE_THRESHOLD
    return percent[:1].upper() + percent[
        1:
    ], f"sure that {what} right{': please check.' if is_doubtful else '.'}"


def in_percent(probability: float) -> str:
    """Return a probability for people: nothing read from a picture is certain or impossible.

    Examples
    --------
    >>> in_percent(0.5), in_percent(0.99987), in_percent(0.0001)
    ('50.0%', 'over 99.9%', 'under 0.1%')
    """
    if probability >= CERTAIN:
        return f"over {CERTAIN:.1%}"
    if probability <= 1 - CERTAIN:
        return f"under {1 - CERTAIN:.1%}"
    return f"{probability:.1%}"


def failure_in_words(reading: Reading) -> str:
    """Return why nothing was read in a failed or refused picture; of any other, nothing."""
    return describe_refusal(reading.notes) if reading.status == "refused" else reading.error or ""


def describe_refusal(notes: Sequence[str]) -> str:
    """Return why nothing was read in a refused picture, given the notes of its reading."""
    said = " ".join(notes).rstrip(".")
    return f"{NO_DIGIT}. {said}" if said else NO_DIGIT


def _ordinal(place: int) -> str:
    """Return "1st", "2nd", "11th"."""
    hundred, ten = 100, 10
    last = 0 if place % hundred in TEENS else place % ten
    return f"{place}{ENDINGS.get(last, 'th')}"


def time_left(n_done: int, n_all: int, seconds: float) -> str:
    """Return how long the rest will take, by how long the first part took.

    Examples
    --------
    >>> time_left(3, 9, 12.0), time_left(1, 61, 2.0), time_left(0, 9, 0.0)
    ('about 24 s left', 'about 2 min left', '')
    """
    if not n_done:
        return ""
    left = seconds / n_done * (n_all - n_done)
    if left < MINUTE:
        return f"about {max(1, round(left))} s left"
    return f"about {round(left / MINUTE)} min left"
