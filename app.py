"""The web app: `streamlit run app.py`."""

import streamlit as st

from digits.assembly import (
    available_models,
    current_corrections,
    current_neighbours,
    current_reader,
    shipped_reader,
)
from digits.settings import load_settings
from digits.ui.corrections import corrections_page
from digits.ui.draw import draw_page
from digits.ui.inside import inside_page
from digits.ui.learn import learn_page
from digits.ui.read import read_page

st.set_page_config(page_title="Digits", page_icon="✍️", layout="wide")

# Readers and models are cached by their files: a rerun loads nothing again.
pages = [
    st.Page(
        lambda: read_page(current_reader, available_models()),
        title="Read",
        url_path="read",
        default=True,
    ),
    st.Page(
        lambda: draw_page(current_reader, available_models()),
        title="Draw",
        url_path="draw",
    ),
    st.Page(
        lambda: corrections_page(current_corrections, current_reader, load_settings()),
        title="Corrections",
        url_path="corrections",
    ),
    st.Page(
        lambda: learn_page(current_corrections, available_models(), load_settings()),
        title="Learn",
        url_path="learn",
    ),
    st.Page(
        lambda: inside_page(shipped_reader, current_neighbours, available_models()),
        title="Inside",
        url_path="inside",
    ),
]
st.navigation(pages, position="top").run()
