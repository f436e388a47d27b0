"""Decode the line network's output: the most probable text, and where each digit is.

Connectionist temporal classification (Graves et al. 2006): at each step along the line the
network outputs a symbol or the blank. Equal symbols at neighbouring steps are one; a blank
separates two equal symbols. Symbols 0 to 9 are the digits; separators may follow. All values here
are log-probabilities.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from heapq import nlargest
from math import exp, log, log1p

import numpy as np

from digits.arrays import Float
from digits.types import CLASSES

BLANK = 0  # class of the blank; symbol s is class s + 1, as in Keras' CTC; digits come first
BEAM = 12  # prefixes kept while searching
UNLIKELY = log(1e-4)  # classes less likely than this at a step are not followed
NEGLIGIBLE = log(1e-12)  # prefixes less likely than this, relative to the best, are not followed
NEVER = -1e30  # log of probability 0; infinities would give nan
NEVER_BEFORE = -1  # no symbol: the text begins here

Steps = Float[np.ndarray, "_t _classes"]  # log-probabilities along a line, each row of sum 1


@dataclass(frozen=True, slots=True)
class Span:
    """Position of one digit along a line, in steps; the end is excluded."""

    start: int
    end: int
    peak: int  # the step at which its probability is highest


def log_softmax(logits: np.ndarray) -> np.ndarray:
    """Return log-probabilities along the last axis."""
    shifted = logits.astype(np.float64) - logits.max(axis=-1, keepdims=True)
    return np.asarray(shifted - np.log(np.exp(shifted).sum(axis=-1, keepdims=True)))


def likeliest_texts(
    steps: Steps, beam: int = BEAM, negligible: float = NEGLIGIBLE
) -> list[tuple[tuple[int, ...], float]]:
    """Return the most probable texts and their log-probabilities, the best first.

    Prefix beam search (Hannun et al. 2014): a prefix's probability is summed over all ways in
    which the steps may spell it, separately for those that end in a blank and those that do not.

    Parameters
    ----------
    steps : of one line
    beam : prefixes that are kept after each step
    negligible : of the best prefix's probability, the logarithm of the least share that is kept
    """
    likely: list[list[tuple[int, float]]] = [[] for _ in steps]
    for t, symbol in np.argwhere(steps[:, 1:] > UNLIKELY).tolist():
        likely[t].append((symbol, float(steps[t, symbol + 1])))
    beams = [_Prefix((), BLANK, 0.0, NEVER)]
    for step, following in zip(steps.tolist(), likely, strict=True):
        if following:
            beams = _pruned(_grown(beams, step, following), beam, negligible)
        else:  # most steps, between two digits: no prefix grows
            for each in beams:
                each.move(step)
    beams.sort(key=lambda each: each.whole, reverse=True)
    return [(each.symbols, each.whole) for each in beams]


class _Prefix:
    """The beginning of a text, and its log-probability after some steps."""

    __slots__ = ("blank", "held", "last", "symbols", "whole")

    def __init__(self, symbols: tuple[int, ...], last: int, blank: float, held: float) -> None:
        self.symbols = symbols
        self.last = last  # class of the last symbol
        self.blank = blank  # of all ways that end in a blank
        self.held = held  # of those that end in the last symbol
        self.whole = _sum(blank, held)

    def move(self, step: list[float]) -> None:
        """Go on to the next step without a further symbol."""
        blank, held = self.whole + step[BLANK], self.held + step[self.last]
        self.blank, self.held, self.whole = blank, held, _sum(blank, held)


def _grown(
    beams: list[_Prefix], step: list[float], following: list[tuple[int, float]]
) -> list[_Prefix]:
    """Return prefixes after a step at which symbols are likely: with and without each of them."""
    blank: dict[tuple[int, ...], float] = {}
    held: dict[tuple[int, ...], float] = {}
    for each in beams:
        prefix = each.symbols
        blank[prefix] = each.whole + step[BLANK]
        stays = each.held + step[each.last]
        held[prefix] = _sum(held[prefix], stays) if prefix in held else stays
        for symbol, score in following:
            longer = (*prefix, symbol)
            grows = (each.blank if symbol + 1 == each.last else each.whole) + score
            held[longer] = _sum(held[longer], grows) if longer in held else grows
    return [
        _Prefix(prefix, prefix[-1] + 1 if prefix else BLANK, blank.get(prefix, NEVER), score)
        for prefix, score in held.items()
    ]


def _pruned(grown: list[_Prefix], beam: int, negligible: float) -> list[_Prefix]:
    """Return the likeliest prefixes."""
    least = max(each.whole for each in grown) + negligible
    kept = [each for each in grown if each.whole >= least]
    return nlargest(beam, kept, key=lambda each: each.whole) if len(kept) > beam else kept


def _sum(one: float, other: float) -> float:
    """Return log(exp(one) + exp(other)) of two plain numbers."""
    return one + log1p(exp(other - one)) if other < one else other + log1p(exp(one - other))


def without_separators(steps: Steps) -> Steps:
    """Return steps of digits only, with separators as the blank: (t, c) -> (t, 11)."""
    blank = np.logaddexp.reduce([steps[:, BLANK], *steps[:, 1 + CLASSES :].T])
    return np.concatenate([blank[:, None], steps[:, 1 : 1 + CLASSES]], axis=1)


def likeliest_of_length(steps: Steps, length: int) -> tuple[int, ...]:
    """Return the most probable text of `length` digits, by its best alignment.

    A line with too few steps gives as many digits as fit.
    """
    steps = without_separators(steps)
    # Scores of paths with k digits so far that end in the blank, or in each of the ten digits.
    blank = np.full(length + 1, NEVER)
    blank[0] = 0.0
    open_ = np.full((length + 1, CLASSES), NEVER)
    trail: list[tuple[np.ndarray, np.ndarray, np.ndarray]] = []
    for step in steps:
        last, best = open_.argmax(axis=1), open_.max(axis=1)
        rivals = open_.copy()
        rivals[np.arange(length + 1), last] = NEVER
        second, runner_up = rivals.argmax(axis=1), rivals.max(axis=1)
        # A new digit follows the blank or directly another digit.
        before = np.where(np.arange(CLASSES) == last[:, None], runner_up[:, None], best[:, None])
        from_digit = np.where(np.arange(CLASSES) == last[:, None], second[:, None], last[:, None])
        entering = np.full_like(open_, NEVER)
        source = np.full(open_.shape, -1)
        entering[1:] = np.maximum(blank[:-1, None], before[:-1])
        source[1:] = np.where(blank[:-1, None] >= before[:-1], -1, from_digit[:-1])
        stays = open_ >= entering
        came_blank = np.where(blank >= best, -1, last)
        trail.append((came_blank, stays, source))
        blank = np.maximum(blank, best) + step[BLANK]
        open_ = np.maximum(open_, entering) + step[None, 1:]
    count = length
    while count and max(blank[count], open_[count].max()) <= NEVER / 2:
        count -= 1
    state = -1 if blank[count] >= open_[count].max() else int(open_[count].argmax())
    text: list[int] = []
    for came_blank, stays, source in reversed(trail):
        if state < 0:
            state = int(came_blank[count])
        elif not stays[count, state]:
            text.append(state)
            state = int(source[count, state])
            count -= 1
    if state >= 0:
        text.append(state)
    return tuple(reversed(text))


def align(steps: Steps, digits: tuple[int, ...]) -> list[Span]:
    """Return the position of each of `digits`, which may be separators too, by Viterbi."""
    return align_many([steps], [digits])[0]


def align_many(many: Sequence[Steps], texts: Sequence[tuple[int, ...]]) -> list[list[Span]]:
    """Return the positions of the symbols of several texts, each along steps of its own."""
    padded, lengths = _padded(many)
    states, skips = _states(texts)
    emitted = np.take_along_axis(padded, states[:, None, :], axis=2)  # (k, t, s)
    k, n_steps, n_states = emitted.shape
    before = np.full((k, n_states + 2), NEVER)  # with two impossible states
    before[:, 2:4] = emitted[:, 0, :2]
    scores = np.full((n_steps, k, n_states), NEVER)
    scores[0] = before[:, 2:]
    came = np.zeros((n_steps, k, n_states), np.int8)  # states back that the best path came from
    for t in range(1, n_steps):
        stayed, one, two = before[:, 2:], before[:, 1:-1], np.where(skips, before[:, :-2], NEVER)
        best = np.maximum(stayed, one)
        came[t] = np.where(two > best, 2, one > stayed)
        before[:, 2:] = scores[t] = np.maximum(best, two) + emitted[:, t]
    rows, last = np.arange(k), np.array([2 * len(text) for text in texts])
    ends = scores[lengths - 1, rows]
    in_blank = ends[rows, last] >= ends[rows, last - 1]  # a text of no symbol has the blank alone
    state = np.where((last == 0) | in_blank, last, last - 1)
    path = np.full((n_steps, k), 2 * n_states)  # after its last step
    for t in range(n_steps - 1, -1, -1):
        path[t] = np.where(t < lengths, state, path[t])
        state = np.where(t < lengths, state - came[t, rows, state], state)
    return [_spans(*each) for each in zip(many, texts, path.T, strict=True)]


def _spans(steps: Steps, text: tuple[int, ...], path: np.ndarray) -> list[Span]:
    """Return where a path, whose states only ever rise, holds each symbol of a text."""
    held = 2 * np.arange(len(text)) + 1
    first = np.searchsorted(path, held)
    last = np.searchsorted(path, held, side="right") - 1
    spans = []
    for symbol, start, stop in zip(text, first.tolist(), last.tolist(), strict=True):
        begin, end = (start, stop) if start <= stop else (0, 0)  # there are too few steps for it
        peak = begin + int(steps[begin : end + 1, symbol + 1].argmax())
        spans.append(Span(begin, end + 1, peak))
    return spans


def substitutions(steps: Steps, symbols: tuple[int, ...]) -> Float[np.ndarray, "n 10"]:
    """Return the log-probability of the whole text with each digit replaced by each of the ten.

    Row i, column d is log p(text with d for its digit number i), all other symbols unchanged,
    computed by the forward-backward algorithm. Separators have no row.
    """
    return substitutions_many([steps], [symbols])[0]


def substitutions_many(many: Sequence[Steps], texts: Sequence[tuple[int, ...]]) -> list[np.ndarray]:
    """Return the `substitutions` of several texts, each along steps of its own."""
    k = len(many)
    padded, lengths = _padded([*many, *(steps[::-1] for steps in many)])
    forward = _forward(padded, [*texts, *(text[::-1] for text in texts)])
    places = [(i, p) for i, text in enumerate(texts) for p in range(len(text)) if text[p] < CLASSES]
    into, out = [], []
    for i, p in places:
        # Paths into position p: from the blank before it, or directly from the symbol before that,
        # unless it is the same digit. The paths out of it are alike, from the other end.
        text, q = texts[i], len(texts[i]) - 1 - p
        into.append((i, 2 * p, text[p - 1] if p else NEVER_BEFORE))
        out.append((k + i, 2 * q, text[p + 1] if q else NEVER_BEFORE))
    owner = np.array([i for i, _ in places], np.int64)
    n_steps = padded.shape[1]
    # Steps run forward for the paths in, backward for those out: (t, n, 10), with a step before the
    # first, at which a line may begin, and end, with the digit.
    arrive, leave = _entries(forward, into), _entries(forward, out)
    mirrored = lengths[owner] - 1 - np.arange(n_steps)[:, None]  # (t, n); negative after the end
    depart = np.where(
        (mirrored >= 0)[..., None],
        np.take_along_axis(leave, np.maximum(mirrored, 0)[..., None], axis=0),
        NEVER,
    )
    emitted = np.where(
        (mirrored >= 0)[..., None], padded[owner, :, 1 : 1 + CLASSES].swapaxes(0, 1), NEVER
    )
    found = _passages(emitted, arrive, depart)
    return [found[owner == i] for i in range(k)]


def _entries(forward: np.ndarray, places: list[tuple[int, int, int]]) -> np.ndarray:
    """Return log p of all paths up to before each step that may go on with each of ten digits.

    Parameters
    ----------
    forward : (k, t, s), as `_forward` gives it
    places : sequence, state of the blank before the digit, and symbol before that; `NEVER_BEFORE`
        without one

    Returns
    -------
    float64, shape (t, n, 10)
    """
    which, blank, symbol = np.array(places, np.int64).reshape(-1, 3).T
    from_blank = forward[which, :-1, blank].T[..., None]  # (t - 1, n, 1)
    straight = forward[which, :-1, np.maximum(blank - 1, 0)].T[..., None]
    may = (symbol[:, None] != np.arange(CLASSES)) & (symbol != NEVER_BEFORE)[:, None]
    entries = np.full((forward.shape[1], len(places), CLASSES), NEVER)
    entries[0, symbol == NEVER_BEFORE] = 0.0
    entries[1:] = np.where(may, np.logaddexp(from_blank, straight), from_blank)
    return entries


def _passages(emitted: np.ndarray, arrive: np.ndarray, depart: np.ndarray) -> np.ndarray:
    """Sum over all runs of steps that may emit each digit: (t, 10), (t, n, 10) -> (n, 10) log p."""
    held = np.full(arrive.shape[1:], NEVER)
    total = held
    for here, came, goes in zip(emitted, arrive, depart, strict=True):
        held = np.logaddexp(held, came) + here
        total = np.logaddexp(total, held + goes)
    return total


def _forward(steps: np.ndarray, texts: Sequence[tuple[int, ...]]) -> np.ndarray:
    """Return log p of the steps so far, ending in each state: (k, t, c) -> (k, t, s).

    Each of k sequences of steps has a text of its own. What follows the last step of a sequence, or
    the last state of its text, means nothing.
    """
    states, skips = _states(texts)
    emitted = np.take_along_axis(steps, states[:, None, :], axis=2)
    forward = np.full(emitted.shape, NEVER)
    forward[:, 0, :2] = emitted[:, 0, :2]
    before = np.full((len(texts), states.shape[1] + 2), NEVER)  # with two impossible states
    for t in range(1, steps.shape[1]):
        before[:, 2:] = forward[:, t - 1]
        ways = np.logaddexp(before[:, 2:], before[:, 1:-1])
        ways = np.where(skips, np.logaddexp(ways, before[:, :-2]), ways)
        forward[:, t] = ways + emitted[:, t]
    return forward


def _padded(many: Sequence[np.ndarray]) -> tuple[np.ndarray, np.ndarray]:
    """Return sequences of steps as one array, zeros after their ends, and their lengths."""
    lengths = np.array([len(steps) for steps in many])
    padded = np.zeros((len(many), lengths.max(), many[0].shape[1]))
    for row, steps in zip(padded, many, strict=True):
        row[: len(steps)] = steps
    return padded, lengths


def _states(texts: Sequence[tuple[int, ...]]) -> tuple[np.ndarray, np.ndarray]:
    """Return the classes of texts, with blanks around each symbol, and what may follow directly.

    Returns
    -------
    states : int, shape (k, s), blanks after the end of a shorter text
    skips : bool, the same shape: states that need no blank before them, other symbols than before
    """
    states = np.full((len(texts), 2 * max(map(len, texts)) + 1), BLANK)
    for row, text in zip(states, texts, strict=True):
        row[1 : 2 * len(text) : 2] = np.array(text, int) + 1
    skips = np.zeros(states.shape, bool)
    skips[:, 3::2] = states[:, 3::2] != states[:, 1:-2:2]
    return states, skips
