"""How a reading is shown: the number in large type, the probabilities, what the network saw."""

import base64
import html
import io

import numpy as np
import streamlit as st
from PIL import Image

from digits.core import Box, Digit, Frame, Hint, Line, MarkKind, Reading

ENLARGED = 8  # screen pixels for each of the frame's
BLANK = "No ink found: there is nothing to read here."
REFUSED = "There is something here, but it does not look like digits."
PLAIN: tuple[MarkKind, ...] = ("dot", "dash", "stroke")  # kinds of marks that have a name
CERTAIN = 0.999  # confidence beyond which a tenth of a per cent would be rounded up to certainty
ZERO_WIDTH_SPACE = "\u200b"
SURE = 0.95  # confidence from which the words say nothing of doubt


def show_answer(reading: Reading, *, key: str) -> None:
    """Show what was read, how surely, and for one chosen digit why."""
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
    size = "6rem" if len(reading.text) == 1 else "3rem"
    number = html.escape(reading.text).replace("\n", "<br>")
    st.html(
        f'<div data-testid="answer" aria-live="polite" style="font-size:{size};line-height:1.1;'
        'font-weight:700;font-variant-numeric:tabular-nums;white-space:pre-wrap;tab-size:4">'
        f"{number}</div>"
    )
    if reading.status == "refused":
        st.info(REFUSED)
    else:
        st.markdown(f"**{_percent(reading.confidence)}** {_in_words(reading)}")
    if marks := _marks_in_words(reading):
        st.warning(marks)
    _show_notes(reading)
    show_digit(_chosen(reading, key))


def show_error(text: str) -> None:
    """Show what went wrong as a sentence: errors say it in lower case and without a full stop."""
    st.error(f"{text[:1].upper()}{text[1:].rstrip('.')}.")


def show_digit(digit: Digit) -> None:
    """Show one digit's probabilities beside the frame that the network saw."""
    bars, seen = st.columns([3, 2])
    with bars:
        st.html(_bars(digit))
    with seen:
        st.html(
            f'<img alt="The 28 by 28 picture that the network saw" width="{28 * ENLARGED}" '
            'style="image-rendering:pixelated;max-width:100%;border-radius:6px" '
            f'src="{_png_address(digit.frame)}">'
        )
        st.caption("What the network saw: 28 x 28 pixels, cut out, sized and centred like MNIST.")


def choose_model(models: list[tuple[str, str]]) -> str | None:
    """Let a person choose among (name, label) pairs."""
    labels = dict(models)
    return st.selectbox("Network", list(labels), format_func=lambda name: labels[name])


def choose_hint(options: dict[str, Hint]) -> Hint:
    """Let a person say what is in the picture."""
    names = list(options)
    chosen = st.segmented_control("What is in the picture", names, default=names[0], required=True)
    return options[chosen or names[0]]


def _show_notes(reading: Reading) -> None:
    for note in reading.notes:
        st.warning(note)


def _chosen(reading: Reading, key: str) -> Digit:
    digits = reading.digits
    if len(digits) == 1:
        return digits[0]
    index = st.segmented_control(
        "Look at one digit",
        range(len(digits)),
        # Streamlit tells options apart by their labels, and a number may hold a digit twice:
        # invisible spaces keep them apart.
        format_func=lambda i: (
            ("?" if digits[i].value is None else str(digits[i].value)) + ZERO_WIDTH_SPACE * i
        ),
        default=0,
        key=f"{key}-{reading.id[:12]}",
    )
    return digits[index or 0]


def _percent(confidence: float) -> str:
    """Return a confidence as a person should hear it: nothing read from a picture is certain."""
    return f"{confidence:.1%}" if confidence < CERTAIN else f"Over {CERTAIN:.1%}"


def _in_words(reading: Reading) -> str:
    what = "all of it is" if len(reading.digits) > 1 else "this is"
    if reading.confidence >= SURE:
        return f"sure that {what} right."
    return f"sure that {what} right: please check."


def _marks_in_words(reading: Reading) -> str:
    """Say which marks stand between the digits of a number, so that nobody takes 7.5 for 75."""
    kinds = [
        mark.kind
        for line in reading.lines
        for mark in line.marks
        if _stands_between(mark.box, line, reading)
    ]
    if not kinds:
        return ""
    counted = [f"{n} {kind}{'s' * (n > 1)}" for kind in PLAIN if (n := kinds.count(kind))]
    others = [f"{kinds.count('other')} other"] if "other" in kinds else []
    return (
        f"Marks stand between the digits and are not in the number: {', '.join(counted + others)}."
    )


def _stands_between(mark: Box, line: Line, reading: Reading) -> bool:
    """Say whether a mark stands between two digits of one number; in a table, of one cell."""
    digits = [digit.box for digit in line.digits]
    for cell in (cell.box for cell in reading.cells if cell.box.x <= mark.x < cell.box.right):
        digits = [box for box in digits if cell.x <= box.x < cell.right]
    return bool(digits) and digits[0].right <= mark.x < digits[-1].x


def _bars(digit: Digit) -> str:
    """Return ten bars as plain HTML; a chart library would load for seconds."""
    rows = "".join(
        f'<tr><th scope="row" style="padding-right:.5rem">{value}</th>'
        '<td style="width:100%"><div style="height:.9rem;border-radius:3px;min-width:2px;'
        f"width:{100 * p:.1f}%;background:{'#1f6f8b' if value == digit.value else '#8a949a'}"
        f'"></div></td><td style="padding-left:.5rem;text-align:right">{p:.1%}</td></tr>'
        for value, p in enumerate(digit.probabilities)
    )
    return (
        '<table style="width:100%;border-collapse:collapse;font-variant-numeric:tabular-nums" '
        f'aria-label="Probability of each digit"><tbody>{rows}</tbody></table>'
    )


def _png_address(frame: Frame) -> str:
    file = io.BytesIO()
    Image.fromarray((255 * frame).astype(np.uint8)).save(file, "PNG")
    return "data:image/png;base64," + base64.b64encode(file.getvalue()).decode()
