"""Access to pages that only the owner of a shared installation may see."""

import hmac
import threading
import time

import streamlit as st

from digits.settings import Settings

OWNER = "is the owner"  # in the session
PENALTY = 1.0  # seconds after a wrong password before anyone may try another one

_attempts = threading.Lock()


def is_owner(settings: Settings) -> bool:
    """Return whether this visitor may see stored corrections; ask for the password if needed."""
    if not settings.is_shared or st.session_state.get(OWNER):
        return True
    if settings.password is None:
        st.info("This page is locked. Set DIGITS_PASSWORD on the server to open it.")
        return False
    with st.form("owner"):
        given = st.text_input("The owner's password", type="password")
        if not st.form_submit_button("Open"):
            return False
    if is_password(given, settings.password):
        st.session_state[OWNER] = True
        st.rerun()
    st.error("Wrong password.")
    return False


def is_password(given: str, password: str) -> bool:
    """Compare in constant time, one at a time, so that many sessions guess no faster."""
    with _attempts:
        if hmac.compare_digest(given.encode(), password.encode()):
            return True
        time.sleep(PENALTY)
        return False
