"""The page on which a form is defined once, and hundreds of its pages are read and checked."""

from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from decimal import Decimal
from functools import partial
from pathlib import Path

import streamlit as st

from digits.corrections.store import Corrections
from digits.errors import DigitsError
from digits.forms.checks import to_decimal
from digits.forms.project import ENDING, is_project
from digits.forms.propose import propose_fields
from digits.forms.sheet import to_readings
from digits.forms.store import FormStore
from digits.forms.table import WRITERS
from digits.forms.template import KINDS, ORDERS, DateOrder, Field, FieldKind, Form
from digits.io.image import EXTENSIONS
from digits.marksheet.store import SheetStore
from digits.reader import Reader
from digits.ui.form_session import (
    FormPages,
    FormSession,
    described,
    listed,
    resume_pages,
    with_options,
)
from digits.ui.intake import show_intake, uploaded_pictures
from digits.ui.page_title import page_title
from digits.ui.reading_view import show_error
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
from digits.ui.viewer import ShownBox, ShownPicture, ViewerOptions, picture_viewer

KEPT = "form kept"  # in the session, so that it survives a change of page
FAULT = "form fault"  # in the session: why the last change was not taken
KEY = "form"  # of what this page shares with Sheets
STAGE = "form stage"  # in the session: what is looked at
FORM, PAGES = "form", "pages"  # in the address: what is open
STYLE = Path(__file__).parent / "sheet.css"
EXAMPLE = Path(__file__).parent / "examples" / "a form.json"
EXAMPLE_PAGES = Path(__file__).parent / "examples" / "pages of a form.pdf"
LEAD = "A page of your form, filled in or not"
PAGES_LEAD = "Photos, scans or PDFs of filled pages"
OPENED = (*EXTENSIONS, "json", ENDING)  # a saved form or a project too
STAGES = ("Fields", "Pages")
KIND_NAMES: dict[FieldKind, str] = {
    "number": "Number",
    "identifier": "Identifier",
    "date": "Date",
    "mark": "Mark out of a maximum",
    "decimal": "Decimal number",
    "tick": "Tick box",
    "digit": "Single digit",
}
ORDER_NAMES: dict[DateOrder, str] = {
    "dmy": "Day, month, year",
    "mdy": "Month, day, year",
    "ymd": "Year, month, day",
}
TONES = {"tick": "#b45309", "date": "#15803d", "identifier": "#7c3aed"}
FILES = {
    "csv": ("CSV", "text/csv"),
    "xlsx": (
        "Excel (XLSX)",
        "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    ),
    "parquet": ("Parquet", "application/vnd.apache.parquet"),
}


def forms_page(
    reader: Callable[[str | None], Reader],
    corrections: Callable[[], Corrections],
    forms: Callable[[], FormStore],
    sheets: Callable[[], SheetStore],
    *,
    shared: bool = False,
) -> None:
    """Define a form, read its pages, check them, offer the table.

    Parameters
    ----------
    corrections, forms, sheets : return the stores
    shared : strangers use this installation; nothing is stored beyond the visit
    """
    page_title("Forms", shown=False)
    st.html(STYLE)
    try:
        session = _current(None if shared else forms(), None if shared else sheets())
    except DigitsError as error:
        show_error(str(error))
        session = st.session_state.setdefault(KEPT, FormSession())
    if session.form is None:
        _start(session, reader)
        return
    if session.id:
        st.query_params[FORM] = session.id
    if session.pages.id:
        st.query_params[PAGES] = session.pages.id
    st.session_state.setdefault(STAGE, STAGES[0])
    _toolbar(session, session.form)
    if fault := st.session_state.pop(FAULT, ""):
        show_error(fault)
    if st.session_state[STAGE] == STAGES[0]:
        _define(session, session.form)
    else:
        _pages(session, reader, corrections)


def _current(forms: FormStore | None, sheets: SheetStore | None) -> FormSession:
    """Return the form of this session, or the saved one that the address names."""
    session: FormSession | None = st.session_state.get(KEPT)
    request = st.query_params.get(FORM)
    if forms is not None and request and (session is None or session.id != request):
        try:
            form = forms.load(request)
        except DigitsError:
            st.query_params.pop(FORM, None)
            raise
        session = FormSession(forms, sheets, request)
        session.form = form
        session.selected = form.fields[0].name if form.fields else ""
        session.pages = FormPages(sheets, form=form, form_id=request)
        st.session_state[KEPT] = session
        pages = st.query_params.get(PAGES)
        if pages and sheets is not None:
            with suppress(DigitsError):  # deleted since: the form is still there
                session.pages = resume_pages(form, request, sheets, pages)
                st.session_state[STAGE] = STAGES[1]
    if session is None:
        session = FormSession(forms, sheets)
        st.session_state[KEPT] = session
    return session


# Begin.


def _start(session: FormSession, reader: Callable[[str | None], Reader]) -> None:
    with st.container(key="sheet-start"):
        files = uploaded_pictures(LEAD, key="form-file", extensions=OPENED)
        show_intake(LEAD, key="form-file", extensions=OPENED)
        if files:
            _begin(session, files[0].getvalue(), Path(files[0].name).stem, reader)
        with st.container(horizontal=True, vertical_alignment="center"):
            if st.button("Look at an example", key="form-example"):
                _begin(session, EXAMPLE.read_bytes(), EXAMPLE.stem, reader, example=True)
            st.caption(
                "Forms and their pages are saved on this computer until you delete them."
                if session.forms is not None
                else "Nothing is stored here: use Save work or download the table first."
            )
    if session.forms is not None:
        _list(session.forms)


def _begin(
    session: FormSession,
    content: bytes,
    name: str,
    reader: Callable[[str | None], Reader],
    *,
    example: bool = False,
) -> None:
    has_pages = is_project(content)
    try:
        if has_pages:
            session.open_project(content)
        else:
            session.define(content, name, None if example else reader(None).segmenter)
        if example:
            session.pages.add_files([(EXAMPLE_PAGES.name, EXAMPLE_PAGES.read_bytes())])
    except DigitsError as error:
        show_error(str(error))
        return
    st.session_state[STAGE] = STAGES[1 if has_pages else 0]
    start_reading(KEY)
    st.rerun()


def _list(store: FormStore) -> None:
    """Show the saved forms, to go on with or to delete."""
    try:
        saved = store.list()
    except DigitsError as error:
        show_error(str(error))
        return
    if saved:
        st.subheader("Your forms", anchor=False)
    for one in saved:
        pressed = saved_row(one.id, one.name, f"Changed {date_in_words(one.changed)}")
        if pressed == "open":
            st.session_state.pop(KEPT, None)
            st.query_params[FORM] = one.id
            st.rerun()
        elif pressed == "delete":
            ask_to_delete(
                "form",
                f"“{one.name}” will be deleted. What was read with it can then no longer be "
                "opened.",
                partial(store.remove, one.id),
            )


def _toolbar(session: FormSession, form: Form) -> None:
    with st.container(horizontal=True, vertical_alignment="center", key="sheet-tools"):
        key = f"form name {session.id} {session.changes}"
        st.text_input(
            "Name of the form",
            form.name,
            key=key,
            label_visibility="collapsed",
            on_change=lambda: _try(
                lambda: session.change(replace(form, name=st.session_state[key].strip() or "Form"))
            ),
        )
        st.segmented_control(
            "Step", list(STAGES), key=STAGE, required=True, label_visibility="collapsed"
        )
        st.download_button(
            "Save form",
            form.to_bytes,
            f"{form.name}.json",
            "application/json",
            on_click="ignore",
            key="form json",
        )
        if st.button("Another form", key="form new"):
            for name in (FORM, PAGES):
                st.query_params.pop(name, None)
            st.session_state.pop(KEPT, None)
            st.session_state.pop(STAGE, None)
            st.rerun()


def _try(change: Callable[[], object]) -> None:
    """Make a change; what is wrong with it is said in the next run."""
    try:
        change()
    except DigitsError as error:
        st.session_state[FAULT] = str(error)


# Define.


def _define(session: FormSession, form: Form) -> None:
    """Show the reference picture with its fields, and the settings of the selected one."""
    epoch = f"{session.id} {session.changes}"
    picture, side = st.columns([2, 1], gap="large")
    with picture:
        events = picture_viewer(
            ShownPicture(f"form {session.id}", session.jpeg(), *form.size, f"Form {form.name}"),
            [_shown(each) for each in form.fields],
            epoch=epoch,
            key="form picture",
            options=ViewerOptions(
                popover=False,
                region=True,
                region_label="Draw a field",
                tell_selected=True,
                selected=session.selected,
                tallest="78vh",
            ),
        )
    if events.region is not None:
        region = events.region
        _try(lambda: session.add_field(region))
        st.rerun()
    if events.selected is not None and events.selected != session.selected:
        session.selected = events.selected
        session.changes += 1
        st.rerun()
    with side:
        _settings(session, form)


def _shown(each: Field) -> ShownBox:
    return ShownBox(
        each.name, each.box, each.name, "quiet", name=KIND_NAMES[each.kind],
        tone=TONES.get(each.kind, "#1d4ed8"),
    )  # fmt: skip


def _settings(session: FormSession, form: Form) -> None:
    """Show what a person may say of the selected field."""
    epoch = f"{session.id} {session.changes}"
    names = [each.name for each in form.fields]
    st.caption(f"{len(names)} fields. Drag on the picture with “Draw a field” to add one.")
    blank = f"form blank {epoch}"
    st.toggle(
        "This page is not filled in",
        form.is_blank,
        key=blank,
        on_change=lambda: _try(
            lambda: session.change(replace(form, is_blank=st.session_state[blank]))
        ),
        help="Ink in its fields is then print, and is ignored.",
    )
    if st.button("Propose fields", key="form propose"):
        named = _propose(form)
        _try(lambda: session.change(replace(form, fields=(*form.fields, *named))))
        st.rerun()
    each = session.field(session.selected)
    if each is None:
        return
    chosen = st.selectbox("Field", names, names.index(each.name), key=f"form field {epoch}")
    if chosen != each.name:
        session.selected = chosen
        session.changes += 1
        st.rerun()
    with st.form(f"form settings {epoch} {each.name}", border=False):
        changed = _ask(each, epoch)
        kept_it = st.form_submit_button("Save field", type="primary")
    if kept_it:
        _try(lambda: session.change_field(each.name, _made(each, *changed)))
        st.rerun()
    if st.button("Delete field", key=f"form delete {epoch}"):
        _try(lambda: session.change_field(each.name, None))
        st.rerun()


def _ask(each: Field, epoch: str) -> tuple[str, FieldKind, str, str, DateOrder, str, str]:
    """Return what a person says of a field: name, kind, length, maximum, order, checks, values."""
    key = f"{epoch} {each.name}"
    name = st.text_input("Name", each.name, key=f"name {key}")
    kind = st.selectbox(
        "Holds", KINDS, KINDS.index(each.kind), format_func=KIND_NAMES.__getitem__, key=f"k {key}"
    )
    length = st.text_input("Digits, if always as many", str(each.length or ""), key=f"length {key}")
    maximum = st.text_input("Maximum of a mark", str(each.maximum or ""), key=f"maximum {key}")
    order = st.selectbox(
        "Order of a date",
        ORDERS,
        ORDERS.index(each.order),
        format_func=ORDER_NAMES.__getitem__,
        key=f"order {key}",
    )
    checks = st.text_input(
        "Checks",
        described(each),
        key=f"checks {key}",
        placeholder="luhn, mod11, mod97, range=0..100, sum=q1+q2",
    )
    allowed = st.text_area(
        "Allowed values, one a line",
        listed(each),
        key=f"allowed {key}",
        placeholder="Paste a column of a spreadsheet",
        height=68,
    )
    return name, kind, length, maximum, order, checks, allowed


def _made(
    each: Field,
    name: str,
    kind: FieldKind,
    length: str,
    maximum: str,
    order: DateOrder,
    checks: str,
    allowed: str,
) -> Field:
    """Return a field as a person describes it."""
    if length.strip() and not length.strip().isdigit():
        raise DigitsError(f"digits takes a whole number, not {length}")
    limit = to_decimal(maximum) if maximum.strip() else None
    if kind == "mark" and limit is None:
        limit = Decimal(20)
    changed = replace(
        each,
        name=name.strip(),
        kind=kind,
        length=int(length) if length.strip() and kind in ("identifier", "number", "date") else None,
        maximum=limit if kind == "mark" else None,
        order=order,
    )
    return with_options(changed, checks, allowed)


# Read and check.


def _pages(
    session: FormSession,
    reader: Callable[[str | None], Reader],
    corrections: Callable[[], Corrections],
) -> None:
    pages = session.pages
    if session.form is not None and not session.form.fields:
        st.info("This form has no fields yet. Draw them first.")
        return
    if not pages.scans:
        with st.container(key="sheet-start"):
            files = uploaded_pictures(PAGES_LEAD, key="form-pages")
            show_intake(PAGES_LEAD, key="form-pages")
            if files:
                add_files(pages, [(file.name, file.getvalue()) for file in files], key=KEY)
    if pages.waiting and read_waiting(pages, reader, key=KEY):
        return
    if pages.scans:
        _check(session, corrections)
    if session.sheets is not None and session.id:
        _list_pages(session, session.sheets)


@st.fragment
def _check(session: FormSession, corrections: Callable[[], Corrections]) -> None:
    """Offer the table, and show it beside the photograph of the page that is looked at."""
    pages = session.pages
    epoch = f"form {pages.id} {session.changes} {len(pages.scans)}"
    events = take_changes(pages, epoch)
    _offer_files(session)
    offer_corrections(pages, corrections, key=KEY)
    show_checks(pages, events, epoch=epoch, key=KEY, is_form=True)


def _propose(form: Form) -> list[Field]:
    """Return proposed fields at new places, each with an unused name."""
    kept = {each.box for each in form.fields}
    written = None if form.is_blank else form.handwriting
    free = [each for each in propose_fields(form.reference, written) if each.box not in kept]
    taken = {each.name for each in form.fields}
    numbers = (f"field {n}" for n in range(1, 10_000) if f"field {n}" not in taken)
    return [replace(each, name=name) for each, name in zip(free, numbers, strict=False)]


def _offer_files(session: FormSession) -> None:
    pages, form = session.pages, session.form
    sheet, audit = pages.checked()
    with st.container(horizontal=True, vertical_alignment="center"):
        st.caption(audit.summary, width="stretch")
        with st.popover("Add pages"):
            uploader = f"form files {pages.id} {len(pages.scans)}"
            take_files(pages, PAGES_LEAD, key=KEY, uploader=uploader)
        if form is None:
            return
        for ending, (label, kind) in FILES.items():
            # Made when it is asked for; a rerun would take it away from who is quick.
            st.download_button(
                label,
                partial(_file, form, ending, pages),
                f"{sheet.title}.{ending}",
                kind,
                on_click="ignore",
                key=f"form {ending}",
            )
        st.download_button(
            "Save work",
            pages.to_project,
            f"{sheet.title}.{ENDING}",
            "application/zip",
            on_click="ignore",
            key="form project",
            help="The form, its pages and what you checked in one file. Open it on this page, here "
            "or on another computer, to go on.",
        )


def _file(form: Form, ending: str, pages: FormPages) -> bytes:
    sheet, audit = pages.checked()
    return WRITERS[ending](form, to_readings(form, sheet, audit, pages.scans))


def _list_pages(session: FormSession, store: SheetStore) -> None:
    """Show the stacks of pages that were read with this form, and begin another."""
    try:
        saved = [one for one in store.list(form=session.id) if one.id != session.pages.id]
    except DigitsError as error:
        show_error(str(error))
        return
    if session.pages.scans and st.button("New stack of pages", key="form new pages"):
        st.query_params.pop(PAGES, None)
        session.pages = FormPages(store, form=session.form, form_id=session.id)
        st.rerun()
    if saved:
        st.subheader("Other stacks of this form", anchor=False)
    for one in saved:
        about = f"{one.summary or 'Not read yet'} · {date_in_words(one.changed)}"
        pressed = saved_row(one.id, one.title, about, can_delete=False)
        if pressed == "open" and session.form is not None:
            session.pages = resume_pages(session.form, session.id, store, one.id)
            st.rerun()
