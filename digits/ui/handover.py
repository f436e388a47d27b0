"""Pass pictures from one page to another."""

import streamlit as st

from digits.ui.navigation import go_to

HANDED = "pictures for a sheet"  # in the session


def open_as_sheet(name: str, content: bytes) -> None:
    """Open the Sheets page with a picture."""
    st.session_state.setdefault(HANDED, []).append((name, content))
    go_to("sheet")


def pictures_for_sheet() -> list[tuple[str, bytes]]:
    """Return and remove name and content of the pictures passed to Sheets."""
    handed: list[tuple[str, bytes]] = st.session_state.pop(HANDED, [])
    return handed
