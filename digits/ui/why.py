"""The section "Why?": input and output of the networks, and the same reading from code."""

from typing import TYPE_CHECKING

import streamlit as st

from digits.explain.occlusion import occlude
from digits.io.document import load_upright
from digits.render import html
from digits.types import Digit, Reading
from digits.ui.code_examples import CodeExample, command_line, curl_line, python_lines
from digits.ui.read_session import OpenedPage, ReadRequest
from digits.ui.reading_view import choose_digit, offer_report, show_digit
from digits.ui.stages import stages_of

if TYPE_CHECKING:
    from digits.reader import Reader

PICTURE = 168  # screen px


def explain_reading(
    item: OpenedPage, reading: Reading, request: ReadRequest, reader: "Reader", home: str
) -> None:
    """Show probabilities, frames, where the network looked, the steps, code and the report.

    Parameters
    ----------
    home : the address of the app, for the lines of code
    """
    digits, steps, code = st.tabs(["Digits", "Steps", "Code and report"])
    with digits:
        if (digit := choose_digit(reading, key="read")) is not None:
            show_digit(digit)
            _show_saliency(digit, reader)
    with steps:
        _show_steps(item, reading, reader)
    with code:
        offer_report(lambda: load_upright(item.content, item.page), reading)
        example = CodeExample(item.name, item.page, request.hint, request.model)
        st.code(python_lines(example), None, wrap_lines=True)
        st.code(curl_line(example, home), None, wrap_lines=True)
        st.code(command_line(example), None, wrap_lines=True)


def _show_saliency(digit: Digit, reader: "Reader") -> None:
    value = max(range(10), key=lambda v: digit.probabilities[v])
    looked = occlude(reader.classifier, digit.frame, value)
    st.html(html.image(html.signed(looked), f"Where the network looked to answer {value}", PICTURE))
    st.caption(f"Orange speaks for {value}, blue against it.")


def _show_steps(item: OpenedPage, reading: Reading, reader: "Reader") -> None:
    columns = st.columns(2)
    for number, stage in enumerate(stages_of(item.content, item.page, reading, reader)):
        caption = f"{number + 1}. {stage.name}: {stage.text}"
        column = columns[number % len(columns)]
        column.image(stage.picture, caption=caption, alt=f"{stage.name}. {stage.text}")
