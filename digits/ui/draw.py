"""The page on which numbers are drawn and read at once."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

import streamlit as st

from digits.errors import DigitsError
from digits.io.document import load_picture
from digits.types import ANY, Box, Hint, Line, Picture, Reading
from digits.ui.acts import AnswerKind, UserAnswer
from digits.ui.answer import AnswerCard, ShownNumber, answer_card
from digits.ui.canvas import Strokes, drawing_sheet, is_one_digit, to_png
from digits.ui.keep import Keep, LineTruth
from digits.ui.numbers import likeliest_readings, marked_parts, split_numbers, to_text
from digits.ui.page_title import page_title
from digits.ui.privacy import where_pictures_go
from digits.ui.reading_view import choose_digit, choose_model, label, plain_sentence, show_digit
from digits.ui.rerun import run_again

if TYPE_CHECKING:  # the first page waits for no network and no database
    from digits.reader import Reader
    from digits.registry import ModelCard

ANSWERS = "answers about the drawing"  # in the session
NOTICE = "what was saved of the drawing"  # in the session: a sentence that outlives the rerun
GHOSTS = 2  # other readings that are offered


@dataclass(slots=True)
class DrawingAnswers:
    """The user's answers about the current drawing."""

    reading: str = ""  # its id
    truths: dict[int, tuple[str, AnswerKind]] = field(default_factory=dict)  # line to text and act
    is_stored: bool = False

    @property
    def is_unsaved(self) -> bool:
        """Whether there are answers that are not stored."""
        return bool(self.truths) and not self.is_stored


def draw_page(
    reader: Callable[[str | None], "Reader"],
    models: Callable[[], Sequence["ModelCard"]],
    keep: Keep | None = None,
    *,
    ask: bool = False,
) -> None:
    """Let a person draw, and show what it reads as while they do; arguments as `read_page`."""
    page_title("Draw", shown=False)
    _sheet_and_answer(reader, models, keep, ask)
    st.caption(where_pictures_go(keep is not None, ask))


@st.fragment
def _sheet_and_answer(
    reader: Callable[[str | None], "Reader"],
    models: Callable[[], Sequence["ModelCard"]],
    keep: Keep | None,
    ask: bool,
) -> None:
    above = st.container(key="drawn-answer")
    strokes = drawing_sheet(wide=True, lead="Draw a number")
    opened = st.expander("Why?", key="why-drawn", on_change="rerun")
    with opened:
        cards = models()
        model = choose_model([(card.name, label(card)) for card in cards])
    picture, reading, error = _try_to_read(strokes, reader, model)
    with above:
        _show_and_take_answers(picture, reading, error, keep, ask)
    if reading is not None and opened.open:
        with opened:
            _show_reasons(reading)


def _show_and_take_answers(
    picture: Picture | None, reading: Reading | None, error: str, keep: Keep | None, ask: bool
) -> None:
    given = _answers_to(reading)
    answers = answer_card(to_card(reading, given, error, keep, ask=ask), key="drawn answer")
    if message := st.session_state.pop(NOTICE, None):
        st.toast(message)
    pressed = ask and given.is_unsaved and st.button("Save correction")
    if reading is None or picture is None:
        return
    _take(reading, given, answers)
    if keep is not None and given.is_unsaved and (pressed or not ask):
        _store(picture, reading, given, keep)
    if answers or pressed:
        run_again()


def _show_reasons(reading: Reading) -> None:
    """Show what the networks made of one digit, which the user chooses."""
    if (digit := choose_digit(reading, key="draw")) is not None:
        show_digit(digit)


def _try_to_read(
    strokes: Strokes, reader: Callable[[str | None], "Reader"], model: str | None
) -> tuple[Picture | None, Reading | None, str]:
    """Return picture and reading of a drawing, and the message of an error."""
    if not strokes:
        return None, None, ""
    try:
        return *_read(strokes, reader(model)), ""
    except DigitsError as error:
        return None, None, plain_sentence(str(error))


def _read(strokes: Strokes, reader: "Reader") -> tuple[Picture, Reading]:
    """Return a drawing as a picture, and its reading number by number."""
    picture = load_picture(to_png(strokes))
    hint = Hint(single=True) if is_one_digit(strokes) else ANY
    reading = split_numbers(reader.read(picture, hint)).reading
    if len(reading.lines) == 1 and reading.unread:
        # On paper a bare stroke beside a number may be a printed rule. Here all ink is drawn.
        missed = reader.read(picture, Hint(single=True, boxes=reading.unread))
        reading = _joined(reading, missed)
    return picture, reading


def _joined(reading: Reading, missed: Reading) -> Reading:
    """Return a number with the digits it missed; as it is unless each of them is a digit."""
    from digits.reading.composition import status_of

    if not missed.digits or any(digit.value is None for digit in missed.digits):
        return reading
    (line,) = reading.lines
    digits = tuple(sorted((*line.digits, *missed.digits), key=lambda digit: digit.box.x))
    text = "".join(digit.text for digit in digits)
    whole = Line(
        text,
        line.confidence * missed.confidence,
        Box.around(digit.box for digit in digits),
        digits,
    )
    return replace(
        reading,
        text=text,
        written=text,
        confidence=whole.confidence,
        lines=(whole,),
        unread=(),
        status=status_of(whole.confidence),
    )


def _answers_to(reading: Reading | None) -> DrawingAnswers:
    """Return the answers about this reading; there are none yet for a new drawing."""
    given: DrawingAnswers = st.session_state.setdefault(ANSWERS, DrawingAnswers())
    now = "" if reading is None else reading.id
    if given.reading != now:
        given = st.session_state[ANSWERS] = DrawingAnswers(now)
    return given


def to_card(
    reading: Reading | None, given: DrawingAnswers, error: str, keep: Keep | None, *, ask: bool
) -> AnswerCard:
    """Return the answer card of a drawing."""
    if error:
        return AnswerCard("failed", status=error, kind="error", steady=True)
    if reading is None:
        return AnswerCard("", steady=True)
    lines = [(i, line) for i, line in enumerate(reading.lines) if line.digits]
    if not any(digit.value is not None for digit in reading.digits):
        return AnswerCard(reading.id, status="Not a number yet", kind="none", steady=True)
    truths = {str(i): truth for i, (truth, _) in given.truths.items()}
    text = to_text(split_numbers(reading), truths)
    can_choose = len(lines) == 1 and keep is not None
    return AnswerCard(
        reading.id,
        tuple((_shown(line, given.truths.get(i)),) for i, line in lines),
        steady=True,
        copies=(("Copy", text),),
        candidates=_others(lines[0][1], text) if can_choose else (),
        confirm=keep is not None and not ask,
        confirmed=bool(given.truths),
    )


def _others(line: Line, text: str) -> tuple[str, ...]:
    """Return other readings of a number that are offered."""
    return tuple(one for one in likeliest_readings(line) if one != text)[:GHOSTS]


def _shown(line: Line, answer: tuple[str, AnswerKind] | None) -> ShownNumber:
    """Return a number as the card shows it: as it was read, or as the user corrected it."""
    return ShownNumber(None, marked_parts(line) if answer is None else ((answer[0], False),))


def _take(reading: Reading, given: DrawingAnswers, answers: Sequence[UserAnswer]) -> None:
    """Take the user's answers: a candidate for the only line, or "Looks right" for all lines."""
    for answer in answers:
        given.is_stored = False
        lines = [i for i, line in enumerate(reading.lines) if line.digits]
        if answer.how == "confirmed":
            right = [i for i in lines if "?" not in reading.lines[i].text]
            given.truths = {i: (reading.lines[i].text, "confirmed") for i in right}
        elif len(lines) == 1:
            given.truths = {lines[0]: (answer.text, answer.how)}


def _store(picture: Picture, reading: Reading, given: DrawingAnswers, keep: Keep) -> None:
    truths = [LineTruth(line, text, how) for line, (text, how) in given.truths.items()]
    try:
        st.session_state[NOTICE] = keep(picture, replace(reading, file=None), truths, "")
    except DigitsError as error:
        st.session_state[NOTICE] = plain_sentence(str(error))
    given.is_stored = True
