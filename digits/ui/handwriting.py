"""The page "Your handwriting": view corrected digits, learn from them, undo it."""

import html
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path

import streamlit as st

from digits.corrections.store import Corrections
from digits.errors import DigitsError
from digits.personalization.kernel_head import NOT_A_DIGIT
from digits.personalization.learn import MIN_EXAMPLES, LearningResult, OwnDigits
from digits.personalization.versions import Compared, Version
from digits.render.html import png_address
from digits.settings import Settings
from digits.ui.auth import is_owner
from digits.ui.handwriting_service import HandwritingService, Tile
from digits.ui.navigation import go_to
from digits.ui.page_title import page_title
from digits.ui.reading_view import plain_sentence, show_error
from digits.ui.tiles import digit_tiles

STYLE = Path(__file__).parent / "handwriting.css"
LESSON = "lesson to be used"  # in the session
REMOVED = "crops removed"  # in the session: ids of each removal, the last one at the end
EXPANDED = "tile shown whole"  # in the session: its label
NOTICE = "what was done with the digits"  # in the session: a sentence that outlives the rerun
FAULTS = "what an import left out"  # in the session
ROUNDS = "imports done"  # in the session: a new uploader after each import
MOST_FAULTS = 10  # listed individually
MOST_CHANGES = 24  # digits read differently that are shown
FRAME = 56  # screen px


def handwriting_page(
    store: Callable[[], Corrections], settings: Settings, model: str | None = None
) -> None:
    """Show the digits that a person corrected or confirmed, and teach a model from them.

    Parameters
    ----------
    store : gives the store of corrections
    settings : say whether strangers use this installation
    model : the one that is taught; None for the default
    """
    st.html(STYLE)
    with st.container(horizontal=True, vertical_alignment="center"):
        with st.container():
            page_title("Your handwriting")
        menu = st.container(width="content")
    if not is_owner(settings):
        return
    try:
        mine = HandwritingService(store(), model)
        tiles = mine.tiles(st.session_state.get(EXPANDED, ""))
    except DigitsError as error:
        show_error(str(error))
        return
    if notice := st.session_state.pop(NOTICE, None):
        st.toast(notice)
    with menu:
        _menu(mine)
    _show_faults()
    if not any(tile.n for tile in tiles):
        _invite()
        _offer_undo_of_removal(mine)
    else:
        _show(mine, tiles)
    _offer_unconfirmed(mine)
    st.caption(
        "Your digits stay on this server; visitors never see them."
        if settings.is_shared
        else "Your digits stay on this computer."
    )


def _invite() -> None:
    """Explain how digits are added."""
    st.markdown("Correct or confirm 20 digits, then teach the app how you write.")
    with st.container(horizontal=True):
        if st.button("Draw digits", type="primary"):
            go_to("draw")
        if st.button("Read a photo"):
            go_to("")


def _show(mine: HandwritingService, tiles: tuple[Tile, ...]) -> None:
    left, right = st.columns([1, 3], gap="large")
    with left, st.container(key="teach"):
        _teach(mine)
    with right:
        _show_lesson(mine)
        _offer_undo_of_removal(mine)
        events = digit_tiles(tiles, key="tiles")
    if events.removed is not None:
        _do(lambda: _remember(mine.remove(str(events.removed))))
    if events.expanded is not None:
        st.session_state[EXPANDED] = events.expanded
        st.rerun()


def _teach(mine: HandwritingService) -> None:
    """Show the number of digits, learn from them, and undo it."""
    try:
        n = mine.n_examples()
    except DigitsError as error:
        show_error(str(error))
        return
    st.html(_ring(n))
    if n < MIN_EXAMPLES:
        st.markdown(f"**{MIN_EXAMPLES - n} more to go**")
    if st.button("Teach", type="primary", disabled=n < MIN_EXAMPLES, width="stretch"):
        with st.spinner("Testing on your digits"):
            _do(lambda: st.session_state.update({LESSON: mine.teach()}))
    _show_in_use(mine)


def _show_in_use(mine: HandwritingService) -> None:
    """Show the active version; every version can be undone."""
    versions = mine.versions()
    current: Version | None = None
    damaged = False
    try:
        current = mine.in_use()
    except DigitsError as error:
        damaged = True
        show_error(str(error))
    if current is not None:
        st.markdown(f"In use: {_in_words(current)}")
    if (current is not None or damaged) and st.button("Undo teaching", width="stretch"):
        st.session_state.pop(LESSON, None)
        _do(mine.undo, "Undone.")
    name = None if current is None else current.name
    if others := [one for one in versions if one.name != name]:
        _offer_versions(mine, others)


def _offer_versions(mine: HandwritingService, others: Sequence[Version]) -> None:
    with st.expander("Earlier versions"):
        for version in others:
            if st.button(f"Use {_in_words(version)}", key=f"use {version.name}", width="stretch"):
                st.session_state.pop(LESSON, None)
                _do(partial(mine.choose, version.name), "In use from now on.")


def _show_lesson(mine: HandwritingService) -> None:
    """Show the result on the person's own digits, and let them use it or not."""
    lesson: LearningResult | None = st.session_state.get(LESSON)
    if lesson is None:
        return
    with st.container(border=True, key="lesson"):
        if lesson.compared:
            st.html(_before_and_after(lesson))
        if lesson.reason:
            st.markdown(plain_sentence(lesson.reason))
        with st.container(horizontal=True):
            if not lesson.reason and st.button("Use it", type="primary"):
                del st.session_state[LESSON]
                _do(lambda: mine.use(lesson), "In use from now on.")
            if st.button("OK" if lesson.reason else "Discard"):
                del st.session_state[LESSON]
                st.rerun()


def _offer_undo_of_removal(mine: HandwritingService) -> None:
    removals: list[tuple[str, ...]] = st.session_state.get(REMOVED, [])
    if not removals:
        return
    with st.container(horizontal=True, vertical_alignment="center"):
        n = len(removals)
        st.markdown(f"{n} removed", width="content")
        if st.button("Undo", key="undo removal"):
            _do(lambda: mine.restore(removals[-1]))
            removals.pop()
            st.rerun()


def _remember(ids: tuple[str, ...]) -> None:
    if ids:
        st.session_state.setdefault(REMOVED, []).append(ids)
    st.session_state.pop(LESSON, None)  # it was learned from the removed digits too


def _offer_unconfirmed(mine: HandwritingService) -> None:
    """Offer to delete what earlier versions may have stored without an explicit act."""
    n = mine.n_unconfirmed()
    if not n:
        return
    with st.container(border=True, key="unconfirmed"):
        st.markdown(
            f"{n} correction{'s' * (n > 1)} of an earlier version may never have been typed."
        )
        if st.button("Remove them"):
            _do(lambda: _remember(mine.remove_unconfirmed()))


def _menu(mine: HandwritingService) -> None:
    """Offer export, import and deletion."""
    with st.popover("Manage"):
        st.download_button(
            "Export",
            data=mine.export,
            file_name="handwriting.zip",
            mime="application/zip",
            on_click="ignore",
            width="stretch",
        )
        _import(mine)
        removed = mine.removed()
        if removed and st.button(f"Restore {len(removed)} removed", width="stretch"):
            st.session_state.pop(REMOVED, None)
            _do(lambda: mine.restore(removed))
        confirmed = st.checkbox("Delete for good, without undo")
        if removed and st.button(
            "Delete what was removed", disabled=not confirmed, width="stretch"
        ):
            st.session_state.pop(REMOVED, None)
            _do(lambda: _told("Deleted for good", mine.delete_removed()))
        if st.button("Delete everything", disabled=not confirmed, width="stretch"):
            st.session_state.pop(REMOVED, None)
            st.session_state.pop(LESSON, None)
            _do(lambda: _told("Deleted for good", mine.delete_all()))


def _import(mine: HandwritingService) -> None:
    rounds = st.session_state.setdefault(ROUNDS, 0)
    given = st.file_uploader("Import", ["zip"], key=f"import {rounds}")
    if given is None:
        return
    st.session_state[ROUNDS] = rounds + 1  # the next run shows an empty uploader

    def store() -> None:
        found, new = mine.import_(given.getvalue())
        st.session_state[FAULTS] = found.faults
        _told("Imported", new)

    with st.spinner("Importing"):
        _do(store)


def _show_faults() -> None:
    faults: tuple[str, ...] = st.session_state.pop(FAULTS, ())
    if faults:
        st.warning(f"{len(faults)} left out")
        st.text("\n".join(faults[:MOST_FAULTS]))


def _told(what: str, n: int) -> None:
    st.session_state[NOTICE] = f"{what}: {n}"


def _do(act: Callable[[], object], notice: str = "") -> None:
    """Run an action and rerun the page; show the error if it fails."""
    try:
        act()
    except DigitsError as error:
        show_error(str(error))
        return
    if notice:
        st.session_state[NOTICE] = notice
    st.rerun()


def _ring(n: int) -> str:
    """Return a ring that fills up to as many digits as are needed."""
    noun = f"of {MIN_EXAMPLES}" if n < MIN_EXAMPLES else f"digit{'s' * (n != 1)}"
    share = min(1.0, n / MIN_EXAMPLES)
    return (
        f'<div class="ring" role="img" aria-label="{n} {noun}" style="--share:{share:.0%}">'
        f"<div><b>{n}</b><span>{noun}</span></div></div>"
    )


def _in_words(version: Version) -> str:
    made = version.made.astimezone().strftime("%d %B, %H:%M")
    return f"{version.learned_from} digits, {made}"


def _before_and_after(lesson: LearningResult) -> str:
    """Return how many digits are read right before and after, and those that change."""
    own, *others = lesson.compared
    rows = [("Your digits", own), *(("Other people's digits", one) for one in others[:1])]
    figures = "".join(_row(what, compared) for what, compared in rows)
    changes = "" if lesson.own is None else _changes(lesson.own)
    return f'<div data-testid="before-after"><div class="lesson">{figures}</div>{changes}</div>'


def _row(what: str, compared: Compared) -> str:
    before, after = (compared.digits - wrong for wrong in (compared.before, compared.after))
    return (
        f"<p><span>{html.escape(what)}</span><br><b>{before:,} → {after:,}</b> "
        f"<span>of {compared.digits:,} right</span></p>"
    )


def _changes(own: OwnDigits) -> str:
    """Return the digits that are read differently, each with both answers."""
    read = zip(own.frames, own.truth.tolist(), own.before.tolist(), own.after.tolist(), strict=True)
    changed = [each for each in read if each[2] != each[3]][:MOST_CHANGES]
    figures = "".join(
        f'<figure><img width="{FRAME}" height="{FRAME}" alt="A digit that is {_value(truth)}" '
        f'src="{png_address(1 - frame)}"><figcaption><s>{_value(before)}</s> → '
        f'<span class="{"better" if after == truth else "worse"}">{_value(after)}</span>'
        "</figcaption></figure>"
        for frame, truth, before, after in changed
    )
    return f'<div class="changes">{figures}</div>' if changed else ""


def _value(value: int) -> str:
    return "none" if value == NOT_A_DIGIT else str(value)
