"""The page on which the program learns from corrections, when a person asks it to."""

import html
from collections.abc import Callable, Sequence

import streamlit as st

from digits.corrections.store import Corrections
from digits.errors import DigitsError
from digits.personalization.learn import (
    MIN_EXAMPLES,
    Examples,
    LearningResult,
    accept,
    describe_missing,
    gather,
    learn,
)
from digits.personalization.versions import (
    Compared,
    Version,
    current_name,
    list_versions,
    set_current,
)
from digits.registry import (
    ModelCard,
    current_reader,
    current_reference_set,
    learned_folder,
    shipped_reader,
)
from digits.settings import Settings
from digits.types import CLASSES
from digits.ui.auth import is_owner
from digits.ui.page_title import page_title
from digits.ui.reading_view import choose_model, label, show_error

LESSON = "lesson learned"  # in the session, with the model it was learned beside
SCROLLED = 'style="overflow-x:auto" tabindex="0" role="region"'  # by touch and by the arrow keys
CELL = 'style="text-align:right;padding:.25rem 0 .25rem 1.25rem"'


def learn_page(
    corrections: Callable[[], Corrections], models: Sequence[ModelCard], settings: Settings
) -> None:
    """Say what there is to learn from, learn on demand, and list what was learned."""
    page_title("Learn")
    if not is_owner(settings):
        return
    st.markdown(
        "Corrected digits can teach the program a hand. It takes seconds; the network itself "
        "stays as it is, nothing is kept that does not help, and you can always go back."
    )
    model = choose_model([(card.name, label(card)) for card in models])
    try:
        _what_there_is(gather(corrections()), model)
        _show_lesson(model)
        _show_versions(model)
    except DigitsError as error:
        show_error(str(error))
    st.caption("All of it stays on the computer that runs this page.")


def _what_there_is(examples: Examples, model: str | None) -> None:
    """Count the corrected digits and offer to learn from them."""
    left, right = st.columns([3, 1], vertical_alignment="bottom")
    with left:
        counts = [int((examples.truth == digit).sum()) for digit in range(CLASSES + 1)]
        st.html(_counts_table(counts))
        if len(examples) < MIN_EXAMPLES:
            st.progress(len(examples) / MIN_EXAMPLES)
    with right:
        pressed = st.button(
            "Learn", type="primary", disabled=len(examples) < MIN_EXAMPLES, width="stretch"
        )
    if len(examples) < MIN_EXAMPLES:
        st.info(f"{describe_missing(len(examples))}.")
    elif pressed:
        with st.spinner("Learning"):
            lesson = learn(examples, shipped_reader(model).classifier, current_reference_set(model))
            if not lesson.reason:
                accept(lesson, learned_folder(model))
        st.session_state[LESSON] = (model, lesson)


def _show_lesson(model: str | None) -> None:
    """Say what the last lesson came to."""
    beside, lesson = st.session_state.get(LESSON, (None, None))
    if not isinstance(lesson, LearningResult) or beside != model:
        return
    if lesson.reason:
        st.warning(f"Nothing was changed. {lesson.reason}.")
    else:
        st.success("Learned: from now on this network reads with it.")
    if lesson.compared:
        st.html(_compared_table(lesson.compared))


def _show_versions(model: str | None) -> None:
    """List what was learned, and let a person go back."""
    folder = learned_folder(model)
    versions = list_versions(folder)
    if not versions:
        return
    st.subheader("What was learned")
    try:
        current_reader(model)
        current = current_name(folder)
    except DigitsError as error:
        show_error(str(error))
        current = "damaged"
    for version in [*versions, None]:
        name = version.name if version else None
        said, button = st.columns([3, 1], vertical_alignment="center")
        said.markdown(_in_words(version) if version else "As shipped: nothing learned")
        if name == current:
            button.markdown("**active**")
        elif button.button("Go back to it", key=f"back to {name}", width="stretch"):
            set_current(folder, name)
            st.session_state.pop(LESSON, None)
            st.rerun()


def _in_words(version: Version) -> str:
    """Return a version as one line."""
    made = version.made.astimezone().strftime("%Y-%m-%d %H:%M:%S")
    own = version.compared[0] if version.compared else None
    gain = f", wrong among them {own.before} → {own.after}" if own else ""
    return f"{made}, from {version.learned_from} digits{gain}"


def _counts_table(counts: Sequence[int]) -> str:
    digits = "".join(f'<th scope="col" {CELL}>{digit}</th>' for digit in [*range(CLASSES), "none"])
    numbers = "".join(f"<td {CELL}>{count}</td>" for count in counts)
    return (
        f'<div data-testid="taught"><b>{sum(counts)} corrected digits</b>'
        f'<div {SCROLLED} aria-label="Corrected digits">'
        '<table style="font-variant-numeric:tabular-nums">'
        f'<thead><tr><th scope="row" style="text-align:left">digit</th>{digits}</tr></thead>'
        f'<tbody><tr><th scope="row" style="text-align:left">times</th>{numbers}</tr></tbody>'
        "</table></div></div>"
    )


def _compared_table(compared: Sequence[Compared]) -> str:
    rows = "".join(
        f'<tr><th scope="row" style="text-align:left;font-weight:400">{html.escape(row.what)}</th>'
        + "".join(f"<td {CELL}>{n:,}</td>" for n in (row.digits, row.before, row.after))
        + "</tr>"
        for row in compared
    )
    heads = "".join(f'<th scope="col" {CELL}>{head}</th>' for head in ("of", "before", "after"))
    return (
        f'<div {SCROLLED} aria-label="Before and after" data-testid="compared">'
        '<table style="font-variant-numeric:tabular-nums"><thead><tr>'
        f'<th scope="col" style="text-align:left">read wrongly</th>{heads}</tr></thead>'
        f"<tbody>{rows}</tbody></table></div>"
    )
