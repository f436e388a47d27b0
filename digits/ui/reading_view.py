"""Shared parts of pages: errors, probabilities of a digit, report, model and hint."""

import re
from collections.abc import Callable, Sequence
from datetime import datetime
from typing import TYPE_CHECKING

import numpy as np
import streamlit as st
from PIL import Image

from digits.render.html import png_address
from digits.render.text import digit_in_words, in_percent, is_doubtful
from digits.types import FRAME, Digit, Hint, Reading

if TYPE_CHECKING:  # avoid importing the networks for the first page
    from digits.registry import ModelCard

ENLARGED = 8  # screen pixels for each of the frame's
ZERO_WIDTH_SPACE = "\u200b"
MARKDOWN = re.compile(r"[\\`\[\]<>*$~]")  # special characters of Markdown
DOUBTED = "▲"  # marks a doubtful digit without colour


def label(card: "ModelCard") -> str:
    """Return the label of a model with its accuracy.

    The label of a trained model contains its folder, since Streamlit needs unique labels.
    """
    title = f"{card.title}, {card.name}" if "/" in card.name else card.title
    return title if card.accuracy is None else f"{title} (accuracy {card.accuracy:.2%})"


def plain_sentence(text: str) -> str:
    """Return an error as a sentence: errors begin in lower case and have no full stop."""
    return f"{text[:1].upper()}{text[1:].rstrip('.')}."


def show_error(text: str) -> None:
    """Show an error as a sentence.

    Markdown is escaped: a file's name could otherwise load an image from another site.
    """
    st.error(MARKDOWN.sub(r"\\\g<0>", plain_sentence(text)))


def choose_digit(reading: Reading, *, key: str) -> Digit | None:
    """Let the user choose a digit of a reading; None if it has none."""
    written = [line for line in reading.lines if line.digits]
    if not written:
        return None
    line = written[0]
    if len(written) > 1:
        chosen = st.selectbox(
            "Number",
            range(len(written)),
            format_func=lambda i: f"line {i + 1}: {written[i].text}",
            key=f"line-{key}-{reading.id[:12]}",
        )
        line = written[chosen]
    digits = line.digits
    if len(digits) == 1:
        return digits[0]
    index = st.segmented_control(
        "Digit",
        range(len(digits)),
        # Streamlit tells options apart by their labels, and a number may hold a digit twice:
        # invisible spaces keep them apart.
        format_func=lambda i: _label(digits[i]) + ZERO_WIDTH_SPACE * i,
        default=0,
        required=True,
        key=f"digit-{key}-{reading.id[:12]}-{written.index(line)}",
    )
    return digits[index or 0]


def show_digit(digit: Digit) -> None:
    """Show a digit's probabilities next to its frame."""
    # One element, since it is sent again with every stroke of a drawing.
    address = png_address((255 * digit.frame).astype(np.uint8))
    st.html(
        f'<div class="digit">{_bars(digit)}<figure>'
        f'<img alt="The 28 by 28 picture that the network saw" width="{FRAME * ENLARGED}" '
        f'src="{address}"><figcaption>What the network saw: 28 x 28 pixels, '
        "cut out, sized and centred like MNIST.</figcaption></figure></div>"
    )


def offer_report(picture: Callable[[], Image.Image], reading: Reading) -> None:
    """Offer the report of a reading, rendered on demand.

    Parameters
    ----------
    picture : returns the upright picture, of any size
    reading : of the picture
    """
    from digits.render.report import to_report

    st.download_button(
        "One-page report",
        data=lambda: to_report(picture(), reading, made=datetime.now().astimezone()),
        file_name="report.html",
        mime="text/html",
        help="A report of this reading that prints on one sheet",
    )


def choose_model(models: Sequence[tuple[str, str]]) -> str:
    """Let the user choose among (name, label) pairs; the name is kept in the address."""
    labels, request = dict(models), st.query_params.get("network")
    names = list(labels)
    chosen = st.selectbox(
        "Network",
        names,
        index=names.index(request) if request in names else 0,
        format_func=lambda name: labels[name],
        key="network chosen",
        persist_state="session",
    )
    # Not `bind`, which would put the label into the address.
    if chosen != (request or names[0]):
        st.query_params["network"] = chosen
    return chosen


def choose_hint(options: dict[str, Hint]) -> Hint:
    """Let the user choose a hint, which is kept in the address."""
    names = list(options)
    chosen = st.segmented_control(
        "Picture shows",
        names,
        default=names[0],
        required=True,
        key="holds",
        bind="query-params",
    )
    return options[chosen or names[0]]


def _label(digit: Digit) -> str:
    return f"{DOUBTED} {digit_in_words(digit)}" if is_doubtful(digit) else digit_in_words(digit)


def _bars(digit: Digit) -> str:
    """Return ten bars as plain HTML, without a chart library."""
    rows = "".join(
        f'<tr><th scope="row">{value}</th><td><div class="bar{" read" * (value == digit.value)}" '
        f'style="width:{100 * p:.1f}%"></div></td><td>{in_percent(p)}</td></tr>'
        for value, p in enumerate(digit.probabilities)
    )
    return f'<table aria-label="Probability of each digit"><tbody>{rows}</tbody></table>'
