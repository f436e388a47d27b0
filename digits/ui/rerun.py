"""Run a fragment again."""

import streamlit as st
from streamlit.errors import StreamlitAPIException


def run_again() -> None:
    """Run the fragment again, or the whole page outside a fragment."""
    try:
        st.rerun(scope="fragment")
    except StreamlitAPIException:
        st.rerun()
