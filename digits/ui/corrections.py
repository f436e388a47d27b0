"""The page with what people said a number should be: look through it, take back, carry away."""

import base64
import html
from collections.abc import Callable, Sequence

import streamlit as st

from digits.core import DigitsError
from digits.corrections import Correction, Corrections, Wanted
from digits.exchange import export_zip, import_zip
from digits.reader import Reader
from digits.settings import Settings
from digits.ui.answer import show_error
from digits.ui.owner import is_owner

PER_PAGE = 24
COLUMNS = 4
UNDO = "corrections taken away"  # in the session: the ids of the last ones
TOLD = "what was done"  # in the session: a sentence that outlives the rerun
ROUNDS = "imports done"  # in the session: a new uploader after each import
CHOICES: dict[str, bool | None] = {"All": None, "Read wrongly": True, "Read rightly": False}
KINDS: dict[str, bool | None] = {"Lines and digits": None, "Digits": True, "Lines": False}


def corrections_page(
    store: Callable[[], Corrections], reader: Callable[[str | None], Reader], settings: Settings
) -> None:
    """Show the corrections that are kept."""
    st.title("Corrections")
    st.caption(
        "Corrections, with the piece of the picture they are about, stay in the database of "
        + ("this service; visitors never see them." if settings.is_shared else "this computer.")
    )
    if not is_owner(settings):
        return
    if told := st.session_state.pop(TOLD, None):
        st.success(told)
    try:
        _undo(store())
        _table(store())
        _carry(store(), reader)
    except DigitsError as error:
        show_error(str(error))


def _table(store: Corrections) -> None:
    with st.container(horizontal=True, vertical_alignment="bottom"):
        which = st.segmented_control("Show", list(CHOICES), default="All", required=True)
        kind = st.segmented_control("Of", list(KINDS), default="Lines and digits", required=True)
        contains = st.text_input("Search", placeholder="a number or the name of a picture")
    wanted = Wanted(wrong=CHOICES[which or "All"], single=KINDS[kind or "Lines and digits"])
    wanted = Wanted(wrong=wanted.wrong, single=wanted.single, contains=contains or None)
    n = store.count(wanted)
    if not n:
        st.info(
            "Nothing here yet. When a number was read wrongly on Read, Draw or Sheet, type the "
            "right one there."
            if not store.count()
            else "No correction is like that."
        )
        return
    pages = -(-n // PER_PAGE)
    page = st.number_input(f"Page of {pages}", 1, pages) if pages > 1 else 1
    st.caption(f"{n} correction{'s' * (n != 1)}")
    shown = store.all(wanted, limit=PER_PAGE, offset=(int(page) - 1) * PER_PAGE)
    for start in range(0, len(shown), COLUMNS):
        row = shown[start : start + COLUMNS]
        for column, correction in zip(st.columns(COLUMNS), row, strict=False):
            with column.container(border=True):
                _card(store, correction)


def _card(store: Corrections, correction: Correction) -> None:
    truth = correction.truth or "no digit"
    picture = base64.b64encode(correction.crop).decode()
    st.html(
        f'<img alt="Piece of a picture: {truth}" style="max-width:100%;height:4rem;'
        f'object-fit:contain" src="data:image/png;base64,{picture}">'
    )
    was = "was read rightly" if not correction.is_wrong else f"was read as {correction.read or '-'}"
    st.markdown(f"**{truth}**")
    st.caption(f"{was} · {html.escape(correction.file or correction.source)}")
    st.button(
        "Delete",
        key=f"delete-{correction.id}",
        help=f"Delete the correction {truth}",
        on_click=_remove,
        args=(store, [correction.id]),
    )


def _remove(store: Corrections, ids: Sequence[str]) -> None:
    try:
        store.remove(ids)
    except DigitsError as error:
        st.session_state[TOLD] = str(error)
    else:
        st.session_state[UNDO] = list(ids)


def _undo(store: Corrections) -> None:
    if ids := st.session_state.get(UNDO):
        with st.container(horizontal=True, vertical_alignment="center"):
            st.markdown(f"{len(ids)} deleted.")
            if st.button("Undo"):
                store.restore(ids)
                del st.session_state[UNDO]
                st.rerun()


def _carry(store: Corrections, reader: Callable[[str | None], Reader]) -> None:
    """Offer to take everything along, to bring it in, and to delete it."""
    st.subheader("Export, import, delete")
    n = store.count()
    st.download_button(
        "Export as ZIP",
        data=lambda: export_zip(store.all()),
        file_name="corrections.zip",
        mime="application/zip",
        disabled=not n,
        help="Pictures and labels.csv, as digits evaluate and train_model.py take them",
    )
    rounds = st.session_state.setdefault(ROUNDS, 0)
    given = st.file_uploader("Import a ZIP", ["zip"], key=f"import-{rounds}")
    if given and st.button("Import", type="primary"):
        found = import_zip(given.getvalue(), reader(None))
        new = store.add(found.corrections)
        for fault in found.faults[:PER_PAGE]:
            st.warning(fault)
        if found.faults:
            st.info(f"{new} of {len(found.corrections)} were new; {len(found.faults)} left out.")
        else:
            st.session_state[TOLD] = f"{len(found.corrections)} imported, {new} of them new."
            st.session_state[ROUNDS] += 1
            st.rerun()
    with st.popover("Delete everything", disabled=not (n or store.count(Wanted(removed=True)))):
        st.markdown(f"All {n} corrections are deleted for good; there is no undo.")
        if st.button("Delete everything for good", type="primary"):
            gone = store.remove_all()
            st.session_state.pop(UNDO, None)
            st.session_state[TOLD] = f"{gone} corrections were deleted for good."
            st.rerun()
