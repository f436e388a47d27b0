"""The page on which digits are drawn and read at once."""

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

import streamlit as st

from digits.errors import DigitsError
from digits.io.document import load_picture
from digits.types import ANY, Hint, Reading
from digits.ui.canvas import drawing_sheet
from digits.ui.page_title import page_title
from digits.ui.read import Keep, label, where_pictures_go
from digits.ui.reading_view import choose_digit, choose_model, show_answer, show_error

if TYPE_CHECKING:  # the first page waits for no network and no database
    from digits.reader import Reader
    from digits.registry import ModelCard

ONE, NUMBER = "One digit", "A number"
BRUSHES = {"Thin": 8, "Middle": 16, "Thick": 28}  # units of a sheet 280 high


def draw_page(
    reader: Callable[[str | None], "Reader"],
    models: Callable[[], Sequence["ModelCard"]],
    keep: Keep | None = None,
    *,
    ask: bool = False,
) -> None:
    """Let a person draw, and show what it reads as while they do; arguments as `read_page`."""
    page_title("Draw", shown=False)
    _sheet_and_answer(reader, models, keep, ask)
    st.caption(where_pictures_go(keep is not None, ask))


@st.fragment
def _sheet_and_answer(
    reader: Callable[[str | None], "Reader"],
    models: Callable[[], Sequence["ModelCard"]],
    keep: Keep | None,
    ask: bool,
) -> None:
    # The answer follows the sheet at once: on a phone both must be seen while drawing.
    sheet, answer = st.columns(2)
    with st.container(horizontal=True):
        what = _choose("Sheet for", [ONE, NUMBER], ONE, key="sheet")
        brush = _choose("Brush", list(BRUSHES), "Middle", key="brush")
    model = choose_model([(card.name, label(card)) for card in models()])
    with sheet:
        drawn = drawing_sheet(wide=what == NUMBER, width=BRUSHES[brush])
    with answer:
        if drawn is None:
            st.info("Draw on the sheet with mouse, finger or pen.")
            return
        try:
            hint = ANY if what == NUMBER else Hint(single=True)
            picture = load_picture(drawn)
            reading = reader(model).read(picture, hint)
        except DigitsError as error:
            show_error(str(error))
            return

        def save(reading: Reading, line: int, truth: str) -> str:
            assert keep is not None  # noqa: S101  # it is not handed on otherwise
            return keep(picture, reading, line, truth, "")

        show_answer(reading, key="draw", save=None if keep is None else save, ask=ask)
        choose_digit(reading, key="draw")


def _choose(name: str, options: list[str], default: str, *, key: str) -> str:
    """Let a person choose one of a few; the choice stands in the address."""
    chosen = st.segmented_control(
        name, options, default=default, required=True, key=key, bind="query-params"
    )
    return chosen or default
