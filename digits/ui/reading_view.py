"""How a reading is shown: fields to put it right in, the doubtful digits, what the network saw."""

import html
import re
from collections.abc import Callable, Sequence
from datetime import datetime

import numpy as np
import streamlit as st
from PIL import Image

from digits.errors import DigitsError
from digits.render.html import png_address
from digits.render.text import (
    digit_in_words,
    doubts_in_words,
    in_percent,
    is_doubtful,
    sureness_in_words,
)
from digits.types import FRAME, Digit, Hint, Line, Reading
from digits.ui.canvas import copy_button

ENLARGED = 8  # screen pixels for each of the frame's
BLANK = "No ink found: there is nothing to read here."
REFUSED = "There is something here, but it does not look like digits."
ZERO_WIDTH_SPACE = "\u200b"
MARKDOWN = re.compile(r"[\\`\[\]<>*$~]")  # with which a link, a picture or a formula is written
DOUBTED = "▲"  # beside a doubtful digit, so that shape tells as well as colour

Save = Callable[[Reading, int, str], str]  # reading, line and what is right; says what was done


def show_answer(reading: Reading, *, key: str, save: Save | None = None, ask: bool = False) -> None:
    """Show what was read, how surely, and for one chosen digit why.

    Parameters
    ----------
    reading : what was read
    key : tells the pages' widgets apart
    save : keeps what a person typed in the place of an answer; None where nothing is kept
    ask : keep only what the person asks to be kept, by a button
    """
    if reading.status == "failed":
        show_error(reading.error or "this picture could not be read")
        return
    if not reading.digits:
        if reading.status == "blank":
            st.info(BLANK)
        elif not reading.notes:
            st.info(REFUSED)
        _show_notes(reading)
        return
    with st.container(key=f"heard-{key}"):  # a reader of the screen says it when it changes
        st.html(
            f'<div data-testid="answer" aria-live="polite">{html.escape(reading.written)}</div>'
        )
    typed = _show_lines(reading, key, save, ask)
    with st.container(horizontal=True, vertical_alignment="center"):
        copy_button(typed, key=f"copy-{key}")
        if reading.status != "refused":
            percent, words = sureness_in_words(reading)
            st.markdown(f"**{percent}** {words}")
    if reading.status == "refused":
        st.info(REFUSED)
    _show_notes(reading)


def show_error(text: str) -> None:
    """Show what went wrong as a sentence: errors say it in lower case and without a full stop.

    What stands in it, a file's name perhaps, is text and no Markdown: a picture from elsewhere in
    it would tell that somebody looks.
    """
    plain = MARKDOWN.sub(r"\\\g<0>", text)
    st.error(f"{plain[:1].upper()}{plain[1:].rstrip('.')}.")


def choose_digit(reading: Reading, *, key: str) -> None:
    """Let a person choose a digit, and show its probabilities and its frame."""
    written = [line for line in reading.lines if line.digits]
    if not written:
        return
    line = written[0]
    if len(written) > 1:
        chosen = st.selectbox(
            "Look at the digits of",
            range(len(written)),
            format_func=lambda i: f"line {i + 1}: {written[i].text}",
            key=f"line-{key}-{reading.id[:12]}",
        )
        line = written[chosen]
    show_digit(_chosen(line, f"{key}-{reading.id[:12]}-{written.index(line)}"))


def show_digit(digit: Digit) -> None:
    """Show one digit's probabilities beside the frame that the network saw."""
    # One element: while somebody draws, it is sent and laid out with every stroke.
    address = png_address((255 * digit.frame).astype(np.uint8))
    st.html(
        f'<div class="digit">{_bars(digit)}<figure>'
        f'<img alt="The 28 by 28 picture that the network saw" width="{FRAME * ENLARGED}" '
        f'src="{address}"><figcaption>What the network saw: 28 x 28 pixels, '
        "cut out, sized and centred like MNIST.</figcaption></figure></div>"
    )


def offer_report(picture: Callable[[], Image.Image], reading: Reading) -> None:
    """Offer a reading's account on one sheet of paper, written when it is asked for.

    Parameters
    ----------
    picture : gives the upright picture, any size
    reading : what was read in it
    """
    from digits.render.report import to_report

    st.download_button(
        "One-page report",
        data=lambda: to_report(picture(), reading, made=datetime.now().astimezone()),
        file_name="report.html",
        mime="text/html",
        help="An account of this reading, to print on one sheet",
    )


def choose_model(models: Sequence[tuple[str, str]]) -> str:
    """Let a person choose among (name, label) pairs; the name stands in the address."""
    labels, asked = dict(models), st.query_params.get("network")
    names = list(labels)
    chosen = st.selectbox(
        "Network",
        names,
        index=names.index(asked) if asked in names else 0,
        format_func=lambda name: labels[name],
        key="network chosen",
        persist_state="session",
    )
    # Not `bind`: it would write the label, which changes with every training.
    if chosen != (asked or names[0]):
        st.query_params["network"] = chosen
    return chosen


def choose_hint(options: dict[str, Hint]) -> Hint:
    """Let a person say what is in the picture; the choice stands in the address."""
    names = list(options)
    chosen = st.segmented_control(
        "What is in the picture",
        names,
        default=names[0],
        required=True,
        key="holds",
        bind="query-params",
    )
    return options[chosen or names[0]]


def _show_lines(reading: Reading, key: str, save: Save | None, ask: bool) -> str:
    """Show a field for each line, with its doubtful digits below it; return what stands there."""
    written = [i for i, line in enumerate(reading.lines) if line.digits]
    if st.session_state.get(f"answer-{key}") != reading.id:  # a new one: nothing typed yet
        st.session_state[f"answer-{key}"] = reading.id
        for i in written:
            st.session_state[_field_key(key, i)] = reading.lines[i].text
            st.session_state.pop(_said_key(key, i), None)
    with st.container(key="answer-one" if len(written) == 1 else "answer-many", gap="xsmall"):
        answers = []
        for i in written:
            name = "Answer" if len(written) == 1 else f"Line {i + 1}"
            answers.append(_show_field(reading, i, name, key, save, ask))
            _show_doubts(reading.lines[i])
        if save:
            st.caption("Wrong? Type what is right over it and press Enter.")
    return "\n".join(answers)


def _field_key(key: str, line: int) -> str:
    return f"answer-{key}-{line}"


def _said_key(key: str, line: int) -> str:
    return f"said-{key}-{line}"


def _show_field(
    reading: Reading, line: int, name: str, key: str, save: Save | None, ask: bool
) -> str:
    """Show one line's text to be put right; return what stands there now."""
    field, said = _field_key(key, line), _said_key(key, line)

    def keep() -> None:
        if save is None:
            return
        try:
            st.session_state[said] = (True, save(reading, line, st.session_state[field]))
        except DigitsError as error:
            st.session_state[said] = (False, str(error))

    def unsay() -> None:
        st.session_state.pop(said, None)

    answer = st.text_input(
        name,
        key=field,
        autocomplete="off",
        on_change=unsay if ask else keep,
    )
    if save and ask and answer != reading.lines[line].text and said not in st.session_state:
        st.button("Save this correction", key=f"save-{key}-{line}", on_click=keep)
    if said in st.session_state:
        done, sentence = st.session_state[said]
        (st.success if done else show_error)(sentence)
    return answer


def _show_doubts(line: Line) -> None:
    if doubts := doubts_in_words(line):
        items = "".join(f"<li>{html.escape(doubt)}</li>" for doubt in doubts)
        st.html(f'<ul class="doubts" aria-label="Doubtful digits">{items}</ul>')


def _show_notes(reading: Reading) -> None:
    for note in reading.notes:
        st.warning(note)


def _chosen(line: Line, key: str) -> Digit:
    """Let a person choose among a line's digits."""
    digits = line.digits
    if len(digits) == 1:
        return digits[0]
    index = st.segmented_control(
        "Look at one digit",
        range(len(digits)),
        # Streamlit tells options apart by their labels, and a number may hold a digit twice:
        # invisible spaces keep them apart.
        format_func=lambda i: _label(digits[i]) + ZERO_WIDTH_SPACE * i,
        default=0,
        required=True,
        key=f"digit-{key}",
    )
    return digits[index or 0]


def _label(digit: Digit) -> str:
    return f"{DOUBTED} {digit_in_words(digit)}" if is_doubtful(digit) else digit_in_words(digit)


def _bars(digit: Digit) -> str:
    """Return ten bars as plain HTML; a chart library would load for seconds."""
    rows = "".join(
        f'<tr><th scope="row">{value}</th><td><div class="bar{" read" * (value == digit.value)}" '
        f'style="width:{100 * p:.1f}%"></div></td><td>{in_percent(p)}</td></tr>'
        for value, p in enumerate(digit.probabilities)
    )
    return f'<table aria-label="Probability of each digit"><tbody>{rows}</tbody></table>'
