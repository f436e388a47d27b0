"""PDFs by hand, for what no library would write, and the processes that decode them."""

import subprocess
from collections.abc import Sequence
from typing import Any

import pytest


def drawn(
    content: bytes, box: str = "0 0 595 842", more: str = "", others: Sequence[bytes] = ()
) -> bytes:
    """Return a PDF of one page with this content stream, and other objects from number 5 on."""
    objects = [
        b"<</Type/Catalog/Pages 2 0 R>>",
        b"<</Type/Pages/Kids[3 0 R]/Count 1>>",
        f"<</Type/Page/Parent 2 0 R/MediaBox[{box}]/Contents 4 0 R{more}>>".encode(),
        stream(content),
        *others,
    ]
    file, places = b"%PDF-1.4\n", []
    for number, body in enumerate(objects, 1):
        places.append(len(file))
        file += b"%d 0 obj\n" % number + body + b"\nendobj\n"
    table = b"".join(b"%010d 00000 n \n" % place for place in places)
    start = len(file)
    n = len(objects) + 1
    file += b"xref\n0 %d\n0000000000 65535 f \n" % n + table
    file += b"trailer<</Size %d/Root 1 0 R>>\n" % n
    return file + b"startxref\n%d\n%%%%EOF" % start


def stream(content: bytes, more: str = "") -> bytes:
    """Return a PDF's object that holds these bytes."""
    return f"<</Length {len(content)}{more}>>stream\n".encode() + content + b"\nendstream"


def forms(depth: int, fan: int) -> bytes:
    """Return a PDF whose page shows a form, which shows the next one `fan` times, and so on."""
    kind = "/Type/XObject/Subtype/Form/BBox[0 0 600 900]"
    inner = [
        stream(b"/F Do " * fan, f"{kind}/Resources<</XObject<</F {5 + deeper} 0 R>>>>")
        for deeper in range(1, depth)
    ]
    last = stream(b"0 0 300 842 re f", kind)
    return drawn(b"/F Do", more="/Resources<</XObject<</F 5 0 R>>>>", others=[*inner, last])


def count_processes(patch: pytest.MonkeyPatch) -> list[Any]:
    """Return a list that grows by one whenever a process is started to decode a file."""
    started: list[Any] = []
    start = subprocess.Popen

    def counted(*words: Any, **options: Any) -> Any:
        started.append(words)
        return start(*words, **options)

    patch.setattr(subprocess, "Popen", counted)
    return started
