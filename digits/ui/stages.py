"""The steps of a reading, kept in the session while its picture is looked at."""

from typing import TYPE_CHECKING

import streamlit as st

from digits.io.document import Document
from digits.types import Reading

if TYPE_CHECKING:
    from digits.explain.stages import Stage
    from digits.reader import Reader

KEPT = "steps of a reading"  # in the session: which reading, and its steps


def stages_of(
    content: bytes, page: int | None, reading: Reading, reader: "Reader"
) -> "list[Stage]":
    """Return the steps of a reading; the page network runs once for it, not in each rerun.

    Parameters
    ----------
    content : of the file
    page : of a PDF, from 1
    """
    key = reading.id, page
    kept: tuple[tuple[str, int | None], list[Stage]] | None = st.session_state.get(KEPT)
    if kept is None or kept[0] != key:
        kept = st.session_state[KEPT] = key, _stages(content, page, reading, reader)
    return kept[1]


def _stages(content: bytes, page: int | None, reading: Reading, reader: "Reader") -> "list[Stage]":
    from digits.explain.stages import show_stages

    with Document.open(content, colour=True) as document:
        opened = document.page(page)
    assert opened.colour is not None  # noqa: S101  # it was asked for
    return show_stages(opened.picture, opened.colour, reading, reader.segmenter)
