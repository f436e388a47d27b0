"""The web app: `streamlit run app.py`, with the API under /api in the same process."""

import streamlit as st
from starlette.routing import Mount
from streamlit.runtime.scriptrunner import get_script_run_ctx

from digits.api import create_api
from digits.assembly import available_models, current_corrections, current_reader
from digits.settings import load_settings
from digits.ui.corrections import corrections_page
from digits.ui.draw import draw_page
from digits.ui.opening import open_browser
from digits.ui.read import read_page


def show_pages() -> None:
    """Show the page that was chosen."""
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
    ]
    st.navigation(pages, position="top").run()


# This file is run twice over: once by the server, which looks for `app` in it, and then as the
# script of that app, for each person and each click.
if get_script_run_ctx(suppress_warning=True) is None:
    app = st.App(__file__, routes=[Mount("/api", create_api())], lifespan=open_browser)
else:
    show_pages()
