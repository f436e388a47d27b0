"""Our own components: HTML, CSS and JavaScript from files that lie beside their Python module."""

import re
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

import streamlit as st

if TYPE_CHECKING:
    from streamlit.components.v2.types import ComponentRenderer

HERE = Path(__file__).parent
IMPORT = re.compile(r"^import .*?;\n", re.MULTILINE | re.DOTALL)
EXPORT = re.compile(r"^export (?!default)", re.MULTILINE)


def component(name: str, html: str = "", *, modules: tuple[str, ...] = ()) -> "ComponentRenderer":
    """Return what mounts the component made of ``NAME.js`` and, where there is one, ``NAME.css``.

    Parameters
    ----------
    name : of the files, without their suffix
    html : what stands in the component before its script runs
    modules : names of JavaScript modules that ``NAME.js`` imports, in the order of use
    """
    return st.components.v2.component(
        f"digits_{name}", html=html, css=_style(name), js=bundle(name, modules)
    )


@cache
def bundle(name: str, modules: tuple[str, ...] = ()) -> str:
    """Return one script with what it imports from other modules written into it.

    Streamlit takes a component's script as one text, and tests import its modules one by one.
    """
    parts = [EXPORT.sub("", _text(f"{module}.js")) for module in modules]
    return "\n".join(
        [*(IMPORT.sub("", part) for part in parts), IMPORT.sub("", _text(f"{name}.js"))]
    )


@cache
def _style(name: str) -> str | None:
    return _text(f"{name}.css") if (HERE / f"{name}.css").exists() else None


@cache
def _text(file: str) -> str:
    return (HERE / file).read_text(encoding="utf-8")
