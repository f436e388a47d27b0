"""The page "How it works": how an answer is computed, and how accurate the networks are."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import streamlit as st

from digits.errors import DigitsError
from digits.explain import forward
from digits.explain.occlusion import occlude
from digits.inference.classifier import Classifier, load_card
from digits.inference.dense_weights import load_dense_weights
from digits.inference.reference_set import ReferenceSet
from digits.io.document import load_picture, load_upright
from digits.io.image import EXTENSIONS
from digits.reader import Reader
from digits.registry import ModelCard
from digits.render import html
from digits.types import Frame, Hint
from digits.ui.canvas import drawing_sheet, to_png
from digits.ui.explain_path import CONFIDENCE, Looked, show_layer, show_numbers, show_path
from digits.ui.explain_training import show_training
from digits.ui.image_button import ImageButton, image_buttons
from digits.ui.page_title import page_title
from digits.ui.reading_view import choose_digit, offer_report, show_error

DENSE, CNN = "dense", "cnn"
PATH, TRAINING, ACCURACY = "Path", "Training", "Accuracy"  # views without a comparison
TITLES = {DENSE: "Dense network", CNN: "Convolutional network"}
EXAMPLES = Path(__file__).parent / "examples"
SHOWN = ("five on ruled paper", "three in shadow", "eight on a board", "a year")  # examples
CHOSEN = "example looked into"  # in the session: its index
UNITS = 14  # hidden units that are shown
NEAREST = 7  # known digits next to the user's
PICTURE, SMALL = 168, 84  # screen px
SLIDERS = {  # label and step
    "thickness": ("Stroke width, px", 0.25),
    "rotation": ("Rotation, degrees", 5.0),
    "shift": ("Shift to the right, px", 1.0),
    "noise": ("Noise, share of full ink", 0.05),
}

Readers = Callable[[str | None], Reader]
Known = Callable[[str | None], ReferenceSet]


def inside_page(reader: Readers, known: Known, models: Sequence[ModelCard]) -> None:
    """Show one digit in both networks, and their training and accuracy."""
    page_title("How it works")
    views = {
        PATH: None,
        "Compare": _both,
        "Dense network": _dense,
        "Convolutional network": _convolutional,
        TRAINING: None,
        "Limits": _failing,
        ACCURACY: None,
    }
    view = st.segmented_control(
        "View", list(views), default=PATH, required=True, label_visibility="collapsed"
    )
    paths = {card.name: card.path for card in models}
    try:
        if view == ACCURACY:
            _quality(paths)
            return
        source, shown = st.columns([1, 3], gap="large")
        with source:
            looked = _own_digit(reader)
        if looked is None:
            return
        with shown:
            if show := views[view or PATH]:
                show(looked.frame, reader, known, paths)
            elif view == TRAINING:
                show_training(looked.frame)
            else:
                show_path(looked, reader(CNN))
    except DigitsError as error:
        show_error(str(error))


def _own_digit(reader: Readers) -> Looked | None:
    """Return the one digit that is looked at, with the way to print its reading."""
    picture = st.container()
    how = st.segmented_control(
        "Your digit",
        ["Examples", "Draw", "File"],
        default="Examples",
        required=True,
        label_visibility="collapsed",
    )
    content: bytes | None = None
    name = "drawing"
    if how == "Draw":
        strokes = drawing_sheet(wide=False, lead="Draw a digit")
        content = to_png(strokes) if strokes else None
    elif how == "File":
        given = st.file_uploader(
            "A picture of handwritten digits", list(EXTENSIONS), label_visibility="collapsed"
        )
        content, name = (given.getvalue(), given.name) if given else (None, name)
    else:
        content, name = _example()
    if content is None:
        return None
    hint = Hint(single=how == "Draw")
    reading = replace(reader(CNN).read(load_picture(content), hint), file=name)
    if not reading.digits:
        st.info("No digit found.")
        return None
    chosen = choose_digit(reading, key="inside")
    if chosen is None:
        return None
    with picture:
        st.html(html.image(chosen.frame, f"What the networks see: read as {chosen.text}", PICTURE))
        st.caption("28 × 28 pixels, as both networks see it.")
    offer_report(lambda: load_upright(content), reading)
    return Looked(content, reading, chosen)


def _example() -> tuple[bytes, str]:
    """Let a person choose an example; return its content and its name."""
    paths = [EXAMPLES / f"{name}.jpg" for name in SHOWN]
    before = int(st.session_state.setdefault(CHOSEN, 0))
    buttons = [
        ImageButton(path.stem, path.read_bytes(), i == before) for i, path in enumerate(paths)
    ]
    pressed = image_buttons(buttons, key="inside-examples")
    if pressed is not None and pressed != before:
        st.session_state[CHOSEN] = pressed
        st.rerun()
    return paths[before].read_bytes(), paths[before].name


def _both(frame: Frame, reader: Readers, _: Known, __: dict[str, Path]) -> None:
    for name, column in zip((DENSE, CNN), st.columns(2), strict=True):
        classifier = reader(name).classifier
        probabilities = classifier.classify(frame[None]).probabilities[0]
        with column:
            st.subheader(f"{TITLES[name]}: {probabilities.argmax()}")
            st.html(html.bars(probabilities.tolist(), int(probabilities.argmax()), CONFIDENCE))
            _look(classifier, frame, int(probabilities.argmax()))


def _look(classifier: Classifier, frame: Frame, value: int) -> None:
    looked = occlude(classifier, frame, value)
    st.html(html.image(html.signed(looked), f"Where the network looked to answer {value}", PICTURE))
    st.caption(f"Where it looked: orange speaks for {value}, blue against it.")


def _dense(frame: Frame, reader: Readers, _: Known, paths: dict[str, Path]) -> None:
    weights = load_dense_weights(paths[DENSE])
    temperature = reader(DENSE).classifier.temperature
    found = forward.trace(frame, weights, temperature)
    digit = int(found.probabilities.argmax())
    st.subheader("1. 784 inputs")
    with st.expander("The picture as numbers, 0 to 100"):
        show_numbers(frame)
    units = len(found.hidden)
    st.subheader(f"2. {units} hidden units")
    st.markdown(
        f"Weighted sums of all pixels, cut off at zero: {int((found.hidden > 0).sum())} of {units} "
        f"are active, and these contribute most to **{digit}** (orange adds, blue subtracts)."
    )
    chosen, added = found.strongest(weights, digit, UNITS)
    st.html(
        html.gallery(
            [
                (
                    html.signed(weights.hidden[:, j].reshape(28, 28)),
                    f"Weights of hidden unit {j}",
                    f"unit {j}: {found.hidden[j]:.2f} x {weights.output[j, digit]:.2f} = {a:+.2f}",
                )
                for j, a in zip(chosen, added, strict=True)
            ],
            SMALL,
        )
    )
    st.subheader("3. Ten logits, 4. softmax")
    st.markdown(
        "A logit is the weighted sum of the hidden units plus a bias; softmax turns ten logits, "
        f"divided by the temperature {temperature:.3f}, into probabilities."
    )
    rows = [
        [
            str(d),
            f"{found.logits[d] - weights.output_bias[d]:.3f}",
            f"{weights.output_bias[d]:+.3f}",
            f"{found.logits[d]:.3f}",
            f"{np.exp(found.logits[d] / temperature):.4g}",
            f"{found.probabilities[d]:.2%}",
        ]
        for d in range(10)
    ]
    header = ["digit", "units", "bias", "logit", "e^(logit/T)", "probability"]
    st.html(html.table(header, rows, "From hidden units to probabilities"))


def _convolutional(frame: Frame, reader: Readers, known: Known, _: dict[str, Path]) -> None:
    classifier = reader(CNN).classifier
    value = int(classifier.classify(frame[None]).probabilities[0].argmax())
    st.subheader("Where it looked")
    _look(classifier, frame, value)
    st.subheader("The nearest MNIST digits")
    digits = known(CNN)
    order, distance = digits.nearest(classifier.embed(frame[None])[0], NEAREST)
    st.html(
        html.gallery(
            [
                (
                    digits.pictures[i],
                    f"A known {digits.labels[i]}",
                    f"a {digits.labels[i]}, distance {d:.2f}",
                )
                for i, d in zip(order, distance, strict=True)
            ],
            SMALL,
        )
    )
    st.caption(
        "Of 5,000 digits that it was not trained on, by the output of its last hidden layer."
    )
    st.subheader("The output of each layer")
    for name, layer in classifier.activations(frame):
        show_layer(name, layer)


def _failing(frame: Frame, reader: Readers, _: Known, __: dict[str, Path]) -> None:
    with st.container(horizontal=True):
        given = {
            name: st.slider(label, *forward.LIMITS[name], value=0.0, step=step, key=f"in-{name}")
            for name, (label, step) in SLIDERS.items()
        }
    changed = forward.distort(frame, forward.Distortion(**given))
    seen, *answers = st.columns([1, 1, 1])
    seen.html(html.image(changed, "The changed digit", PICTURE))
    for name, column in zip((DENSE, CNN), answers, strict=True):
        answer = reader(name).classifier.classify(np.stack([frame, changed])).probabilities
        before, after = (int(value) for value in answer.argmax(axis=1))
        verdict = "unchanged" if before == after else f"was {before}"
        with column:
            st.markdown(f"**{TITLES[name]}: {after}** ({verdict})")
            st.html(html.bars(answer[1].tolist(), after, CONFIDENCE))
    st.subheader("How much change each network tolerates")
    columns = st.columns(2)
    for i, (kind, (label, _step)) in enumerate(SLIDERS.items()):
        sweeps = {n: forward.sweep(reader(n).classifier, frame, kind) for n in (DENSE, CNN)}
        summary = "; ".join(
            f"{TITLES[n]}: same answer from {s.steady[0]:.3g} to {s.steady[1]:.3g}"
            for n, s in sweeps.items()
        )
        with columns[i % 2]:
            st.html(
                html.line_chart(
                    {TITLES[n]: (s.values, s.probability) for n, s in sweeps.items()},
                    title=kind.capitalize(),
                    across=label,
                    up="probability of the first answer",
                    alt=summary,
                )
            )
            st.caption(f"{summary}.")


def _quality(paths: dict[str, Path]) -> None:
    for name, column in zip((DENSE, CNN), st.columns(2, gap="large"), strict=True):
        with column:
            st.subheader(TITLES[name])
            _record(forward.judge_network(load_card(paths[name])))


def _record(quality: forward.Quality) -> None:
    _curves(quality.history)
    rows = [[str(d), *map(str, row)] for d, row in enumerate(quality.confusion)]
    highest = max(count for row in quality.confusion for count in row)
    shade = [[(count / highest) ** 0.5 / 2 for count in row] for row in quality.confusion]
    written = f"Confusion matrix, {quality.judged_on} digits: rows true, columns predicted"
    st.html(html.table(["", *map(str, range(10))], rows, written, shade))
    confidence = [one.confidence for one in quality.reliability]
    right = [one.right for one in quality.reliability]
    st.html(
        html.line_chart(
            {
                "measured": (confidence, right),
                "ideal": ([min(confidence), 1.0], [min(confidence), 1.0]),
            },
            title=f"Calibration, {quality.judged_on} digits",
            across="confidence",
            up="accuracy",
            alt="Of the answers with the lowest confidence, "
            f"{confidence[0]:.0%} on average, {right[0]:.0%} are right.",
        )
    )
    with st.expander("Calibration in numbers"):
        rows = [
            [f"{b.confidence:.2%}", f"{b.right:.2%}", str(b.answers)] for b in quality.reliability
        ]
        st.html(
            html.table(["confidence", "accuracy", "digits"], rows, "Fifteen bins of equal size")
        )
    st.markdown(f"**The hardest {quality.judged_on} digits**")
    st.html(
        html.gallery(
            [
                (
                    one.picture,
                    f"A {one.truth}, read as {one.answer}",
                    f"{one.truth}, {_describe(one)}",
                )
                for one in quality.hardest
            ],
            SMALL,
        )
    )


def _describe(one: forward.HardDigit) -> str:
    if one.answer == one.truth:
        return f"right, confidence {one.probability:.0%}"
    return f"read as {one.answer}; {one.probability:.1%} for {one.truth}"


def _curves(history: Sequence[dict[str, float]]) -> None:
    if not history:
        st.info("No learning curves were saved with this network.")
        return
    epochs = [float(epoch) for epoch in range(1, len(history) + 1)]
    for part, title in (("accuracy", "Accuracy"), ("loss", "Loss")):
        lines = {
            "training": (epochs, [row[part] for row in history]),
            "validation": (epochs, [row[f"val_{part}"] for row in history]),
        }
        last = history[-1]
        st.html(
            html.line_chart(
                lines,
                title="Learning curve",
                across="epoch",
                up="accuracy" if part == "accuracy" else "cross-entropy",
                alt=f"{title} after {len(history)} epochs: training {last[part]:.4f}, "
                f"validation {last[f'val_{part}']:.4f}",
            )
        )
