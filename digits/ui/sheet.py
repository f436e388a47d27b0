"""The page on which photographed mark sheets become a table to check and to download."""

from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any
from zlib import crc32

import streamlit as st

from digits.corrections.store import Corrections
from digits.errors import DigitsError
from digits.marksheet.export import file_name, to_csv, to_xlsx
from digits.marksheet.names import parse_names
from digits.marksheet.store import SheetStore
from digits.reader import Reader
from digits.ui.handover import pictures_for_sheet
from digits.ui.intake import contents_of, show_intake, uploaded_pictures
from digits.ui.page_title import page_title
from digits.ui.reading_view import show_error
from digits.ui.sheet_session import SheetSession, resume
from digits.ui.sheet_steps import (
    add_files,
    ask_to_delete,
    date_in_words,
    offer_corrections,
    read_waiting,
    saved_row,
    show_checks,
    start_reading,
    take_changes,
    take_files,
)

KEPT = "sheet kept"  # in the session, to survive a change of page
COUNT = "sheet count"  # in the session: of sheets, so that each has widgets of its own
FAULT = "sheet fault"  # in the session: why the last change was not taken
KEY = "sheet"  # of what this page shares with Forms
ADDRESS = "sheet"  # in the address: the saved sheet
LAYOUT_NAMES = {"auto": "Automatic", "row": "One row each", "table": "Table"}
XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
EXAMPLE = Path(__file__).parent / "examples" / "a mark sheet.jpg"
STYLE = Path(__file__).parent / "sheet.css"
LEAD = "Photos, scans or PDFs of mark sheets"
LISTED = 8  # saved sheets that are shown before "Show all"

Readers = Callable[[str | None], Reader]


def sheet_page(
    reader: Readers,
    corrections: Callable[[], Corrections],
    sheets: Callable[[], SheetStore],
    *,
    shared: bool = False,
) -> None:
    """Take pictures, read them, show the table beside the photograph, offer the files.

    Parameters
    ----------
    sheets : returns the store of sheets
    shared : several people use this installation; nothing is stored
    """
    page_title("Sheets", shown=False)
    st.html(STYLE)
    try:
        session = _current(None if shared else sheets())
    except DigitsError as error:
        show_error(str(error))
        session = st.session_state.setdefault(KEPT, SheetSession())
    if handed := pictures_for_sheet():
        if not session.is_empty and session.store is not None:  # an open sheet is saved
            st.query_params.pop(ADDRESS, None)
            session = SheetSession(session.store)
            _show(session)
        add_files(session, handed, key=KEY)
    if session.is_empty:
        _start(session)
        return
    if session.id:
        st.query_params[ADDRESS] = session.id
    if session.waiting and read_waiting(session, reader, key=KEY):
        return
    _sheet(session, corrections)


def _current(store: SheetStore | None) -> SheetSession:
    """Return the sheet of this session, or the saved one of the address."""
    session: SheetSession | None = st.session_state.get(KEPT)
    request = st.query_params.get(ADDRESS)
    if store is not None and request and (session is None or session.id != request):
        try:
            session = resume(store, request)
        except DigitsError:
            del st.query_params[ADDRESS]
            raise
        _show(session)
    if session is None:
        session = SheetSession(store)
        _show(session)
    return session


def _show(session: SheetSession) -> None:
    """Make a sheet the current one, with new widgets."""
    st.session_state[KEPT] = session
    st.session_state[COUNT] = st.session_state.get(COUNT, 0) + 1
    start_reading(KEY)


def _epoch(session: SheetSession) -> str:
    return f"{st.session_state.get(COUNT, 0)} {session.id}"


# Add.


def _start(session: SheetSession) -> None:
    with st.container(key="sheet-start"):
        files = uploaded_pictures(LEAD, key="sheet-files")
        show_intake(LEAD, key="sheet-files")
        if files:
            add_files(session, contents_of(files), key=KEY)
        with st.container(horizontal=True, vertical_alignment="center"):
            if st.button("Try the example", key="sheet-example"):
                add_files(session, [(EXAMPLE.name, EXAMPLE.read_bytes())], key=KEY)
            st.caption(_kept_where(session))
    if session.store is not None:
        _list(session.store)


def _kept_where(session: SheetSession) -> str:
    if session.store is None:
        return "Nothing is stored here: download the table before you leave."
    return "Sheets are saved on this computer until you delete them."


def _list(store: SheetStore) -> None:
    """Show the saved sheets, to open or delete them."""
    try:
        saved = store.list()
    except DigitsError as error:
        show_error(str(error))
        return
    if not saved:
        return
    st.subheader("Your sheets", anchor=False)
    is_long = len(saved) > LISTED and not st.session_state.get("all sheets")
    for one in saved[:LISTED] if is_long else saved:
        about = f"{one.summary or 'Not read yet'} · {date_in_words(one.changed)}"
        pressed = saved_row(one.id, one.title, about)
        if pressed == "open":
            _open(one.id)
        elif pressed == "delete":
            ask_to_delete(
                "sheet",
                f"“{one.title}”, its photographs and everything you checked will be deleted.",
                partial(store.remove, one.id),
            )
    if is_long:
        st.button("Show all", on_click=lambda: st.session_state.update({"all sheets": True}))


def _open(sheet: str) -> None:
    st.session_state.pop(KEPT, None)
    st.query_params[ADDRESS] = sheet
    st.rerun()


# Check and download.


@st.fragment
def _sheet(session: SheetSession, corrections: Callable[[], Corrections]) -> None:
    epoch = _epoch(session)
    events = take_changes(session, epoch)
    _toolbar(session, corrections)
    fault = st.session_state.pop(FAULT, "")
    show_checks(session, events, epoch=epoch, key=KEY, fault=fault)


def _toolbar(session: SheetSession, corrections: Callable[[], Corrections]) -> None:
    """Show the toolbar: add files and a class list, check, download."""
    sheet, _ = session.checked()
    with st.container(horizontal=True, vertical_alignment="center", key="sheet-tools"):
        st.markdown(f"**{_plain(sheet.title)}**", width="stretch")
        with st.popover("Add", key="sheet-add"):
            uploader = f"sheet files {st.session_state.get(COUNT, 0)} {len(session.scans)}"
            take_files(session, "More photos, scans or PDFs", key=KEY, uploader=uploader)
            _take_names(session)
            _choose_layout(session)
        with st.popover("Download", key="sheet-download", type="primary"):
            _offer_files(session)
            offer_corrections(session, corrections, key=KEY)
        if st.button("New sheet", key="sheet new"):
            _ask_for_new(session)


def _plain(text: str) -> str:
    """Return text with Markdown escaped."""
    return "".join(f"\\{c}" if c in r"\`*_{}[]<>()#+-.!|~$:" else c for c in text)


def _take_names(session: SheetSession) -> None:
    # A new key for each list, since hidden widgets keep sending their value.
    names = session.user_input.get("names", "")
    key = f"sheet names {st.session_state.get(COUNT, 0)} {crc32(names.encode())}"
    st.text_area(
        "Class list, a name a line",
        names,
        key=key,
        placeholder="Anna\nBo",
        on_change=lambda: _name_rows(session, st.session_state[key]),
    )
    file = f"{key} file"
    st.file_uploader(
        "Class list as a file",
        ["csv", "txt"],
        key=file,
        on_change=lambda: _name_rows(session, st.session_state[file]),
    )


def _name_rows(session: SheetSession, given: Any) -> None:  # noqa: ANN401  # text, or a file of Streamlit's
    """Set the class list."""
    if given is None:
        return
    try:
        text = given if isinstance(given, str) else "\n".join(parse_names(given.getvalue()))
        session.take("Class list", {"names": text.strip() or None})
        session.describe()
    except DigitsError as error:
        st.session_state[FAULT] = str(error)


def _choose_layout(session: SheetSession) -> None:
    layout = session.user_input.get("layout", "auto")
    key = f"sheet layout {st.session_state.get(COUNT, 0)} {layout}"
    st.segmented_control(
        "Layout",
        list(LAYOUT_NAMES),
        format_func=LAYOUT_NAMES.__getitem__,
        default=layout,
        required=True,
        key=key,
        on_change=lambda: _lay_out(session, st.session_state[key]),
    )


def _lay_out(session: SheetSession, layout: str) -> None:
    try:
        session.set_layout(layout)
        session.describe()
    except DigitsError as error:
        st.session_state[FAULT] = str(error)


def _offer_files(session: SheetSession) -> None:
    sheet, audit = session.checked()
    st.caption(audit.summary)
    # Files are made on demand, since a rerun would invalidate them.
    st.download_button(
        "CSV",
        partial(to_csv, sheet),
        file_name(sheet, "csv"),
        "text/csv",
        on_click="ignore",
        key="sheet csv",
        width="stretch",
    )
    st.download_button(
        "Excel (XLSX)",
        partial(to_xlsx, sheet, tuple(session.scans)),
        file_name(sheet, "xlsx"),
        XLSX,
        on_click="ignore",
        key="sheet xlsx",
        width="stretch",
    )


@st.dialog("Start a new sheet?")
def _ask_for_new(session: SheetSession) -> None:
    if session.store is None:
        st.write("This sheet is not stored: download it first, or it will be gone.")
    else:
        st.write("This sheet stays in the list of your sheets.")
    with st.container(horizontal=True):
        if st.button("New sheet", type="primary", key="new for good"):
            st.query_params.pop(ADDRESS, None)
            _show(SheetSession(session.store))
            st.rerun()
        if st.button("Cancel", key="keep on"):
            st.rerun()
