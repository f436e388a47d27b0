"""Components made of HTML, CSS and JavaScript files next to their Python module."""

import re
from collections.abc import Callable, Mapping
from functools import cache
from pathlib import Path
from typing import Any

import streamlit as st

HERE = Path(__file__).parent
IMPORT = re.compile(r"^import .*?;\n", re.MULTILINE | re.DOTALL)
EXPORT = re.compile(r"^export (?!default)", re.MULTILINE)
DEFAULT = re.compile(r"^export default function", re.MULTILINE)
SHOW = """
export default (component) => {
  const { data } = component; // in a list, see component.py; tests give it as it is
  return show({ ...component, data: Array.isArray(data) ? data[0] : data });
};
"""


def component(
    name: str, html: str = "", *, modules: tuple[str, ...] = (), styles: tuple[str, ...] = ()
) -> Callable[..., Any]:
    """Return a function that mounts the component of ``NAME.js`` and ``NAME.css``, if any.

    Parameters
    ----------
    name : of the files, without their suffix
    html : content of the component before its script runs
    modules : names of JavaScript modules that ``NAME.js`` imports, in the order of use
    styles : names of stylesheets that several components share
    """
    css = style(name, styles) or None
    mount = st.components.v2.component(
        f"digits_{name}", html=html, css=css, js=bundle(name, modules)
    )

    def show(*, data: Mapping[str, Any], **options: Any) -> Any:  # noqa: ANN401  # Streamlit's own
        # In a dict Streamlit would look for data frames, and import pandas for that: a second of
        # the first page. `bundle` takes the list off again.
        return mount(data=[data], **options)

    return show


@cache
def bundle(name: str, modules: tuple[str, ...] = ()) -> str:
    """Return one script with the modules that it imports inlined.

    Streamlit takes a component's script as one text, and tests import its modules one by one.
    """
    parts = [EXPORT.sub("", _text(f"{module}.js")) for module in modules]
    own = DEFAULT.sub("const show = function", _text(f"{name}.js"))
    return "\n".join([*(IMPORT.sub("", part) for part in (*parts, own)), SHOW])


@cache
def style(name: str, shared: tuple[str, ...] = ()) -> str:
    """Return a component's stylesheets, shared ones first; empty without any."""
    files = [f"{each}.css" for each in (*shared, name)]
    return "\n".join(_text(file) for file in files if (HERE / file).exists())


@cache
def _text(file: str) -> str:
    return (HERE / file).read_text(encoding="utf-8")
