"""Add pages, read them, check them beside their photographs: shared by Sheets and Forms."""

import time
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Literal

import streamlit as st

from digits.errors import DigitsError
from digits.io.image import EXTENSIONS
from digits.render.text import time_left
from digits.ui.intake import contents_of
from digits.ui.reading_view import show_error
from digits.ui.sheet_session import SheetSession
from digits.ui.sheet_table import (
    GROUP,
    TableEvents,
    TableState,
    boxes_of,
    first_open,
    row_name,
    sheet_table,
    table_events,
    uncertain_first,
)
from digits.ui.viewer import ShownPicture, ViewerOptions, picture_viewer

if TYPE_CHECKING:
    from digits.corrections.store import Corrections
    from digits.reader import Reader

Pressed = Literal["open", "delete", ""]


def take_files(session: SheetSession, label: str, *, key: str, uploader: str) -> None:
    """Show an uploader, and add the files that come in.

    Parameters
    ----------
    key : tells the pages apart
    uploader : key of the uploader; another one after each upload empties it
    """
    files = st.file_uploader(label, list(EXTENSIONS), accept_multiple_files=True, key=uploader)
    if files:
        add_files(session, contents_of(files), key=key)


def add_files(session: SheetSession, files: Sequence[tuple[str, bytes]], *, key: str) -> None:
    """Add files and run the page again, or show why they cannot be added."""
    try:
        session.add_files(files)
    except DigitsError as error:
        show_error(str(error))
        return
    start_reading(key)
    st.rerun()


def start_reading(key: str) -> None:
    """Read what waits, also if the user stopped reading before."""
    st.session_state[_stopped(key)] = False


def read_waiting(
    session: SheetSession, reader: "Callable[[str | None], Reader]", *, key: str
) -> bool:
    """Read unread pages until Stop; return whether the page ends here."""
    waiting, n_all = session.waiting, len(session.scans)
    if st.session_state.get(_stopped(key)):
        if st.button(f"Continue reading ({len(waiting)} left)", key=f"{key} go on"):
            start_reading(key)
            st.rerun()
        return len(waiting) == n_all
    done = n_all - len(waiting)
    bar = st.progress(done / n_all, f"Reading {session.scans[waiting[0]].label}")
    st.button(
        "Stop",
        on_click=lambda: st.session_state.update({_stopped(key): True}),
        key=f"{key} stop",
    )
    start = time.monotonic()
    try:
        for n_read, index in enumerate(waiting, start=1):
            session.read_page(reader(None), index)
            left = time_left(n_read, len(waiting), time.monotonic() - start)
            bar.progress((done + n_read) / n_all, f"{done + n_read} of {n_all} pages read, {left}")
    except DigitsError as error:  # no reader or no store: other pages would fail too
        show_error(str(error))
        st.session_state[_stopped(key)] = True
        return len(session.waiting) == n_all
    session.describe()
    st.rerun()
    return True


def take_changes(session: SheetSession, epoch: str) -> TableEvents:
    """Apply what was changed in the table; return what else happened in it."""
    events = table_events(epoch)
    session.take_from_browser(events.changes)
    return events


def show_checks(
    session: SheetSession,
    events: TableEvents,
    *,
    epoch: str,
    key: str,
    fault: str = "",
    is_form: bool = False,
) -> None:
    """Show the table beside the photograph of the page that is looked at.

    Parameters
    ----------
    events : of the table, in this run
    epoch : identifies the table
    key : tells the pages apart
    fault : why a change outside of the table was not taken
    is_form : rows are pages of a form, shown uncertain first, and columns are its fields
    """
    sheet, audit = session.checked()
    if fault := fault or session.fault:
        show_error(f"the last change is not saved: {fault}")
    order = uncertain_first(sheet, audit) if is_form else None
    shown = [index for index, scan in enumerate(session.scans) if scan.view]
    selected = events.selected or first_open(sheet, audit, order)
    scan = _scan_in_sight(events, selected, shown)
    undo = session.steps[-1].label if session.steps else ""
    keys = None if order is None else [row_name(sheet.rows[index]) for index in order]
    state = TableState(epoch, session.seen, undo, scan, selected, keys)
    with st.container(key="sheet-check"):
        photograph, table = st.columns(2, gap="medium")
        with table:
            sheet_table(sheet, audit, session.scans, state)
        with photograph:
            if shown:
                _show_photograph(session, scan, epoch, key=key, selected=selected)


def _scan_in_sight(events: TableEvents, selected: str, shown: Sequence[int]) -> int:
    """Return whose photograph is shown: the chosen one, that of the selected cell, or the first."""
    first = int(selected.split()[0]) if selected else 0
    wanted = (events.scan, first, *shown)
    return next((each for each in wanted if each is not None and each in shown), 0)


def _show_photograph(
    session: SheetSession, index: int, epoch: str, *, key: str, selected: str
) -> None:
    """Show one page with its cells coloured."""
    sheet, audit = session.checked()
    scan = session.scans[index]
    size = (1, 1) if scan.reading is None else scan.reading.size
    picture_viewer(
        ShownPicture(f"{epoch} {index}", scan.view, *size, f"Photograph of {scan.label}"),
        boxes_of(sheet, audit, index),
        epoch=f"{epoch} {index}",
        key=f"{key} photograph",
        options=ViewerOptions(popover=False, group=GROUP, selected=selected, tallest="72vh"),
    )
    if len(session.scans) > 1:
        st.caption(scan.label)


def offer_corrections(
    session: SheetSession, corrections: "Callable[[], Corrections]", *, key: str
) -> None:
    """Offer to store the corrections; nothing is shown without any."""
    n = session.n_corrections
    if not n:
        return
    what = "correction" if n == 1 else "corrections"
    if st.button(f"Save {n} {what} for learning", key=f"{key} corrections", width="stretch"):
        try:
            session.keep_corrections(corrections())
        except DigitsError as error:
            show_error(f"the corrections are in the table but not stored: {error}")
        else:
            st.success(f"Saved: {n} {what}.")


def saved_row(id_: str, title: str, about: str, *, can_delete: bool = True) -> Pressed:
    """Show a saved sheet, form or stack of pages; return what was pressed."""
    pressed: Pressed = ""
    with st.container(horizontal=True, vertical_alignment="center", key=f"saved-{id_}"):
        if st.button(title, key=f"open-{id_}", type="tertiary"):
            pressed = "open"
        st.caption(about)
        if can_delete and st.button("Delete", key=f"delete-{id_}", type="tertiary"):
            pressed = "delete"
    return pressed


def ask_to_delete(what: str, consequence: str, remove: Callable[[], None]) -> None:
    """Open a dialog in which something saved is deleted or not."""

    def ask() -> None:
        st.write(consequence)
        with st.container(horizontal=True):
            if st.button("Delete", type="primary", key=f"delete {what} for good"):
                try:
                    remove()
                except DigitsError as error:
                    show_error(str(error))
                    return
                st.rerun()
            if st.button("Cancel", key=f"keep {what}"):
                st.rerun()

    st.dialog(f"Delete this {what}?")(ask)()


def date_in_words(changed: datetime) -> str:
    """Return the day of a change in words."""
    days = (datetime.now(UTC).astimezone().date() - changed.astimezone().date()).days
    return {0: "today", 1: "yesterday"}.get(days, f"{changed.astimezone():%d %b %Y}")


def _stopped(key: str) -> str:
    """Return the key in the session of whether the user stopped reading."""
    return f"{key} stopped"
