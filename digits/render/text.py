"""Describe readings in words."""

from collections.abc import Sequence

from digits.types import CONFIDENCE_THRESHOLD, Digit, Reading

NO_DIGIT = "no digit was recognized"
CERTAIN = 0.999  # confidence above which a percentage would be rounded to 100
MINUTE = 60  # s


def is_doubtful(digit: Digit) -> bool:
    """Return whether a digit has to be checked: rejected, or below the confidence threshold."""
    return digit.value is None or digit.confidence < CONFIDENCE_THRESHOLD


def runner_up(digit: Digit) -> int:
    """Return the most probable other value of a digit."""
    others = [value for value in range(len(digit.probabilities)) if value != digit.value]
    return max(others, key=lambda value: digit.probabilities[value])


def digit_in_words(digit: Digit) -> str:
    """Return "7", or "7, perhaps 1" if it is doubtful."""
    return f"{digit.text}, perhaps {runner_up(digit)}" if is_doubtful(digit) else digit.text


def in_percent(probability: float) -> str:
    """Return a probability as a percentage that is never 0 or 100.

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
    """Return why nothing was read in a failed or rejected picture; else ""."""
    return describe_rejection(reading.notes) if reading.status == "refused" else reading.error or ""


def describe_rejection(notes: Sequence[str]) -> str:
    """Return why nothing was read in a rejected picture, given the notes of its reading."""
    said = " ".join(notes).rstrip(".")
    return f"{NO_DIGIT}. {said}" if said else NO_DIGIT


def time_left(n_done: int, n_all: int, seconds: float) -> str:
    """Return the estimated time left, by the time of the first part.

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
