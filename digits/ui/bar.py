"""What stands on every page: the list of pages, in sight on a phone too, and the looks."""

from collections.abc import Sequence
from pathlib import Path

import streamlit as st
from streamlit.navigation.page import StreamlitPage

STYLE = Path(__file__).parent / "style.css"
ICON = Path(__file__).parent / "icon.svg"


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
