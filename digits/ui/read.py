"""The page on which pictures are read: the picture is the interface."""

from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

import streamlit as st

from digits.errors import DigitsError
from digits.io.document import load_picture
from digits.types import ANY, Hint, Paper, Reading
from digits.ui.acts import UserAnswer
from digits.ui.answer import AnswerCard, answer_card
from digits.ui.handover import open_as_sheet
from digits.ui.image_button import ImageButton, image_buttons
from digits.ui.intake import contents_of, is_shown_by_browser, show_intake, uploaded_pictures
from digits.ui.keep import Keep, LineTruth
from digits.ui.numbers import UNREAD, Numbers, count_doubts, to_boxes, to_rows, to_text
from digits.ui.page_title import page_title
from digits.ui.phone_link import address_for_phone, qr_code
from digits.ui.privacy import where_pictures_go
from digits.ui.read_session import OpenedPage, PageResult, Preview, ReadRequest, ReadSession
from digits.ui.reading_view import choose_hint, choose_model, label, plain_sentence, show_error
from digits.ui.rerun import run_again
from digits.ui.viewer import (
    Corners,
    ShownBox,
    ShownPicture,
    ViewerEvents,
    ViewerOptions,
    picture_viewer,
)

if TYPE_CHECKING:  # the first page waits for no network and no database
    from digits.reader import Reader
    from digits.registry import ModelCard
    from digits.ui.flat_view import FlatView

SESSION = "read session"  # key in st.session_state
FLAT = "straightened sheet"  # in the session: item, paper, view
NOTICE = "what was saved"  # in the session: a sentence that outlives the rerun
EXAMPLES = Path(__file__).parent / "examples"
LEAD = "Photo, scan or PDF of handwritten numbers"
HINTS = {"Automatic": ANY, "One digit": Hint(single=True)}
CROP, MOVE, DONE = "Crop to the paper", "Move corners", "Done"  # buttons about the paper
GROUP = "read"  # of the picture and the answer, which follow each other's selection
LONG = 12  # characters of the answer, or more than one line, from which it is set smaller
READ_AHEAD = 20  # pages that are read without being asked for
INSET = 0.06  # of the picture's sides that a sheet leaves free before its corners are dragged
HOME = "http://localhost:8501"  # where the app is, if the browser does not say
BLANK = "No ink found. Check the light, or retake."
NOTHING = "No numbers found. Crop to the paper, or retake."


def read_page(
    reader: Callable[[str | None], "Reader"],
    models: Callable[[], Sequence["ModelCard"]],
    keep: Keep | None = None,
    *,
    ask: bool = False,
) -> None:
    """Take pictures, read them, show the answers.

    Parameters
    ----------
    reader : returns the reader of a model
    models : returns the available models, the default first
    keep : stores the user's answers; None where nothing is stored
    ask : store answers only on a button press
    """
    page_title("Read", shown=False)
    session: ReadSession = st.session_state.setdefault(SESSION, ReadSession())
    has_items = bool(session.items)
    with st.container(key="intake-row", horizontal=True, vertical_alignment="center"):
        files = uploaded_pictures(LEAD, key="files")
        place = st.container()
        if (has_items or files) and st.button("Clear", key="clear"):
            st.session_state[SESSION] = ReadSession(n_files=session.n_files)
            st.rerun()
    if files:
        session.take(contents_of(files))
        with suppress(DigitsError):  # shown next to the picture
            session.open(session.item)  # before the page changes: its picture comes at once
        if has_items or not is_shown_by_browser(session.item.name):
            st.rerun()
        _look(session, reader, models, keep, ask, read_first=True)
    with place:
        show_intake(LEAD, key="files", small=has_items or bool(files))
    if files:
        st.rerun()  # the answer is there: empty the uploader, and read the other files
    if not session.items:
        _invite(session)
        st.caption(where_pictures_go(keep is not None, ask))
        return
    _look(session, reader, models, keep, ask)


def _invite(session: ReadSession) -> None:
    """Show examples and a QR code for phones."""
    paths = sorted(EXAMPLES.glob("*.*g"))
    pressed = image_buttons(
        [ImageButton(path.stem, _bytes(path)) for path in paths], key="examples"
    )
    if pressed is not None:
        session.take([(paths[pressed].name, _bytes(paths[pressed]))])
        st.rerun()
    address = address_for_phone(st.context.url or HOME, st.get_option("server.address"))
    if address is not None:
        with st.popover("Open on your phone"):
            if code := qr_code(address):
                st.image(code, alt=f"QR code of {address}")
            st.caption(address)


@cache
def _bytes(path: Path) -> bytes:
    return path.read_bytes()


@st.fragment
def _look(
    session: ReadSession,
    reader: Callable[[str | None], "Reader"],
    models: Callable[[], Sequence["ModelCard"]],
    keep: Keep | None,
    ask: bool,
    *,
    read_first: bool = False,
) -> None:
    """Show the current item, and read it if necessary.

    Parameters
    ----------
    read_first : the browser shows the picture already; nothing is shown here before the answer
    """
    if len(session.items) > 1:
        _show_strip(session)
    item = session.item
    picture, side = st.columns([2, 1], gap="large")
    drawer = st.container()
    with drawer:
        opened = st.expander("Why?", key="why", on_change="rerun")
        with opened:
            model, hint = _choose_settings(models)
    try:
        using = reader(model)
    except DigitsError as error:
        show_error(str(error))
        return
    request = ReadRequest(model, using.versions, session.hint(item, hint))
    result = _open(session, item, request)
    if read_first and result is None:
        session.read(item, request, using)
        result = session.result(item, request)
    with picture:
        events = _show_picture(session, item, result, view := _flat_view(session, item, result))
    with side:
        answers = _show_answer(session, item, result, keep, ask=ask)
    if result is not None:
        session.drop()
        _take_answers(item, result, (*events.answers, *answers), keep, ask=ask)
        _take_region(session, item, _in_photograph(events, view), _paper(session, item, result))
        if opened.open and result.reading is not None:
            with opened:
                _explain(item, result, using)
    else:
        session.read(item, request, using)
        run_again()
    if not read_first:
        _read_ahead(session, model, hint, using)


def _open(session: ReadSession, item: OpenedPage, request: ReadRequest) -> PageResult | None:
    """Open an item; return its result, which is an error if it cannot be opened."""
    result = session.result(item, request)
    if item.id not in session.previews or result is None:
        try:
            session.open(item)
        except DigitsError as error:
            session.fail(item, request, item.error or str(error))
            result = session.result(item, request)
    return result


def _show_strip(session: ReadSession) -> None:
    """Show the thumbnails of all items."""
    buttons = [
        ImageButton(
            _strip_label(session, item), session.thumbnails.get(item.id), item.id == session.chosen
        )
        for item in session.items
    ]
    pressed = image_buttons(buttons, key="strip")
    if pressed is not None and session.items[pressed].id != session.chosen:
        session.chosen = session.items[pressed].id
        run_again()


def _strip_label(session: ReadSession, item: OpenedPage) -> str:
    """Return an item's title with its state."""
    result = session.results.get(item.id)
    if result is None:
        return item.title
    if result.error:
        return f"✕ {item.title}"
    if result.numbers is None or not any(result.numbers):
        return f"– {item.title}"
    return f"{'?' if count_doubts(result.numbers, result.truths) else '✓'} {item.title}"


def _show_picture(
    session: ReadSession, item: OpenedPage, result: PageResult | None, view: "FlatView | None"
) -> ViewerEvents:
    """Show the sheet that was found, straightened; else the whole picture."""
    preview = session.previews.get(item.id)
    if preview is None:
        return ViewerEvents()
    region, paper = session.regions.get(item.id), _paper(session, item, result)
    boxes = _boxes(result)
    picture = ShownPicture(item.id, preview.jpeg, preview.width, preview.height, item.title)
    if view is not None and paper is not None:
        boxes = [replace(box, box=view.to_sheet(box.box)) for box in boxes]
        id_ = f"{item.id} {paper.corners}"
        picture = ShownPicture(id_, view.jpeg, view.width, view.height, item.title)
    crop = CROP if paper is None else DONE if view is None else MOVE
    return picture_viewer(
        picture,
        boxes,
        epoch=_epoch(item, result),
        key="picture",
        options=ViewerOptions(
            region=True,
            whole="Use whole picture" if region is not None or paper is not None else "",
            crop=crop if result is not None else "",
            corners=_corners(paper) if view is None and paper is not None else None,
            busy="Finding numbers" if result is None else "",
            group=GROUP,
        ),
    )


def _boxes(result: PageResult | None) -> list[ShownBox]:
    """Return the boxes of a result; none before there is one."""
    if result is None or result.numbers is None:
        return []
    return to_boxes(result.numbers, result.truths)


def _flat_view(
    session: ReadSession, item: OpenedPage, result: PageResult | None
) -> "FlatView | None":
    """Return the straightened sheet; None while its corners are moved, and where none is known."""
    paper, preview = _paper(session, item, result), session.previews.get(item.id)
    if paper is None or preview is None or item.id in session.adjusting:
        return None
    shown = st.session_state.get(FLAT)
    if shown is None or shown[:2] != (item.id, paper):
        from digits.ui.flat_view import flatten_preview

        shown = st.session_state[FLAT] = (item.id, paper, flatten_preview(preview, paper))
    view: FlatView = shown[2]
    return view


def _in_photograph(events: ViewerEvents, view: "FlatView | None") -> ViewerEvents:
    """Return what was done with a region in pixels of the photograph."""
    if view is None or events.region is None:
        return events
    return replace(events, region=view.to_picture(events.region))


def _paper(session: ReadSession, item: OpenedPage, result: PageResult | None) -> Paper | None:
    """Return where the paper lies: as a person moved its corners, or else as it was found."""
    reading = None if result is None else result.reading
    if item.id in session.papers:
        return session.papers[item.id]
    return None if reading is None else reading.paper


def _corners(paper: Paper) -> Corners:
    return tuple((round(x), round(y)) for x, y in paper.corners)


def _show_answer(
    session: ReadSession,
    item: OpenedPage,
    result: PageResult | None,
    keep: Keep | None,
    *,
    ask: bool,
) -> tuple[UserAnswer, ...]:
    """Show the answer card and the buttons below it."""
    card = AnswerCard("") if result is None else to_card(result, keep, ask=ask)
    card = replace(card, epoch=_epoch(item, result))
    if len(session.items) > 1 and card.copies:
        card = replace(card, copies=(*card.copies, ("Copy all pages", _all_text(session))))
    answers = answer_card(card, key="answer")
    if result is None:
        return answers
    if message := st.session_state.pop(NOTICE, None):
        st.toast(message)
    if result.pending and keep is not None:
        _offer_to_save(item, result, keep)
    is_table = result.numbers is not None and result.numbers.is_table
    if is_table and st.button("Open as sheet", key="open-as-sheet"):
        open_as_sheet(item.name, item.content)
    return answers


def _offer_to_save(item: OpenedPage, result: PageResult, keep: Keep) -> None:
    n = len(result.pending)
    if st.button(f"Save {n} correction{'s' * (n > 1)}", key="save", type="primary"):
        _store(item, result, keep)
        run_again()


def _all_text(session: ReadSession) -> str:
    """Return the text of all items that are read."""
    results = [session.results.get(item.id) for item in session.items]
    return "\n".join(to_text(one.numbers, one.truths) for one in results if one and one.numbers)


def _epoch(item: OpenedPage, result: PageResult | None) -> str:
    """Return the epoch of the answers: the item and its reading."""
    reading = None if result is None else result.reading
    return item.id if reading is None else f"{item.id} {reading.id}"


def to_card(result: PageResult, keep: Keep | None, *, ask: bool = False) -> AnswerCard:
    """Return the answer card of a result."""
    numbers, reading = result.numbers, result.reading
    if numbers is None or reading is None or reading.status == "failed":
        text = plain_sentence(result.error or "this picture could not be read")
        return AnswerCard(epoch="failed", status=text, kind="error")
    if not any(digit.value is not None for digit in reading.digits) and not result.truths:
        text = BLANK if reading.status == "blank" else NOTHING
        return AnswerCard(epoch=reading.id, status=text, kind="none", notes=reading.notes[:1])
    card = _numbers_card(result, numbers, reading)
    return replace(card, confirm=keep is not None and not ask, confirmed=result.is_confirmed)


def _numbers_card(result: PageResult, numbers: Numbers, reading: Reading) -> AnswerCard:
    """Return the answer card of a reading with digits."""
    from digits.reading.composition import is_marked_in_picture

    text, doubts = to_text(numbers, result.truths), _doubts(result, numbers, reading)
    return AnswerCard(
        epoch=reading.id,
        rows=to_rows(numbers, result.truths),
        table=numbers.is_table,
        long=len(text) > LONG or len(numbers.rows) > 1,
        status=doubts or "Nothing to check",
        kind="check" if doubts else "fine",
        notes=tuple(note for note in reading.notes if not is_marked_in_picture(note))[:1],
        copies=_copies(numbers, text),
        fix=_to_fix(result, numbers),
        group=GROUP,
    )


def _doubts(result: PageResult, numbers: Numbers, reading: Reading) -> str:
    """Return what is left to check; "" if nothing is."""
    doubts = count_doubts(numbers, result.truths)
    if not doubts and reading.status == "doubtful" and not result.truths:
        return "Please check"
    return doubts


def _copies(numbers: Numbers, text: str) -> tuple[tuple[str, str], ...]:
    """Return label and text of each copy button."""
    if numbers.is_table:
        return ("Copy table", text), ("Copy lines", text.replace("\t", " "))
    is_single = sum(1 for _ in numbers) <= 1
    return (("Copy" if is_single else "Copy all lines", text),)


def _to_fix(result: PageResult, numbers: Numbers) -> str | None:
    """Return the number that the Fix button selects: the first doubtful one, or else the first."""
    named = [number for number, _ in numbers]
    boxes = to_boxes(numbers, result.truths)
    doubtful = (box.id for box in boxes if box.state in ("check", "unread"))
    return next(doubtful, named[0]) if named else None


def _take_answers(
    item: OpenedPage,
    result: PageResult,
    answers: Sequence[UserAnswer],
    keep: Keep | None,
    *,
    ask: bool,
) -> None:
    """Take the user's answers, and store them unless the user has to confirm that."""
    if not answers or result.numbers is None:
        return
    for answer in answers:
        if answer.how == "confirmed":
            _confirm_rest(result, result.numbers)
            continue
        result.truths[answer.id] = answer.text
        if not answer.id.startswith(UNREAD):  # there is no crop of ink that was not read
            result.pending[answer.id] = answer.how
    if keep is not None and not ask:
        _store(item, result, keep)
    run_again()


def _confirm_rest(result: PageResult, numbers: Numbers) -> None:
    """Confirm all numbers without a truth, except those with a rejected digit."""
    result.is_confirmed = True
    rest = [n for n, line in numbers if n not in result.truths and "?" not in line.text]
    labels = {box.id: box.label for box in to_boxes(numbers, result.truths)}
    result.truths |= {number: labels[number] for number in rest}
    result.pending |= dict.fromkeys(rest, "confirmed")


def _store(item: OpenedPage, result: PageResult, keep: Keep) -> None:
    """Store the pending answers; if that fails, show the error and keep them pending."""
    assert result.numbers is not None  # noqa: S101  # there are answers about them
    truths = [
        LineTruth(result.numbers.line(number), result.truths[number], how)
        for number, how in result.pending.items()
    ]
    if not truths:
        return
    try:
        picture = load_picture(item.content, item.page)
        st.session_state[NOTICE] = keep(picture, result.numbers.reading, truths, item.name)
        result.pending.clear()
    except DigitsError as error:
        st.session_state[NOTICE] = plain_sentence(str(error))


def _take_region(
    session: ReadSession, item: OpenedPage, events: ViewerEvents, paper: Paper | None
) -> None:
    """Take what part of the picture is to be read: a region, or the paper by its corners.

    Parameters
    ----------
    paper : the one in sight
    """
    before = session.choices(item)
    if events.region is not None:
        session.regions[item.id] = events.region
    elif events.corners is not None:
        session.papers[item.id] = Paper(tuple((float(x), float(y)) for x, y in events.corners))
    elif events.whole and session.regions.pop(item.id, None) is None:
        session.papers[item.id] = None
        session.adjusting.discard(item.id)
    elif events.crop == MOVE:
        session.adjusting.add(item.id)
    elif events.crop == DONE:
        session.adjusting.discard(item.id)
    elif events.crop and paper is None:
        _crop_to_paper(session, item)
    if before != session.choices(item):
        run_again()


def _crop_to_paper(session: ReadSession, item: OpenedPage) -> None:
    """Look for the paper again; where none was found, take one whose corners can be dragged."""
    if item.id in session.papers:
        del session.papers[item.id]  # no longer the whole picture
    else:
        session.papers[item.id] = _inset(session.previews[item.id])
        session.adjusting.add(item.id)


def _inset(preview: Preview) -> Paper:
    """Return a sheet somewhat smaller than the picture."""
    left, top = preview.width * INSET, preview.height * INSET
    right, bottom = preview.width - left, preview.height - top
    return Paper(((left, top), (right, top), (right, bottom), (left, bottom)))


def _read_ahead(session: ReadSession, model: str | None, hint: Hint, reader: "Reader") -> None:
    """Read one of the other items in advance."""
    for item in session.items[:READ_AHEAD]:
        request = ReadRequest(model, reader.versions, session.hint(item, hint))
        if session.result(item, request) is not None:
            continue
        session.read(item, request, reader)
        run_again()


def _choose_settings(models: Callable[[], Sequence["ModelCard"]]) -> tuple[str | None, Hint]:
    """Let the user choose model and hint; None for the default model."""
    with st.container(horizontal=True):
        hint = choose_hint(HINTS)
        cards = models()
        name = choose_model([(card.name, label(card)) for card in cards])
    return (None if name == cards[0].name else name), hint


def _explain(item: OpenedPage, result: PageResult, reader: "Reader") -> None:
    from digits.ui.why import explain_reading

    assert result.reading is not None  # noqa: S101  # its caller looked
    home = "/".join((st.context.url or HOME).split("/")[:3])
    explain_reading(item, replace(result.reading, file=item.name), result.request, reader, home)
