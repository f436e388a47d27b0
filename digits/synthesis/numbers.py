"""Choose what to write on a line: a number, and marks and letters beside it."""

from dataclasses import dataclass

import numpy as np

MOST_SYMBOLS = 16  # of `written` on a composed line; longer ones are read by the same convolutions
MOST_DIGITS = 12  # of a number without separators
P_NO_DIGIT = 0.06  # share of lines without a digit
P_ROUND = 0.3  # share of plain numbers that end in zeros
P_IGNORED = 0.1  # share of plain numbers with apostrophes, colons or spaces between their digits
P_STRUCK = 0.05  # share of plain numbers with digits that are struck out
P_TRAILING = 0.28  # share of amounts followed by a mark that is not read: ".-", "=", a stroke
P_FINAL = 0.08  # share of other numbers followed by such a mark
P_LEADING = 0.09  # share of numbers with letters or signs before them
P_UNIT = 0.05  # share of numbers with letters after them
P_WORD = 0.6  # share of letters beside numbers that are a word such as "Rs"
P_MIXED = 0.25  # share of fractions after a whole number, as 2 1/2
P_SMALL_FRACTION = 0.5  # share of fractions with a raised numerator and a lowered denominator

WIDE_SPACE = 1.7  # times the usual one, before the fraction of a mixed number

POINTS = {".": 0.55, ",": 0.42, "·": 0.03}  # marks written for a decimal point, and their shares
GROUPS = {".": 0.3, ",": 0.25, "'": 0.25, " ": 0.2}  # marks between thousands
READ = {".": ".", ",": ".", "·": ".", "-": "-", "/": "/"}  # how a mark between digits is read
TRAILS = (".-", "=", "-", ".", ",", "~", "/", ",-", ".=", "--", ".--", "/-", ",--")
FINALS = ("=", ".", "~", ",")
WORDS = (
    *("Rs", "AB", "kg", "CHF", "EUR", "Fr", "km", "cm", "mm", "No", "Nr", "Tel", "USD", "TL"),
    *("m", "h", "min", "t", "ml", "Kr", "pts", "Pkt", "am", "Uhr", "Total", "Date", "A", "x"),
)
# Digits in the groups of a phone number, and the shares of the marks between them.
PHONES = ((3, 3, 2, 2), (2, 2, 2, 2, 2), (3, 3, 4), (3, 4), (4, 3, 3), (3, 2, 2), (4, 6), (3, 7))
PHONE_MARKS = {" ": 0.5, "-": 0.33, ".": 0.1, "/": 0.07}


@dataclass(frozen=True, slots=True)
class Sign:
    """One sign to write, and how it differs from the others of its line."""

    kind: str  # a digit, a mark of `digits.synthesis.marks`, " ", or a letter
    size: float = 1.0  # of the usual height
    lift: float = 0.0  # usual heights above the baseline
    role: str = ""  # "letter", "any" for any letter, "struck" for digits that are struck out


@dataclass(frozen=True, slots=True)
class Number:
    """The signs on a line, and the text to be read."""

    signs: tuple[Sign, ...]  # from left to right
    written: str  # digits and separators of `digits.types.ALPHABET`; may be empty
    is_plain: bool = False  # digits alone, which may stand in boxes of one digit each


Parts = tuple[list[Sign], str]  # signs, and how they are read


def choose_number(rng: np.random.Generator) -> Number:
    """Return a random number, with what is written before and after it."""
    if rng.random() < P_NO_DIGIT:
        return Number(tuple(_no_number(rng)), "")
    kind = _pick(rng, KINDS)
    signs, written = BUILDERS[kind](rng)
    before = _leading(rng) if rng.random() < P_LEADING and kind != "negative" else []
    after: list[Sign] = []
    if rng.random() < (P_TRAILING if kind in AMOUNTS else P_FINAL):
        after = _marks(_any(rng, TRAILS if kind in AMOUNTS else FINALS))
    elif rng.random() < P_UNIT:
        after = [*_space(rng), *_letters(rng)]
    is_plain = kind == "plain" and all(sign.kind.isdigit() and not sign.role for sign in signs)
    return Number((*before, *signs, *after), written, is_plain and not (before or after))


def _pick(rng: np.random.Generator, shares: dict[str, float]) -> str:
    """Return a key by its share; the shares sum to 1."""
    keys = tuple(shares)
    place = int(np.searchsorted(np.cumsum(tuple(shares.values())), rng.random(), side="right"))
    return keys[min(place, len(keys) - 1)]


def _any(rng: np.random.Generator, choices: tuple[str, ...]) -> str:
    return choices[int(rng.integers(len(choices)))]


def _marks(text: str) -> list[Sign]:
    """Return signs of the usual size for digits and marks."""
    return [Sign(kind) for kind in text]


def _space(rng: np.random.Generator) -> list[Sign]:
    return [Sign(" ")] if rng.random() < 0.5 else []  # noqa: PLR2004


def _as_read(text: str) -> str:
    """Return the text of digits with marks between them."""
    return "".join(sign if sign.isdigit() else READ.get(sign, "") for sign in text)


def _random_digits(rng: np.random.Generator, n: int) -> str:
    return "".join(map(str, rng.integers(0, 10, n)))


def _whole(rng: np.random.Generator, most: int) -> str:
    """Return a whole number of at most so many digits that does not begin with zero, or 0."""
    n = int(rng.integers(1, most + 1))
    number = str(int(rng.integers(10 ** (n - 1), 10**n)))
    return "0" if rng.random() < 0.08 else number  # noqa: PLR2004


def _no_number(rng: np.random.Generator) -> list[Sign]:
    """Return letters, or marks alone."""
    if rng.random() < 0.3:  # noqa: PLR2004
        return _marks(_any(rng, ("-", "--", "/", "=", "~", "---", ".")))
    return _letters(rng) + (_letters(rng) if rng.random() < 0.4 else [])  # noqa: PLR2004


def _letters(rng: np.random.Generator) -> list[Sign]:
    if rng.random() < P_WORD:
        return [Sign(letter, role="letter") for letter in _any(rng, WORDS)]
    return [Sign("", role="any")] * int(rng.integers(1, 4))


def _leading(rng: np.random.Generator) -> list[Sign]:
    """Return signs before a number that are not read."""
    if rng.random() < 0.3:  # noqa: PLR2004
        return [*_marks(_any(rng, ("=", "+", "~", "=", ":"))), *_space(rng)]
    letters = _letters(rng)
    if rng.random() < 0.2:  # noqa: PLR2004  # Rs. 250, No: 12
        letters += _marks(_any(rng, (".", ":")))
    return [*letters, *_space(rng)]


def _plain(rng: np.random.Generator) -> Parts:
    n = 1 + int(np.searchsorted(_LENGTHS, rng.random(), side="right"))
    number = _random_digits(rng, n)
    if rng.random() < P_ROUND:
        zeros = int(rng.integers(1, 4))
        number = number[:-zeros] + "0" * min(zeros, n)
    elif rng.random() < P_ROUND / 2:  # one repeated digit: 55, 777
        place, run = int(rng.integers(n)), int(rng.integers(2, 5))
        number = (number[:place] + number[place] * run + number[place + run :])[:n]
    if n > 1 and rng.random() < P_IGNORED:
        return _marks(_grouped(number, _any(rng, ("'", ":", " ")), int(rng.integers(1, 4)))), number
    signs = _marks(number)
    if rng.random() < P_STRUCK:
        place = int(rng.integers(n + 1))
        struck = _random_digits(rng, int(rng.integers(1, 4)))
        signs[place:place] = [Sign(struck, role="struck"), *_space(rng)]
    return signs, number


def _grouped(number: str, mark: str, step: int) -> str:
    """Insert a mark between groups of digits, counted from the end."""
    return "".join(
        (mark if i and (len(number) - i) % step == 0 else "") + digit
        for i, digit in enumerate(number)
    )


_LENGTHS = np.cumsum([12, 9, 11, 14, 16, 13, 7, 6, 4, 4, 2]) / 100  # of 1 to 11 digits, the rest 12


def _decimal(rng: np.random.Generator) -> Parts:
    whole = _whole(rng, 5 if rng.random() < 0.4 else 2)  # noqa: PLR2004
    places = int(rng.choice((1, 2, 2, 3)))
    decimals = _random_digits(rng, places)
    if rng.random() < 0.25:  # noqa: PLR2004
        decimals = "5" if places == 1 else _any(rng, ("00", "50", "25", "90"))
    text = whole + _pick(rng, POINTS) + decimals
    return _marks(text), _as_read(text)


def _thousands(rng: np.random.Generator) -> Parts:
    groups = 1 if rng.random() < 0.75 else 2  # noqa: PLR2004
    mark = _pick(rng, GROUPS)
    number = _whole(rng, 3)
    number = (number if number != "0" else "1") + _random_digits(rng, 3 * groups)
    if rng.random() < P_ROUND:
        number = number[:-3] + _any(rng, ("000", "500", "000"))
    text = _grouped(number, mark, 3)
    if rng.random() < 0.35:  # noqa: PLR2004  # with cents
        text += ("." if mark == "," else ",") + _random_digits(rng, 2)
    return _marks(text), _as_read(text)


def _negative(rng: np.random.Generator) -> Parts:
    signs, written = _decimal(rng) if rng.random() < 0.4 else (_marks(_whole(rng, 4)), "")  # noqa: PLR2004
    written = written or "".join(sign.kind for sign in signs)
    return [Sign("-"), *(_space(rng) if rng.random() < 0.3 else []), *signs], "-" + written  # noqa: PLR2004


def _fraction(rng: np.random.Generator) -> Parts:
    below = _any(rng, ("2", "3", "4", "8", "10", "20", "30", "50", "100", "60", "40", "15", "5"))
    if rng.random() < 0.2:  # noqa: PLR2004
        below = _whole(rng, 3)
    is_mixed = rng.random() < P_MIXED
    above = str(int(rng.integers(1, max(2, int(below))))) if is_mixed else _whole(rng, len(below))
    size = rise = drop = 0.0
    if is_mixed or rng.random() < P_SMALL_FRACTION:
        size = float(rng.uniform(0.5, 0.9))
        rise, drop = float(rng.uniform(0.1, 1.05 - size)), float(rng.uniform(-0.2, 0.05))
    slash = Sign("/", 1.0, float(rng.uniform(-0.15, 0.05)))
    parts = [Sign(d, size or 1.0, rise) for d in above], [Sign(d, size or 1.0, drop) for d in below]
    signs, written = [*parts[0], slash, *parts[1]], f"{above}/{below}"
    if is_mixed:
        whole = _whole(rng, 2)
        signs, written = [*_marks(whole), Sign(" ", WIDE_SPACE), *signs], f"{whole} {written}"
    return signs, written


def _date(rng: np.random.Generator) -> Parts:
    day, month = int(rng.integers(1, 32)), int(rng.integers(1, 13))
    year = int(rng.integers(1940, 2060))
    mark = _any(rng, (".", ".", "/", "/", "-"))
    if rng.random() < 0.15:  # noqa: PLR2004
        text = f"{year}-{month:02d}-{day:02d}"
        return _marks(text), text
    padded = rng.random() < 0.5  # noqa: PLR2004
    first, second = (f"{n:02d}" if padded else str(n) for n in (day, month))
    if rng.random() < 0.2:  # noqa: PLR2004
        first, second = second, first
    last = (str(year), f"{year % 100:02d}", "")[int(rng.choice((0, 0, 1, 1, 2)))]
    parts = [first, second, *([last] if last else [])]
    space = " " if mark == "." and rng.random() < 0.2 else ""  # noqa: PLR2004
    return _marks((mark + space).join(parts)), mark.join(parts)


def _phone(rng: np.random.Generator) -> Parts:
    groups = PHONES[int(rng.integers(len(PHONES)))]
    numbers = [_random_digits(rng, n) for n in groups]
    mark = _pick(rng, PHONE_MARKS)
    first = "/" if mark == " " and rng.random() < 0.15 else mark  # noqa: PLR2004  # 079/123 45 67
    text = numbers[0] + first + mark.join(numbers[1:])
    plus = [Sign("+")] if rng.random() < 0.08 else []  # noqa: PLR2004
    return [*plus, *_marks(text)], _as_read(text)


AMOUNTS = ("plain", "decimal", "thousands")
KINDS = {  # shares
    "plain": 0.48,
    "decimal": 0.17,
    "thousands": 0.08,
    "negative": 0.06,
    "fraction": 0.09,
    "date": 0.07,
    "phone": 0.05,
}
BUILDERS = {
    "plain": _plain,
    "decimal": _decimal,
    "thousands": _thousands,
    "negative": _negative,
    "fraction": _fraction,
    "date": _date,
    "phone": _phone,
}
