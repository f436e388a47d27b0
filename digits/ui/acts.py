"""Explicit acts by which a person says what is right, each taken once; see `acts.js`."""

from dataclasses import dataclass
from typing import Any, Literal

import streamlit as st

AnswerKind = Literal["typed", "chosen", "confirmed"]
ANSWER_KINDS: tuple[AnswerKind, ...] = ("typed", "chosen", "confirmed")


@dataclass(frozen=True, slots=True)
class UserAnswer:
    """What a person said: by Enter in a field, a click on a candidate, or on "Looks right"."""

    id: str  # of what it is about; empty for the reading as a whole
    text: str
    how: AnswerKind


def new_answers(sent: Any, epoch: str, key: str) -> tuple[UserAnswer, ...]:  # noqa: ANN401  # a browser's
    """Return those of a component's acts that are about this reading and were not taken before.

    Parameters
    ----------
    sent : what the component holds as its state: ``{"epoch", "acts"}``, or nothing yet
    epoch : the id of the reading in sight; acts about another one are dropped
    key : of the component
    """
    if not sent or sent["epoch"] != epoch:
        return ()
    of, taken = st.session_state.get(_key(key), ("", frozenset()))
    known = taken if of == epoch else frozenset()
    acts = [act for act in sent["acts"] if act["n"] not in known and act["how"] in ANSWER_KINDS]
    if acts:
        st.session_state[_key(key)] = (epoch, known | {act["n"] for act in acts})
    return tuple(UserAnswer(str(act["id"]), str(act["text"]), act["how"]) for act in acts)


def _key(key: str) -> str:
    return f"acts taken of {key}"
