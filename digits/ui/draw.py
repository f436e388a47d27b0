"""The page on which digits are drawn and read at once."""

from collections.abc import Callable, Sequence

import streamlit as st

from digits.assembly import ModelCard
from digits.core import ANY, DigitsError, Hint
from digits.image.pixels import load_picture
from digits.reader import Reader
from digits.ui.answer import choose_model, show_answer, show_error
from digits.ui.canvas import drawing_sheet
from digits.ui.read import label

ONE, NUMBER = "One digit", "A number"
BRUSHES = {"Thin": 8, "Middle": 16, "Thick": 28}  # units of a sheet 280 high


def draw_page(reader: Callable[[str | None], Reader], models: Sequence[ModelCard]) -> None:
    """Let a person draw, and show what it reads as while they do."""
    st.title("Draw")
    _sheet_and_answer(reader, models)
    st.caption("Drawings stay on the computer that runs this page; nothing is stored.")


@st.fragment
def _sheet_and_answer(reader: Callable[[str | None], Reader], models: Sequence[ModelCard]) -> None:
    # The answer follows the sheet at once: on a phone both must be seen while drawing.
    sheet, answer = st.columns(2, gap="large")
    with st.container(horizontal=True):
        what = st.segmented_control("Sheet for", [ONE, NUMBER], default=ONE, required=True)
        brush = st.segmented_control("Brush", list(BRUSHES), default="Middle", required=True)
    model = choose_model([(card.name, label(card)) for card in models])
    with sheet:
        drawn = drawing_sheet(wide=what == NUMBER, width=BRUSHES[brush or "Middle"])
    with answer:
        if drawn is None:
            st.info("Draw on the sheet with mouse, finger or pen.")
            return
        try:
            hint = ANY if what == NUMBER else Hint(single=True)
            reading = reader(model).read(load_picture(drawn), hint)
        except DigitsError as error:
            show_error(str(error))
            return
        show_answer(reading, key="draw")
