"""Readings as steps between the calls of networks, so that several pictures share each call.

A function that reads is a generator: it yields `Classify` or `Decode`, and is sent the answer of
the network. One picture is read by `NumberReader.run`; many by `run_together`, which takes one step
of each and makes their calls as one. The answers do not depend on what else is in a call.
"""

from collections.abc import Callable, Generator, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar

import numpy as np

from digits.inference.classifier import Answers, Classifier
from digits.inference.line_recognizer import LineRecognizer
from digits.types import Frames


@dataclass(frozen=True, slots=True)
class Classify:
    """A call of the digit network; its answer is `Answers`."""

    frames: Frames


@dataclass(frozen=True, slots=True)
class Decode:
    """A call of the line network; its answer is a list of `CtcDecoding`."""

    strips: Sequence[np.ndarray]
    length: int | None = None  # digits on each strip, if known


T = TypeVar("T")
Call = Classify | Decode
Steps = Generator[Call, Any, T]
Answer = Callable[[Sequence[Call]], list[Any]]


def answer_calls(
    classifier: Classifier, recognizer: LineRecognizer, calls: Sequence[Call]
) -> list[Any]:
    """Return the answer of each call; calls of one network are made as one."""
    answers: list[Any] = [None] * len(calls)
    frames = {i: call.frames for i, call in enumerate(calls) if isinstance(call, Classify)}
    strips = {
        i: (call.strips, call.length) for i, call in enumerate(calls) if isinstance(call, Decode)
    }
    if frames:
        for i, answer in zip(frames, _classify(classifier, list(frames.values())), strict=True):
            answers[i] = answer
    if strips:
        for i, decodings in zip(
            strips, recognizer.decode_groups(list(strips.values())), strict=True
        ):
            answers[i] = decodings
    return answers


def run_together(many: Sequence[Steps[T]], answer: Answer) -> list[T | Exception]:
    """Return the result of each reading, or the error that ended it.

    Parameters
    ----------
    many : readings that have not begun
    answer : makes the calls of one round
    """
    results: list[Any] = [None] * len(many)
    sent: dict[int, Any] = dict.fromkeys(range(len(many)))
    while sent:
        calls: dict[int, Call] = {}
        for i, answered in sent.items():
            try:
                calls[i] = many[i].send(answered)
            except StopIteration as end:
                results[i] = end.value
            except Exception as error:  # of this picture alone
                results[i] = error
        sent = dict(zip(calls, answer(list(calls.values())), strict=True)) if calls else {}
    return results


def _classify(classifier: Classifier, each: Sequence[np.ndarray]) -> list[Answers]:
    """Classify the frames of several calls at once."""
    if len(each) == 1:
        return [classifier.classify(each[0])]
    found = classifier.classify(np.concatenate(each))
    ends = np.cumsum([len(frames) for frames in each])
    return [
        Answers(
            found.probabilities[end - len(frames) : end],
            None if found.not_a_digit is None else found.not_a_digit[end - len(frames) : end],
            found.rejected[end - len(frames) : end],
        )
        for frames, end in zip(each, ends.tolist(), strict=True)
    ]
