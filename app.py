"""The web app: `streamlit run app.py`."""

import streamlit as st

from digits.settings import load_settings
from digits.ui.bar import ICON, run_pages
from digits.ui.late import available_models, current_corrections, current_reader

st.set_page_config(page_title="Digits", page_icon=str(ICON), layout="wide")

# Readers and models are cached by their files: a rerun loads nothing again. A page is imported when
# it is opened: the first one waits for no other.
settings = load_settings()


def read() -> None:
    """Read a picture."""
    from digits.ui.keep import keep_in
    from digits.ui.read import read_page

    keep = keep_in(current_corrections, "read")
    read_page(current_reader, available_models, keep, ask=settings.is_shared)


def draw() -> None:
    """Draw digits and see them read."""
    from digits.ui.draw import draw_page
    from digits.ui.keep import keep_in

    keep = keep_in(current_corrections, "draw")
    draw_page(current_reader, available_models, keep, ask=settings.is_shared)


def sheet() -> None:
    """Read mark sheets into a table."""
    from digits.ui.sheet import sheet_page

    sheet_page(current_reader, current_corrections, shared=settings.is_shared)


run_pages(
    [
        st.Page(read, title="Read", url_path="read", default=True),
        st.Page(draw, title="Draw", url_path="draw"),
        st.Page(sheet, title="Sheet", url_path="sheet"),
    ]
)
