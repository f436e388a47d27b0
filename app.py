"""The web app: `streamlit run app.py`."""

import streamlit as st

from digits.assembly import available_models, current_corrections, current_reader
from digits.settings import load_settings
from digits.ui.bar import run_pages
from digits.ui.draw import draw_page
from digits.ui.keep import keep_in
from digits.ui.read import read_page

st.set_page_config(page_title="Digits", page_icon="✍️", layout="wide")

# Readers and models are cached by their files: a rerun loads nothing again.
settings = load_settings()
pages = [
    st.Page(
        lambda: read_page(
            current_reader,
            available_models(),
            keep_in(current_corrections, "read"),
            ask=settings.is_shared,
        ),
        title="Read",
        url_path="read",
        default=True,
    ),
    st.Page(
        lambda: draw_page(
            current_reader,
            available_models(),
            keep_in(current_corrections, "draw"),
            ask=settings.is_shared,
        ),
        title="Draw",
        url_path="draw",
    ),
]
run_pages(pages)
