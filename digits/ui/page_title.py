"""The heading of a page."""

import streamlit as st


def page_title(title: str, *, shown: bool = True) -> None:
    """Show the heading of a page, or make it available to screen readers only."""
    if shown:
        st.title(title, anchor=False)
    else:
        with st.container(key="heard-title"):
            st.title(title, anchor=False)
