"""Lines of code that read a picture with a page's settings: for a shell and for Python."""

import json
import re
from dataclasses import dataclass
from urllib.parse import urlencode

from digits.types import Hint

UNSAFE = re.compile(r"[^\w. ()-]")  # in a shell, between double quotes


@dataclass(frozen=True, slots=True)
class Settings:
    """What a page was told about one picture."""

    file: str  # its name
    page: int | None  # of a PDF, from 1
    hint: Hint
    model: str | None  # None: the default


def curl_line(settings: Settings, address: str) -> str:
    """Return the command that asks the HTTP interface at `address`."""
    hint = settings.hint
    query: dict[str, object] = {}
    if hint.single:
        query["single"] = "true"
    if hint.length is not None:
        query["length"] = hint.length
    if settings.model is not None:
        query["model"] = settings.model
    asked = f"?{urlencode(query)}" if query else ""
    name = _shell_name(settings.file)
    return f'curl -F "file=@{name}" "{address.rstrip("/")}/api/readings{asked}"'


def command_line(settings: Settings) -> str:
    """Return the command that reads it on this machine."""
    hint = settings.hint
    options = ["--single"] if hint.single else []
    if hint.length is not None:
        options.append(f"--length {hint.length}")
    if settings.model is not None:
        options.append(f'--model "{_shell_name(settings.model)}"')
    return " ".join(["python -m digits read", *options, f'"{_shell_name(settings.file)}"'])


def python_lines(settings: Settings) -> str:
    """Return a program that prints what is read, and how surely."""
    hint = settings.hint
    told = []
    if hint.single:
        told.append("single=True")
    if hint.length is not None:
        told.append(f"length={hint.length}")
    reader = "read" if settings.page is None else "read_pages"
    arguments = [_literal(settings.file)]
    if told:
        arguments.append(f"Hint({', '.join(told)})")
    if settings.model is not None:
        arguments.append(f"model={_literal(settings.model)}")
    page = "" if settings.page is None else f"[{settings.page - 1}]  # page {settings.page}"
    imports = f"Hint, {reader}" if told else reader
    return (
        f"from digits import {imports}\n\n"
        f"reading = {reader}({', '.join(arguments)}){page}\n"
        "print(reading.text, reading.confidence)\n"
    )


def _literal(text: str) -> str:
    """Return a string as Python writes it, with double quotes."""
    return json.dumps(text, ensure_ascii=False)


def _shell_name(name: str) -> str:
    """Return a file's name without what a shell would take for its own."""
    return UNSAFE.sub("_", name)
