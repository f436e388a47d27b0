"""Read handwritten digits from a photograph.

>>> from digits import read
>>> read("photo.jpg").text  # doctest: +SKIP
'2026'
"""

from collections.abc import Iterable, Iterator
from dataclasses import replace
from pathlib import Path

from digits.errors import DigitsError
from digits.types import ANY, Box, Digit, Hint, Line, Mark, Paper, Reading

__version__ = "0.2.0"
__all__ = [
    "ANY",
    "Box",
    "Digit",
    "DigitsError",
    "Hint",
    "Line",
    "Mark",
    "Paper",
    "Reading",
    "read",
    "read_many",
    "read_pages",
]


def read(source: bytes | str | Path, hint: Hint = ANY, *, model: str | None = None) -> Reading:
    """Read the handwritten digits in one picture; of a PDF, on its first page.

    Parameters
    ----------
    source : the bytes of a picture, or the path of one
    hint : what is known about the picture; nothing needs to be
    model : a name from `digits.registry.available_models`, or the path of a ``.h5`` or ``.onnx``

    Raises
    ------
    DigitsError
        The picture or the model cannot be used; the message is a sentence for the user.
    """
    # Here and not above, so that importing the package loads neither OpenCV nor ONNX Runtime.
    from digits.io.document import load_picture
    from digits.registry import current_reader

    return current_reader(model).read(load_picture(source), hint)


def read_many(
    sources: Iterable[bytes | str | Path], hint: Hint = ANY, *, model: str | None = None
) -> Iterator[Reading]:
    """Read many pictures, some of them at a time, which is faster than `read` for each.

    Parameters
    ----------
    sources : as `read`; they are opened while the readings are asked for, in bounded memory
    hint, model : as `read`; the hint is for every picture

    Returns
    -------
    iterator of Reading
        One for each source, in order, as `read` gives it. A picture that cannot be read has the
        status "failed", and `error` says why.

    Raises
    ------
    ModelError
        The model cannot be used.

    Examples
    --------
    >>> for reading in read_many(["one.jpg", "two.jpg"]):  # doctest: +SKIP
    ...     print(reading.text)
    """
    from digits.reader import read_each
    from digits.registry import current_reader

    return read_each(current_reader(model), sources, hint)


def read_pages(
    source: bytes | str | Path, hint: Hint = ANY, *, model: str | None = None
) -> list[Reading]:
    """Read every page of a PDF; any other picture is one page.

    Parameters
    ----------
    source : the bytes of a PDF or a picture, or the path of one
    hint, model : as `read`

    Returns
    -------
    list[Reading]
        In the order of the pages. `page` counts from 1, and is None if the source is not a PDF.

    Raises
    ------
    DigitsError
        As `read`; one page that cannot be read fails the whole.
    """
    from digits.io.document import Document
    from digits.registry import current_reader

    reader = current_reader(model)
    with Document.open(source) as document:
        return [replace(reader.read(page.picture, hint), page=page.number) for page in document]
