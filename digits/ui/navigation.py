"""What stands on every page: the list of pages, in sight on a phone too, and the looks."""

from collections.abc import Sequence
from pathlib import Path

import streamlit as st
from streamlit.navigation.page import StreamlitPage

from digits.errors import DigitsError
from digits.settings import Settings, load_settings
from digits.ui.reading_view import show_error

STYLE = Path(__file__).parent / "style.css"
ICON = Path(__file__).parent / "icon.svg"


def settings_or_stop() -> Settings:
    """Return the settings, or say what is wrong with them and show no page."""
    try:
        return load_settings()
    except DigitsError as error:
        show_error(str(error))
        st.stop()


def run_pages(pages: Sequence[StreamlitPage]) -> None:
    """Show the list of pages, and below it the one that was chosen.

    Streamlit's own list hides behind a button on a narrow screen, where nobody finds it.
    """
    page = st.navigation(list(pages), position="hidden")
    st.html(STYLE)
    with st.container(horizontal=True, key="pages", gap="small"):
        for each in pages:
            st.page_link(each)
    page.run()
