"""Explicit answers of the user, each taken once; see `acts.js`."""

from dataclasses import dataclass
from typing import Any, Literal

import streamlit as st

AnswerKind = Literal["typed", "chosen", "confirmed"]
ANSWER_KINDS: tuple[AnswerKind, ...] = ("typed", "chosen", "confirmed")


@dataclass(frozen=True, slots=True)
class UserAnswer:
    """An answer by Enter in a field, a click on a candidate, or on "Looks right"."""

    id: str  # of the number; empty for the whole reading
    text: str
    how: AnswerKind


def new_answers(sent: Any, epoch: str, key: str) -> tuple[UserAnswer, ...]:  # noqa: ANN401  # a browser's
    """Return the new answers of a component about this reading.

    Parameters
    ----------
    sent : state of the component: ``{"epoch", "acts"}``, or nothing yet
    epoch : id of the current reading; answers about others are dropped
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
