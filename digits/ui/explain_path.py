"""The path from a picture to its answer, stage by stage, to be scrolled through."""

import html
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import streamlit as st

from digits.inference.classifier import Classifier
from digits.render.html import bars, gallery, scaled, table
from digits.types import CLASSES, Digit, Frame, Reading
from digits.ui.stages import stages_of

if TYPE_CHECKING:
    from digits.reader import Reader

CONFIDENCE = "Confidence for each digit"
PICTURE = 560  # screen px, width of a stage's picture
CHANNELS, MAPS = 84, 7  # screen px of a channel; channels of a layer that are shown
FIRST_LOOK = ("convolution 1", "pooling 1", "pooling 2")  # layers outside the expander
COMPUTED = ("Layers", "Logits", "Softmax")  # stages after those that are pictures
CLOSER = "Look closer"


@dataclass(frozen=True, slots=True)
class Looked:
    """A picture that is looked into, its reading, and the digit that was chosen."""

    content: bytes
    reading: Reading
    digit: Digit

    @property
    def frame(self) -> Frame:
        """The 28 by 28 picture that the networks see."""
        return self.digit.frame


def show_path(looked: Looked, reader: "Reader") -> None:
    """Show every stage of a reading, each with a link to it and its numbers."""
    stages = stages_of(looked.content, None, looked.reading, reader)
    names = [*(stage.name for stage in stages), *COMPUTED]
    _links(names)
    for number, stage in enumerate(stages, start=1):
        _heading(number, stage.name)
        st.markdown(stage.text)
        st.image(
            stage.picture,
            width=min(PICTURE, 2 * stage.picture.width),
            alt=f"{stage.name}. {stage.text}",
        )
        with st.expander(CLOSER):
            rows = [[name, value] for name, value in stage.facts]
            st.html(table(["", "measured"], rows, stage.name))
            if stage.name == "Frames":
                show_numbers(looked.frame)
    _heading(len(stages) + 1, "Layers")
    st.markdown(
        "Six convolutions look for strokes, corners and loops; two poolings halve the picture. "
        "These channels respond most to the chosen digit."
    )
    layers = reader.classifier.activations(looked.frame)
    for name, layer in layers:
        if name in FIRST_LOOK:
            show_layer(name, layer)
    with st.expander(f"All {len(layers)} layers"):
        for name, layer in layers:
            show_layer(name, layer)
    _heading(len(stages) + 2, "Logits")
    _show_logits(reader.classifier, looked.frame)
    _heading(len(stages) + 3, "Softmax")
    _show_answer(reader.classifier, looked.digit)


def show_numbers(frame: Frame) -> None:
    """Show a frame as a table of numbers."""
    rows = [[str(y), *(f"{round(100 * x)}" for x in row)] for y, row in enumerate(frame)]
    header = ["row", *map(str, range(frame.shape[1]))]
    st.html(table(header, rows, "Ink of each pixel, 0 to 100", frame.tolist()))


def show_layer(name: str, layer: np.ndarray) -> None:
    """Show the strongest channels of a layer's output, or its numbers where it has no channels."""
    if layer.ndim == 1:
        st.markdown(f"**{name}**: " + " ".join(f"{x:.1f}" for x in layer))
        return
    strongest = np.argsort(-layer.sum(axis=(1, 2)), kind="stable")[:MAPS]
    side = layer.shape[1]
    st.markdown(f"**{name}**: {len(layer)} channels of {side} × {side}, the {MAPS} strongest")
    st.html(
        gallery(
            [(scaled(layer[c]), f"{name}, channel {c}", f"channel {c}") for c in strongest],
            CHANNELS,
        )
    )


def _links(names: Sequence[str]) -> None:
    """Show a link to each stage."""
    links = "".join(
        f'<a href="#{_anchor(name)}" style="padding:.55rem .8rem;border:1px solid var(--line);'
        'border-radius:10px;color:inherit;text-decoration:none">'
        f"{number}. {html.escape(name)}</a>"
        for number, name in enumerate(names, start=1)
    )
    st.html(f'<nav aria-label="Stages" style="display:flex;flex-wrap:wrap;gap:.5rem">{links}</nav>')


def _heading(number: int, name: str) -> None:
    st.subheader(f"{number}. {name}", anchor=_anchor(name))


def _anchor(name: str) -> str:
    return f"stage-{name.lower()}"


def _show_logits(classifier: Classifier, frame: Frame) -> None:
    scores = classifier.network(frame[None])
    temperature = classifier.temperature
    logits = scores.logits[0]
    probabilities = classifier.classify(frame[None]).probabilities[0]
    st.markdown(
        "The last layer gives a score of any size for each digit. Divided by the temperature "
        f"{temperature:.3f}, they become powers of e; each power's share of the sum is a "
        "probability."
    )
    rows = [
        [
            str(d),
            f"{logits[d]:.2f}",
            f"{np.exp(logits[d] / temperature):.4g}",
            f"{probabilities[d]:.2%}",
        ]
        for d in range(CLASSES)
    ]
    header = ["digit", "logit", "e^(logit/T)", "share"]
    st.html(table(header, rows, "From scores to probabilities"))


def _show_answer(classifier: Classifier, digit: Digit) -> None:
    answers = classifier.classify(digit.frame[None])
    probabilities = answers.probabilities[0]
    value = int(probabilities.argmax())
    st.html(bars(probabilities.tolist(), value, CONFIDENCE))
    if answers.not_a_digit is not None and classifier.rejection is not None:
        st.markdown(
            f"Probability that it is **not a digit**: {answers.not_a_digit[0]:.1%}. Above "
            f"{classifier.rejection.threshold:.1%} it would be rejected."
        )
    st.markdown(
        f"The reading says **{digit.text}**, with a confidence of {digit.confidence:.1%}. In a "
        "number the line network's scores are added, so that this may differ from the bars."
    )
