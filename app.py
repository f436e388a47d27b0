"""The web app: `streamlit run app.py`, with the API under /api in the same process."""

import streamlit as st
from streamlit.runtime.scriptrunner import get_script_run_ctx

from digits.ui.late import (
    available_models,
    current_corrections,
    current_forms,
    current_reader,
    current_sheets,
)
from digits.ui.navigation import ICON, run_pages, settings_or_stop

# Readers and models are cached by their files, so reruns load nothing. Each page is imported when
# it is opened, so that the first one starts quickly.


def read() -> None:
    """Read a picture."""
    from digits.ui.keep import keep_in
    from digits.ui.read import read_page

    settings, keep = settings_or_stop(), keep_in(current_corrections, "read")
    read_page(current_reader, available_models, keep, ask=settings.is_shared)


def draw() -> None:
    """Draw digits and read them."""
    from digits.ui.draw import draw_page
    from digits.ui.keep import keep_in

    settings, keep = settings_or_stop(), keep_in(current_corrections, "draw")
    draw_page(current_reader, available_models, keep, ask=settings.is_shared)


def sheet() -> None:
    """Read mark sheets into a table."""
    from digits.ui.sheet import sheet_page

    shared = settings_or_stop().is_shared
    sheet_page(current_reader, current_corrections, current_sheets, shared=shared)


def forms() -> None:
    """Define a form and read its pages."""
    from digits.ui.forms import forms_page

    shared = settings_or_stop().is_shared
    forms_page(current_reader, current_corrections, current_forms, current_sheets, shared=shared)


def handwriting() -> None:
    """Learn the user's handwriting."""
    from digits.ui.handwriting import handwriting_page

    handwriting_page(current_corrections, settings_or_stop())


def inside() -> None:
    """Explain how the networks work."""
    from digits.registry import current_reference_set, shipped_reader
    from digits.ui.explain import inside_page

    inside_page(shipped_reader, current_reference_set, available_models())


def show_pages() -> None:
    """Show the chosen page."""
    st.set_page_config(page_title="Digits", page_icon=str(ICON), layout="wide")
    run_pages(
        [
            st.Page(read, title="Read", url_path="read", default=True),
            st.Page(draw, title="Draw", url_path="draw"),
            st.Page(sheet, title="Sheets", url_path="sheet"),
            st.Page(forms, title="Forms", url_path="forms"),
        ],
        menu=[
            st.Page(handwriting, title="Your handwriting", url_path="handwriting"),
            st.Page(inside, title="How it works", url_path="how-it-works"),
        ],
    )


# The server imports this file to find `app`, and runs it as the script of that app for each rerun.
if get_script_run_ctx(suppress_warning=True) is None:
    from starlette.middleware import Middleware
    from starlette.routing import Mount

    from digits.api import create_api
    from digits.io.heap import share_heaps
    from digits.ui.server import guard_pages, run_app, site_of_pages

    share_heaps()
    site = site_of_pages()

    app = st.App(
        __file__,
        routes=[Mount("/api", create_api(site=site))],
        lifespan=run_app,
        middleware=[Middleware(guard_pages, site=site)],
    )
else:
    show_pages()
