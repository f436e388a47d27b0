"""The page on which a picture is read."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

import streamlit as st
from PIL import Image

from digits.errors import DigitsError
from digits.io.document import load_picture, load_upright, page_numbers
from digits.io.image import EXTENSIONS
from digits.render.overlay import outline, sized_to_see
from digits.types import ANY, Hint, Picture, Reading
from digits.ui.canvas import pasted_picture
from digits.ui.code_examples import Settings, command_line, curl_line, python_lines
from digits.ui.page_title import page_title
from digits.ui.phone_link import address_for_phone, qr_code
from digits.ui.reading_view import (
    choose_digit,
    choose_hint,
    choose_model,
    offer_report,
    show_answer,
    show_error,
)

if TYPE_CHECKING:  # the first page waits for no network and no database
    from digits.reader import Reader
    from digits.registry import ModelCard

Keep = Callable[[Picture, Reading, int, str, str], str]  # picture, reading, line, truth, file

EXAMPLES = Path(__file__).parent / "examples"
EXAMPLE = "example"  # in the session: the name of the one that was chosen
PASTED = "pasted picture"  # in the session
READ = "picture read"  # in the session: the newest picture with its reading
HINTS = {"Find out": ANY, "One digit": Hint(single=True)}
THUMBNAIL = 132  # px, width of an example
HOME = "http://localhost:8501"  # where the app is, if the browser does not say


@dataclass(frozen=True, slots=True)
class Given:
    """A picture that a person gave, and what it is called."""

    content: bytes
    name: str


@dataclass(frozen=True, slots=True)
class Asked:
    """What is to be read, and how: as long as it stays the same, nothing is read again."""

    given: Given
    page: int | None  # of a PDF
    model: str | None
    reader: "Reader"
    hint: Hint


@dataclass(frozen=True, slots=True)
class Seen:
    """A picture that was read."""

    asked: Asked
    picture: Picture
    upright: Image.Image  # as large as it is shown
    reading: Reading


def read_page(
    reader: Callable[[str | None], "Reader"],
    models: Callable[[], Sequence["ModelCard"]],
    keep: Keep | None = None,
    *,
    ask: bool = False,
) -> None:
    """Take a picture, read it, show the answer.

    Parameters
    ----------
    reader : gives the reader for a model's name
    models : gives those to choose among, the default first
    keep : stores a correction and says so; None where nothing is stored
    ask : a correction is stored only when a button says so
    """
    page_title("Read", shown=False)
    source, more = st.columns(2, gap="medium")
    with source:
        given = _picture()
    if given is None:
        with more:
            _offer_phone()
        _invite()
    else:
        with more, st.expander("Settings"):
            hint = choose_hint(HINTS)
            cards = models()
            name = choose_model([(card.name, label(card)) for card in cards])
        # Unsaid where it is the default, so that the lines of code are short.
        model = None if name == cards[0].name else name
        _read(given, reader, model, hint, keep, ask)
    st.caption(where_pictures_go(keep is not None, ask))


def label(card: "ModelCard") -> str:
    """Return a model's name for people, with how often it is right.

    What was trained here is called by its folder too: options are told apart by their labels.
    """
    title = f"{card.title}, {card.name}" if "/" in card.name else card.title
    return title if card.accuracy is None else f"{title} ({card.accuracy:.2%} right)"


def where_pictures_go(kept: bool, ask: bool) -> str:
    """Return the line that says what becomes of a picture."""
    where = "Pictures stay on the computer that runs this page; "
    if not kept:
        return where + "nothing is stored."
    return where + f"only a correction that you {'save' if ask else 'type'} is stored there."


def _picture() -> Given | None:
    """Return the newest picture from upload, camera, clipboard or examples."""
    given = st.file_uploader("A photograph, scan or PDF of handwritten digits", list(EXTENSIONS))
    if given is None and st.toggle("Use the camera"):
        given = st.camera_input("Hold the paper still")
    given_id = given.file_id if given else None
    if pasted := pasted_picture():
        # With the file that stood there then: only another, later one takes its place.
        st.session_state[PASTED] = (pasted, given_id)
    kept, beside = st.session_state.get(PASTED, (None, None))
    if kept and given_id in (None, beside):
        st.button("Remove the pasted picture", on_click=lambda: st.session_state.pop(PASTED, None))
        return Given(bytes(kept), "pasted.png")
    if given:
        return Given(given.getvalue(), given.name)
    if name := st.session_state.get(EXAMPLE):
        st.button("Back to the examples", on_click=lambda: st.session_state.pop(EXAMPLE, None))
        return Given((EXAMPLES / name).read_bytes(), name)
    return None


def _invite() -> None:
    """Say what to do, and offer examples."""
    st.markdown(
        "**Upload, drop, paste or photograph** a picture; dark ink on plain paper reads best. "
        "Or press one of these examples:"
    )
    with st.container(horizontal=True):
        for path in sorted(EXAMPLES.glob("*.*g")):
            with st.container(width=THUMBNAIL, gap="xsmall"):
                st.image(path, width=THUMBNAIL, alt=f"Example: {path.stem}")
                st.button(path.stem, on_click=_choose_example, args=(path.name,), width="stretch")


def _choose_example(name: str) -> None:
    st.session_state[EXAMPLE] = name


def _offer_phone() -> None:
    """Show the way for a telephone, where the app listens to the network."""
    address = address_for_phone(st.context.url or HOME, st.get_option("server.address"))
    if address is None:
        return
    with st.expander("Open this page on your phone"):
        if code := qr_code(address):
            st.image(code, alt=f"QR code of {address}")
        st.caption(f"On the same network: {address}")


@st.fragment
def _read(
    given: Given,
    reader: Callable[[str | None], "Reader"],
    model: str | None,
    hint: Hint,
    keep: Keep | None,
    ask: bool,
) -> None:
    """Read one page of what was given, and show the answer with its reasons."""
    try:
        page = _choose_page(page_numbers(given.content))
        seen = _see(Asked(given, page, model, reader(model), hint))
    except DigitsError as error:
        show_error(str(error))
        return

    def save(reading: Reading, line: int, truth: str) -> str:
        assert keep is not None  # noqa: S101  # it is not handed on otherwise
        return keep(seen.picture, reading, line, truth, given.name)

    # The answer comes first: on a phone the picture would hide it.
    answer, picture = st.columns(2, gap="medium")
    with answer:
        show_answer(seen.reading, key="read", save=None if keep is None else save, ask=ask)
    found = f"The picture with what was found in it: {seen.reading.text or 'nothing'}"
    picture.image(outline(seen.upright, seen.reading), caption="What was found", alt=found)
    choose_digit(seen.reading, key="read")
    offer_report(lambda: seen.upright, replace(seen.reading, file=given.name))
    _show_stages(seen)
    _show_code(seen.asked)


def _choose_page(pages: Sequence[int | None]) -> int | None:
    if len(pages) == 1:
        return pages[0]
    return int(st.number_input(f"Page, of {len(pages)}", 1, len(pages)))


def _see(asked: Asked) -> Seen:
    """Read a picture, once as long as nothing changes; a session holds no more than one."""
    seen: Seen | None = st.session_state.get(READ)
    if seen is None or seen.asked != asked:
        given, page = asked.given.content, asked.page
        picture = load_picture(given, page)
        reading = asked.reader.read(picture, asked.hint)
        upright = sized_to_see(load_upright(given, page))  # a photograph would fill the memory
        seen = Seen(asked, picture, upright, reading)
        st.session_state[READ] = seen
    return seen


def _show_stages(seen: Seen) -> None:
    from digits.explain.stages import show_stages

    with (shown := st.expander("How it was read", key="stages", on_change="rerun")):
        if not shown.open:
            return
        columns = st.columns(2)
        for number, stage in enumerate(show_stages(seen.picture, seen.upright, seen.reading)):
            caption = f"{number + 1}. {stage.name}: {stage.told}"
            column = columns[number % len(columns)]
            column.image(stage.picture, caption=caption, alt=f"{stage.name}. {stage.told}")


def _show_code(asked: Asked) -> None:
    settings = Settings(asked.given.name, asked.page, asked.hint, asked.model)
    with st.expander("Use it from code"):
        st.code(python_lines(settings), None, wrap_lines=True)
        st.code(curl_line(settings, _home()), None, wrap_lines=True)
        st.code(command_line(settings), None, wrap_lines=True)


def _home() -> str:
    """Return the address under which the browser found the app, without the page."""
    return "/".join((st.context.url or HOME).split("/")[:3])
