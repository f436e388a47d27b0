"""Buttons that are pictures."""

import base64
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import streamlit as st

Kind = Literal["primary", "secondary"]


@dataclass(frozen=True, slots=True)
class ImageButton:
    """A button with a picture above its label."""

    label: str
    image: bytes | None  # JPEG or PNG; None: not known yet
    is_chosen: bool = False


def image_buttons(buttons: Sequence[ImageButton], *, key: str) -> int | None:
    """Show buttons side by side, all of one size, and return the index of the one pressed.

    Parameters
    ----------
    key : also the CSS class of the row, ``st-key-KEY``
    """
    style = "".join(
        f".st-key-{key}-{i} button{{background-image:url(data:image/jpeg;base64,"
        f"{base64.b64encode(button.image).decode()})}}"
        for i, button in enumerate(buttons)
        if button.image is not None
    )
    st.html(f"<style>{style}</style>")
    pressed = None
    with st.container(horizontal=True, key=key):
        for i, button in enumerate(buttons):
            kind: Kind = "primary" if button.is_chosen else "secondary"
            if st.button(button.label, key=f"{key}-{i}", type=kind, width="stretch"):
                pressed = i
    return pressed
