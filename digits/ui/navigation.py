"""The header of every page, with navigation and menu, and the styles."""

from collections.abc import Sequence
from pathlib import Path

import streamlit as st
from streamlit.navigation.page import StreamlitPage

import digits
from digits.errors import DigitsError
from digits.settings import Settings, load_settings
from digits.ui.component import component
from digits.ui.reading_view import show_error

STYLE = Path(__file__).parent / "style.css"
ICON = Path(__file__).parent / "icon.svg"
PAGES = "pages"  # in the session: by their paths

_THEMES = """
<div role="radiogroup" aria-label="Theme">
<span aria-hidden="true">Theme</span>
<button type="button" role="radio" data-theme="System">Auto</button>
<button type="button" role="radio" data-theme="Light">Light</button>
<button type="button" role="radio" data-theme="Dark">Dark</button>
</div>
"""


def settings_or_stop() -> Settings:
    """Return the settings, or show an error instead of a page."""
    try:
        return load_settings()
    except DigitsError as error:
        show_error(str(error))
        st.stop()


def run_pages(main: Sequence[StreamlitPage], menu: Sequence[StreamlitPage] = ()) -> None:
    """Show the header, and below it the page that was chosen.

    Parameters
    ----------
    main : the destinations; on a narrow screen they are a bar at the bottom
    menu : the pages in the menu
    """
    page = st.navigation([*main, *menu], position="hidden")
    st.session_state[PAGES] = {one.url_path: one for one in (*main, *menu)}
    st.html(STYLE)
    with st.container(horizontal=True, key="header", gap="small", vertical_alignment="center"):
        with st.container(key="mark", width="content"):
            st.page_link(main[0], label="Digits")
        with st.container(horizontal=True, key="pages", gap="xsmall", width="content"):
            for each in main:
                with st.container(key=f"to-{_slug(each)}", width="content"):
                    st.page_link(each)
        # A different key on every page, so that it closes when a page is chosen.
        opened = f"menu of {_slug(page)}"
        with (
            st.container(key="menu", width="content"),
            st.popover("Menu", width="content", key=opened),
        ):
            for each in menu:
                st.page_link(each)
            component("theme", _THEMES)(
                key="theme", data={"paths": [f"/{one.url_path}" for one in (*main, *menu)]}
            )
            if st.button("About", key="about", width="stretch"):
                _about()
    component("shell")(key="shell", data={"path": page.url_path})
    with st.container(key=f"page-{_slug(page)}"):
        page.run()


def go_to(path: str) -> None:
    """Leave this page for another one, named by its path."""
    pages: dict[str, StreamlitPage] = st.session_state[PAGES]
    st.switch_page(pages[path])


@st.dialog("About Digits")
def _about() -> None:
    st.markdown(
        f"Digits {digits.__version__} reads handwritten numbers from photographs "
        "and shows which ones to check."
    )
    st.markdown("Open source, MIT licence. [API documentation](/api/docs)")


def _slug(page: StreamlitPage) -> str:
    """Return a page's name for CSS: the first page has no path of its own."""
    return page.url_path or "read"
