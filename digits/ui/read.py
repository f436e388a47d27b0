"""The page on which a picture is read."""

from collections.abc import Callable, Sequence
from pathlib import Path

import streamlit as st

from digits.assembly import ModelCard
from digits.core import ANY, DigitsError, Hint
from digits.image.overlay import outline
from digits.image.pixels import EXTENSIONS, load_picture, load_upright
from digits.reader import Reader
from digits.ui.answer import choose_hint, choose_model, show_answer, show_error
from digits.ui.canvas import pasted_picture

EXAMPLES = Path(__file__).parent / "examples"
PASTED = "pasted picture"  # in the session
HINTS = {"Find out": ANY, "One digit": Hint(single=True)}


def read_page(reader: Callable[[str | None], Reader], models: Sequence[ModelCard]) -> None:
    """Take a picture, read it, show the answer."""
    st.title("Read a picture")
    source, answer = st.columns(2, gap="large")
    with source:
        content = _picture()
        with st.expander("Settings"):
            hint = choose_hint(HINTS)
            model = choose_model([(card.name, label(card)) for card in models])
    with answer:
        if content is None:
            _invite()
        else:
            _show(content, reader, model, hint)
    st.caption("Pictures stay on the computer that runs this page; nothing is stored.")


def label(card: ModelCard) -> str:
    """Return a model's name for people, with how often it is right."""
    return card.title if card.accuracy is None else f"{card.title} ({card.accuracy:.2%} right)"


def _picture() -> bytes | None:
    """Return the newest picture from upload, camera, clipboard or examples."""
    given = st.file_uploader("A photograph or scan of handwritten digits", list(EXTENSIONS))
    if given is None and st.toggle("Use the camera"):
        given = st.camera_input("Hold the paper still")
    given_id = given.file_id if given else None
    if pasted := pasted_picture():
        # With the file that stood there then: only another, later one takes its place.
        st.session_state[PASTED] = (pasted, given_id)
    kept, beside = st.session_state.get(PASTED, (None, None))
    if kept and given_id in (None, beside):
        st.button("Remove the pasted picture", on_click=lambda: st.session_state.pop(PASTED, None))
        return bytes(kept)
    if given:
        return given.getvalue()
    names = sorted(path.name for path in EXAMPLES.glob("*.*g"))
    chosen = st.pills("Or look at an example", names, format_func=lambda n: Path(n).stem)
    return (EXAMPLES / chosen).read_bytes() if chosen else None


def _invite() -> None:
    st.markdown(
        "**Upload, drop, paste or photograph** a picture on the left; "
        "dark ink on plain paper reads best. Or press one of the examples."
    )


def _show(
    content: bytes, reader: Callable[[str | None], Reader], model: str | None, hint: Hint
) -> None:
    try:
        reading = reader(model).read(load_picture(content), hint)
        picture = outline(load_upright(content), reading)
    except DigitsError as error:
        show_error(str(error))
        return
    show_answer(reading, key="read")
    st.image(picture, caption="What was found")
