"""The heading of a page."""

import streamlit as st


def page_title(title: str, *, shown: bool = True) -> None:
    """Give the page its heading; a page that speaks for itself has it for screen readers only."""
    if shown:
        st.title(title, anchor=False)
    else:
        with st.container(key="heard-title"):
            st.title(title, anchor=False)
