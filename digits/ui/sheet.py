"""The page on which photographed mark sheets become a table to check and to download."""

import time
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path

import streamlit as st

from digits.corrections.store import Corrections
from digits.errors import DigitsError
from digits.io.image import EXTENSIONS
from digits.marksheet.export import to_csv, to_xlsx
from digits.marksheet.scan import Scan, list_scans, read_scan
from digits.marksheet.sheet import (
    Sheet,
    build_sheet,
    compare_counts,
    display_order,
    extend_sheet,
    is_edited,
    parse_names,
    sheet_corrections,
    time_left,
    with_answers,
)
from digits.reader import Reader
from digits.ui.grid import check_grid, said_in_grid
from digits.ui.page_title import page_title
from digits.ui.read import where_pictures_go
from digits.ui.reading_view import show_error

KEPT = "sheet kept"  # in the session, so that it survives a change of page
FORM, NAMES = "sheet form", "sheet names"  # keys of widgets
FIND_OUT, ONE_ROW, TABLE = "Find out", "One row", "A table"
FORMS = {FIND_OUT: None, ONE_ROW: True, TABLE: False}
XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
EXAMPLE = Path(__file__).parent / "examples" / "a mark sheet.jpg"

Place = tuple[int, int]  # row and column


@dataclass(slots=True)
class Work:
    """What one visitor is at: it lives in the session and nowhere else."""

    scans: list[Scan] = field(default_factory=list)
    sheet: Sheet | None = None
    form: str = FIND_OUT
    names: str = ""  # the class list as text
    epoch: int = 0  # of the table in the browser: a new one replaces what it holds
    uploads: int = 0  # times that files were taken in, after which the uploader is emptied
    stopped: bool = False
    order: tuple[object, list[int]] = (None, [])  # what it depends on, and the rows
    saved: dict[Place, tuple[str, list[str]]] = field(default_factory=dict)  # text and ids


def sheet_page(
    reader: Callable[[str | None], Reader],
    corrections: Callable[[], Corrections],
    *,
    shared: bool = False,
) -> None:
    """Take pictures, read them with a progress bar, show the table, offer the files.

    Parameters
    ----------
    shared : strangers may use this installation; nothing is stored unless they say so
    """
    page_title("Sheets", shown=False)
    work: Work = st.session_state.setdefault(KEPT, Work())
    _take_files(work)
    if any(scan.is_waiting for scan in work.scans):
        _read(work, reader)
    if work.sheet is None:
        if not work.scans:
            _invite(work)
    else:
        _take_names(work)
        _check(work, corrections, shared=shared)
    st.caption(where_pictures_go(kept=True, ask=shared))


def _invite(work: Work) -> None:
    st.markdown(
        "**Photograph a mark sheet**, ruled or with the numbers in columns, and drop the picture "
        "here: it becomes a table with each number beside its place on the photograph. "
        "Several sheets follow each other; many pictures of one number each are a row each."
    )
    if st.button("Look at an example"):
        work.scans += list_scans(EXAMPLE.name, EXAMPLE.read_bytes())
        st.rerun()


def _take_files(work: Work) -> None:
    files = st.file_uploader(
        "Photographs or scans of mark sheets, or many pictures of one number each",
        list(EXTENSIONS),
        accept_multiple_files=True,
        key=f"sheet files {work.uploads}",
    )
    if files:
        for file in files:
            work.scans += list_scans(file.name, file.getvalue())
        work.uploads += 1
        work.stopped = False
        st.rerun()


def _read(work: Work, reader: Callable[[str | None], Reader]) -> None:
    """Read what waits; a press on Stop, or another page, ends it with what there is."""
    waiting = [index for index, scan in enumerate(work.scans) if scan.is_waiting]
    if work.stopped:
        if st.button(f"Go on reading: {len(waiting)} left"):
            work.stopped = False
            st.rerun()
        return
    done = len(work.scans) - len(waiting)
    bar = st.progress(0.0, f"{done} of {len(work.scans)} pictures read")
    st.button("Stop", on_click=_stop, args=(work,))
    start = time.monotonic()
    for n_done, index in enumerate(waiting):
        try:
            work.scans[index] = read_scan(reader(None).read, work.scans[index])
        except DigitsError as error:  # no reader: the next picture fares no better
            show_error(str(error))
            work.stopped = True
            return
        left = time_left(n_done + 1, len(waiting), time.monotonic() - start)
        done = len(work.scans) - len(waiting) + n_done + 1
        bar.progress(done / len(work.scans), f"{done} of {len(work.scans)} pictures read, {left}")
    _build(work)
    st.rerun()


def _stop(work: Work) -> None:
    work.stopped = True
    _build(work)


def _build(work: Work) -> None:
    """Put what is read on the table, and keep what was said about it."""
    sheet = build_sheet(work.scans, one_each=FORMS[work.form])
    if sheet.rows:
        work.sheet = sheet if work.sheet is None else extend_sheet(work.sheet, sheet)
        work.epoch += 1


def _take_names(work: Work) -> None:
    if work.sheet is None:
        return
    st.session_state.setdefault(FORM, work.form)
    st.session_state.setdefault(NAMES, work.names)
    with st.expander("Class list and layout"):
        form = st.segmented_control("Each picture is", list(FORMS), required=True, key=FORM)
        text = st.text_area("Class list, a name a line, in the order of the rows", key=NAMES)
        file = st.file_uploader("Or a class list as a text or CSV file", ["csv", "txt"])
    if form and form != work.form:
        work.form = form
        names, work.sheet, work.saved = work.sheet.names, None, {}
        _build(work)
        if work.sheet is not None:
            work.sheet = replace(work.sheet, names=names)
        st.rerun()
    try:
        names = parse_names(file.getvalue() if file else text)
    except DigitsError as error:
        show_error(str(error))
        return
    if names != work.sheet.names:
        work.names = "\n".join(names) if file else text
        work.sheet = replace(work.sheet, names=names)


@st.fragment
def _check(work: Work, corrections: Callable[[], Corrections], *, shared: bool) -> None:
    if work.sheet is None:
        return
    if said := said_in_grid(work.epoch):
        work.sheet = with_answers(work.sheet, said)
    sheet = work.sheet
    if difference := compare_counts(sheet):
        st.warning(difference)
    # Rows keep their places while somebody types in them: only other columns order them anew.
    depends = (work.epoch, [column.kind for column in sheet.columns])
    if work.order[0] != depends:
        work.order = (depends, display_order(sheet))
    check_grid(sheet, work.order[1], work.epoch)
    st.caption(
        "Enter confirms a cell and goes to the next one to check; Escape brings the reading back."
    )
    with st.container(horizontal=True):
        # Files are made when they are asked for; a rerun would take them away from who is quick.
        for kind, make, mime in (("csv", to_csv, "text/csv"), ("xlsx", to_xlsx, XLSX)):
            st.download_button(
                f"Download {kind.upper()}",
                partial(make, sheet),
                f"marks.{kind}",
                mime,
                on_click="ignore",
            )
        save = not shared or st.button("Save what I put right")
        st.button("Start again", on_click=_forget, args=(work,))
    if save:
        try:
            _save(work, sheet, corrections)
        except DigitsError as error:
            show_error(f"what you put right is in the table but not stored: {error}")


def _forget(work: Work) -> None:
    # Both go on counting: what the browser still sends of the old table is not of the new one.
    st.session_state[KEPT] = Work(epoch=work.epoch + 1, uploads=work.uploads + 1)
    for key in (FORM, NAMES):
        st.session_state.pop(key, None)


def _save(work: Work, sheet: Sheet, corrections: Callable[[], Corrections]) -> None:
    """Store the cells that were put right since, and take back those that no longer are."""
    gone = [place for place in work.saved if place not in sheet.edits]
    news = [
        place
        for place, text in sheet.edits.items()
        if work.saved.get(place, ("", []))[0] != text
        and (place in work.saved or is_edited(sheet, place))
    ]
    if gone:
        corrections().remove([id_ for place in gone for id_ in work.saved[place][1]])
        for place in gone:
            del work.saved[place]
    found = sheet_corrections(sheet, work.scans, news) if news else {}
    if found:
        corrections().add([one for each in found.values() for one in each])
        for place, each in found.items():
            work.saved[place] = (sheet.edits[place], [one.id for one in each])
