"""Explicit acts: each is taken once, under the reading that it is about, and nothing else is."""

import streamlit as st

from digits.ui.acts import UserAnswer, new_answers


def sent(*acts, epoch="a"):
    return {
        "epoch": epoch,
        "acts": [dict(zip(("n", "id", "text", "how"), act, strict=True)) for act in acts],
    }


SEVEN, ONE = ("n1", "0", "7", "typed"), ("n2", "1", "1", "chosen")


def test_an_act_sent_twice_is_applied_once():
    st.session_state.clear()
    assert new_answers(sent(SEVEN), "a", "k") == (UserAnswer("0", "7", "typed"),)
    assert new_answers(sent(SEVEN), "a", "k") == ()
    assert new_answers(sent(SEVEN, ONE), "a", "k") == (UserAnswer("1", "1", "chosen"),)


def test_an_act_about_another_reading_is_dropped():
    st.session_state.clear()
    assert new_answers(sent(SEVEN), "b", "k") == ()
    assert new_answers(sent(SEVEN, epoch="b"), "b", "k") == (UserAnswer("0", "7", "typed"),)
    assert new_answers(sent(SEVEN, epoch="a"), "b", "k") == ()


def test_nothing_sent_is_no_act_nor_is_what_no_person_does():
    st.session_state.clear()
    assert new_answers(None, "a", "k") == ()
    assert new_answers(sent(("n3", "0", "9", "echoed")), "a", "k") == ()
