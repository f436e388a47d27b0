"""The page with what people said a number should be: look through it, take back, carry away."""

import base64
import html
from collections.abc import Callable, Sequence

import streamlit as st

from digits.corrections.archive import export_zip, import_zip
from digits.corrections.from_reading import thumbnail_png
from digits.corrections.store import Correction, Corrections, Source, Wanted
from digits.errors import DigitsError
from digits.reader import Reader
from digits.settings import Settings
from digits.ui.auth import is_owner
from digits.ui.page_title import page_title
from digits.ui.reading_view import show_error

PER_PAGE = 24
CARD = 164  # px wide: two stand side by side on a phone
THUMBNAIL = 128  # px high, twice what is shown: screens are fine
FAULTS = 10  # that are shown one by one
UNDO = "corrections taken away"  # in the session: the ids of the last ones
TOLD = "what was done"  # in the session: a sentence that outlives the rerun
FAILED = "what could not be done"  # in the session, as well
ROUNDS = "imports done"  # in the session: a new uploader after each import
DELETED = "Deleted"
CHOICES: dict[str, bool | None] = {
    "All": None,
    "Read wrongly": True,
    "Read rightly": False,
    DELETED: None,
}
KINDS: dict[str, bool | None] = {"Lines and digits": None, "Digits": True, "Lines": False}
SOURCES: dict[str, Source | None] = {
    "Everywhere": None,
    "Read": "read",
    "Draw": "draw",
    "Sheet": "sheet",
    "HTTP": "api",
    "Import": "import",
}


def corrections_page(
    store: Callable[[], Corrections], reader: Callable[[str | None], Reader], settings: Settings
) -> None:
    """Show the corrections that are kept."""
    page_title("Your handwriting")
    st.caption(
        "Corrections, with the piece of the picture they are about, stay in the database of "
        + ("this service; visitors never see them." if settings.is_shared else "this computer.")
    )
    if not is_owner(settings):
        return
    if told := st.session_state.pop(TOLD, None):
        st.success(told)
    if failed := st.session_state.pop(FAILED, None):
        show_error(failed)
    try:
        _undo(store())
        _offer_unconfirmed(store())
        _choice(store())
        _carry(store(), reader)
    except DigitsError as error:
        show_error(str(error))


def _offer_unconfirmed(store: Corrections) -> None:
    """Offer to delete what earlier versions may have stored without anybody having typed it."""
    unconfirmed = Wanted(explicit=False)
    n = store.count(unconfirmed)
    if not n:
        return
    with st.container(border=True):
        st.warning(
            f"{n} correction{'s' * (n > 1)} of an earlier version may never have been typed. "
            "Nothing is learned from them."
        )
        if st.button("Delete them", key="delete-unconfirmed"):
            ids = [each.id for each in store.all(unconfirmed)]
            _remove(store, ids)
            st.rerun()


def _choice(store: Corrections) -> None:
    """Let a choice be made, and show its corrections page by page."""
    wanted = _wanted()
    n = store.count(wanted)
    if not n:
        st.info(
            "Nothing matches."
            if wanted != Wanted()
            else "Nothing here yet. Correct a number on Read, Draw or Sheets first."
        )
        return
    pages = -(-n // PER_PAGE)
    page = st.number_input(f"Page of {pages}", 1, pages, width=CARD) if pages > 1 else 1
    st.caption(f"{n} correction{'s' * (n != 1)}")
    with st.container(horizontal=True):
        for correction in store.all(wanted, limit=PER_PAGE, offset=(int(page) - 1) * PER_PAGE):
            with st.container(border=True, width=CARD):
                _card(store, correction, deleted=wanted.removed)


def _wanted() -> Wanted:
    with st.container(horizontal=True, vertical_alignment="bottom"):
        which = st.segmented_control("Show", list(CHOICES), default="All", required=True)
        kind = st.segmented_control("Of", list(KINDS), default="Lines and digits", required=True)
        source = st.selectbox("From", list(SOURCES), width=CARD)
        contains = st.text_input("Search", placeholder="a number or the name of a picture")
    return Wanted(
        wrong=CHOICES[which or "All"],
        single=KINDS[kind or "Lines and digits"],
        source=SOURCES[source],
        contains=contains or None,
        removed=which == DELETED,
    )


def _card(store: Corrections, correction: Correction, *, deleted: bool) -> None:
    truth = html.escape(correction.truth) or "no digit"
    read = html.escape(correction.read) or "nothing"
    name = html.escape(correction.file or correction.source)
    picture = base64.b64encode(thumbnail_png(correction.crop, THUMBNAIL)).decode()
    # One piece of HTML: in a name, neither tags nor Markdown mean anything.
    st.html(
        f'<img alt="Piece of a picture: {truth}" style="max-width:100%;height:4rem;'
        f'object-fit:contain" src="data:image/png;base64,{picture}">'
        f"<div><strong>{truth}</strong></div>"
        f"<small>{'line' if correction.digit is None else 'digit'} "
        f"{f'read as {read}' if correction.is_wrong else 'read rightly'}"
        f'<div title="{name}" style="overflow:hidden;text-overflow:ellipsis;white-space:nowrap">'
        f"{name}</div></small>"
    )
    st.button(
        "Restore" if deleted else "Delete",
        key=f"take-{correction.id}",
        help=f"{'Restore' if deleted else 'Delete'} the correction {correction.truth}",
        on_click=_restore if deleted else _remove,
        args=(store, [correction.id]),
    )


def _remove(store: Corrections, ids: Sequence[str]) -> None:
    try:
        store.remove(ids)
    except DigitsError as error:
        st.session_state[FAILED] = str(error)
    else:
        st.session_state[UNDO] = list(ids)


def _restore(store: Corrections, ids: Sequence[str]) -> None:
    try:
        store.restore(ids)
    except DigitsError as error:
        st.session_state[FAILED] = str(error)
    else:
        st.session_state.pop(UNDO, None)


def _undo(store: Corrections) -> None:
    if ids := st.session_state.get(UNDO):
        with st.container(horizontal=True, vertical_alignment="center"):
            st.markdown(f"{len(ids)} deleted.", width="content")
            st.button("Undo", on_click=_restore, args=(store, ids))


def _carry(store: Corrections, reader: Callable[[str | None], Reader]) -> None:
    """Offer to take everything along, to bring it in, and to delete it."""
    st.header("Export, import, delete")
    n, n_deleted = store.count(), store.count(Wanted(removed=True))
    st.download_button(
        "Export as ZIP",
        data=lambda: export_zip(store.all(Wanted(explicit=True))),
        file_name="corrections.zip",
        mime="application/zip",
        on_click="ignore",
        disabled=not n,
        help="Pictures and labels.csv, as digits evaluate and train_model.py take them",
    )
    _import(store, reader)
    with st.container(horizontal=True):
        if n_deleted:
            with st.popover("Empty the bin"):
                st.markdown(f"{n_deleted} deleted before are gone for good; there is no undo.")
                _delete(store, "Delete them for good", Wanted(removed=True))
        with st.popover("Delete everything", disabled=not n + n_deleted):
            st.markdown(f"All {n + n_deleted} are deleted for good; there is no undo.")
            _delete(store, "Delete everything for good", None)


def _import(store: Corrections, reader: Callable[[str | None], Reader]) -> None:
    rounds = st.session_state.setdefault(ROUNDS, 0)
    given = st.file_uploader("Import a ZIP", ["zip"], key=f"import-{rounds}")
    if not (given and st.button("Import", type="primary")):
        return
    with st.spinner("Importing"):
        found = import_zip(given.getvalue(), reader(None))
        new = store.add(found.corrections)
    if not found.faults:
        st.session_state[TOLD] = f"{len(found.corrections)} imported, {new} of them new."
        st.session_state[ROUNDS] += 1
        st.rerun()
    st.info(f"{new} of {len(found.corrections)} were new; {len(found.faults)} left out:")
    st.text("\n".join(found.faults[:FAULTS]))


def _delete(store: Corrections, label: str, wanted: Wanted | None) -> None:
    if st.button(label, type="primary"):
        n = store.remove_all(wanted)
        st.session_state.pop(UNDO, None)
        st.session_state[TOLD] = f"{n} {'was' if n == 1 else 'were'} deleted for good."
        st.rerun()
