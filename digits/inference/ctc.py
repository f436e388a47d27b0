"""Decode the line network's output: the most probable text, and where each digit is.

Connectionist temporal classification (Graves et al. 2006): at each step along the line the
network outputs a symbol or the blank. Equal symbols at neighbouring steps are one; a blank
separates two equal symbols. Symbols 0 to 9 are the digits; separators may follow. All values here
are log-probabilities.
"""

from dataclasses import dataclass
from heapq import nlargest
from math import exp, log, log1p

import numpy as np

from digits.arrays import Float
from digits.types import CLASSES

BLANK = 0  # class of the blank; symbol s is class s + 1, as in Keras' CTC; digits come first
BEAM = 12  # prefixes kept while searching
UNLIKELY = log(1e-4)  # classes less likely than this at a step are not followed
NEVER = -1e30  # log of probability 0; infinities would give nan
NOTHING = (NEVER, NEVER)  # scores of an unknown prefix

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


def likeliest_texts(steps: Steps, beam: int = BEAM) -> list[tuple[tuple[int, ...], float]]:
    """Return the most probable texts and their log-probabilities, the best first.

    Prefix beam search (Hannun et al. 2014): a prefix's probability is summed over all ways in
    which the steps may spell it, separately for those that end in a blank and those that do not.
    """
    beams: dict[tuple[int, ...], tuple[float, float]] = {(): (0.0, NEVER)}
    for step in steps.tolist():
        grown: dict[tuple[int, ...], tuple[float, float]] = {}
        likely = [(c - 1, step[c]) for c in range(1, len(step)) if step[c] > UNLIKELY]
        for prefix, (blank, open_) in beams.items():
            whole = _sum(blank, open_)
            stays = grown.get(prefix, NOTHING)[1]
            if prefix:
                stays = _sum(stays, open_ + step[prefix[-1] + 1])
            grown[prefix] = whole + step[BLANK], stays
            for symbol, score in likely:
                before = blank if prefix and prefix[-1] == symbol else whole
                longer = (*prefix, symbol)
                closed, known = grown.get(longer, NOTHING)
                grown[longer] = closed, _sum(known, before + score)
        beams = grown
        if len(grown) > beam:
            beams = dict(nlargest(beam, grown.items(), key=_total))
    best = sorted(beams.items(), key=_total, reverse=True)
    return [(text, _sum(*scores)) for text, scores in best]


def _total(item: tuple[tuple[int, ...], tuple[float, float]]) -> float:
    return _sum(*item[1])


def _sum(one: float, other: float) -> float:
    """Return log(exp(one) + exp(other)) of two plain numbers."""
    less, more = (one, other) if one < other else (other, one)
    return more if less == NEVER else more + log1p(exp(less - more))


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
    states = _states(digits)
    emitted = steps[:, states]  # (t, 2n + 1)
    skips = _skips(states)
    n_steps, n_states = emitted.shape
    score = np.full(n_states, NEVER)
    score[:2] = emitted[0, :2]
    came = np.zeros((n_steps, n_states), np.int8)  # how many states back the best path came from
    for t in range(1, n_steps):
        ways = np.stack([score, _shifted(score, 1), np.where(skips, _shifted(score, 2), NEVER)])
        came[t] = ways.argmax(axis=0)
        score = ways.max(axis=0) + emitted[t]
    state = n_states - 1 if n_states == 1 or score[-1] >= score[-2] else n_states - 2
    path = np.zeros(n_steps, int)
    for t in range(n_steps - 1, -1, -1):
        path[t] = state
        state -= int(came[t, state])
    spans = []
    for i, digit in enumerate(digits):
        (held,) = np.nonzero(path == 2 * i + 1)
        first, last = (int(held[0]), int(held[-1])) if held.size else (0, 0)
        peak = first + int(steps[first : last + 1, digit + 1].argmax())
        spans.append(Span(first, last + 1, peak))
    return spans


def substitutions(steps: Steps, symbols: tuple[int, ...]) -> Float[np.ndarray, "n 10"]:
    """Return the log-probability of the whole text with each digit replaced by each of the ten.

    Row i, column d is log p(text with d for its digit number i), all other symbols unchanged,
    computed by the forward-backward algorithm. Separators have no row.
    """
    places = [i for i, symbol in enumerate(symbols) if symbol < CLASSES]
    if not places:
        return np.zeros((0, CLASSES))
    n = len(symbols)
    before, after = _forward(np.stack([steps, steps[::-1]]), [symbols, symbols[::-1]])
    after = after[::-1]
    never, every = np.full(len(steps), NEVER), np.arange(CLASSES)
    ways = []
    for i in places:
        # Paths into position i: from the blank before it, or directly from the symbol before that,
        # unless it is the same digit. The paths out of it are alike.
        straight = before[:, 2 * i - 1] if i else never
        onward = after[:, 2 * (n - 1 - i) - 1] if i < n - 1 else never
        ways.append(
            (
                _entries(before[:, 2 * i], straight, every != symbols[i - 1]),
                _entries(after[:, 2 * (n - 1 - i)], onward, every != symbols[(i + 1) % n]),
            )
        )
    into, out = (np.stack(each, axis=1) for each in zip(*ways, strict=True))
    # `into[t]`: all paths up to step t, just before the digit; a line may begin or end with it.
    ends = np.full((2, 1, len(places), CLASSES), NEVER)
    ends[0, 0, [i == 0 for i in places]] = 0.0
    ends[1, 0, [i == n - 1 for i in places]] = 0.0
    arrive, depart = np.concatenate([ends[0], into[:-1]]), np.concatenate([out[1:], ends[1]])
    return _passages(steps[:, 1 : 1 + CLASSES], arrive, depart)


def _entries(from_blank: np.ndarray, straight: np.ndarray, differs: np.ndarray) -> np.ndarray:
    """Add paths through the blank and direct ones, if the digits differ: (t,) -> (t, 10)."""
    return np.where(differs, np.logaddexp(from_blank, straight)[:, None], from_blank[:, None])


def _passages(emitted: np.ndarray, arrive: np.ndarray, depart: np.ndarray) -> np.ndarray:
    """Sum over all runs of steps that may emit each digit: (t, 10), (t, n, 10) -> (n, 10) log p."""
    held = np.full(arrive.shape[1:], NEVER)
    total = held
    for here, came, goes in zip(emitted, arrive, depart, strict=True):
        held = np.logaddexp(held, came) + here
        total = np.logaddexp(total, held + goes)
    return total


def _forward(steps: np.ndarray, texts: list[tuple[int, ...]]) -> np.ndarray:
    """Return log p of the steps so far, ending in each state: (k, t, c) -> (k, t, 2n + 1).

    Each of k sequences of steps has a text of its own; all texts are of one length.
    """
    states = np.stack([_states(text) for text in texts])
    skips = np.stack([_skips(each) for each in states])
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


def _states(digits: tuple[int, ...]) -> np.ndarray:
    """Return the classes of `digits`, with a blank before, between and after."""
    states = np.full(2 * len(digits) + 1, BLANK)
    states[1::2] = np.array(digits, int) + 1
    return states


def _skips(states: np.ndarray) -> np.ndarray:
    """Return which states can be reached without a blank before them: different digits."""
    skips = np.zeros(len(states), bool)
    skips[3::2] = states[3::2] != states[1:-2:2]
    return skips


def _shifted(score: np.ndarray, by: int) -> np.ndarray:
    return np.concatenate([np.full(by, NEVER), score[:-by]])[: len(score)]
