"""The error tree: every message is one sentence for the person it happened to."""

import os
import re
from pathlib import Path

CHECKOUT = (Path(__file__).parent.parent / "pyproject.toml").is_file()  # else it is installed
QUOTE = '"' if os.name == "nt" else "'"  # shells would take the brackets for a pattern
MAX_REASON = 200  # characters of a foreign error in a sentence of ours
ERRNO = re.compile(r"\[?(?:Errno|WinError) -?\d+\]?:? *", re.IGNORECASE)


class DigitsError(Exception):
    """What went wrong, as one sentence for the person it happened to.

    ::

        DigitsError
        ├── PictureError        the picture cannot be used
        │   ├── NotAPictureError    these bytes are no picture we open
        │   └── TooLargeError       more bytes or pixels than we accept
        ├── CrowdedError        more marks than a page of digits has
        ├── EmptyCropError      no ink where a digit was expected
        ├── HintError           the caller's hint makes no sense
        ├── ModelError          a model is missing, corrupt or of the wrong kind
        │   └── UnknownModelError   no model has this name
        ├── LearningError       nothing can be learned from these corrections
        ├── DataError           the training data are missing or corrupt
        ├── MissingLibraryError an optional library is not installed
        ├── SettingsError       the environment asks for what there is not
        ├── BatchError          many files cannot be read into one
        │   └── OutputFormatError   the name of the result says no format that is written
        ├── CorrectionsError    the store of corrections cannot be read or written
        ├── SheetsError         the store of sheets cannot be read or written
        ├── FormError           a form's file or definition cannot be used
        │   └── NotThisFormError    a page does not show the form's print
        └── UsageError          options of a command contradict each other
    """


class PictureError(DigitsError):
    """The picture cannot be used."""


class NotAPictureError(PictureError):
    """These bytes are no picture that we open."""


class TooLargeError(PictureError):
    """More bytes or pixels than we accept."""


class CrowdedError(DigitsError):
    """More marks than a page of digits has."""


class EmptyCropError(DigitsError):
    """No ink where a digit was expected."""


class HintError(DigitsError):
    """The caller's hint makes no sense."""


class ModelError(DigitsError):
    """A model is missing, corrupt or of the wrong kind."""


class UnknownModelError(ModelError):
    """No model has this name."""


class LearningError(DigitsError):
    """Nothing can be learned from these corrections."""


class DataError(DigitsError):
    """The training data are missing or corrupt."""


class MissingLibraryError(DigitsError):
    """An optional library is not installed."""


class SettingsError(DigitsError):
    """The environment asks for what there is not."""


class BatchError(DigitsError):
    """Many files cannot be read into one."""


class OutputFormatError(BatchError):
    """The name of the result says no format that is written."""


class CorrectionsError(DigitsError):
    """The store of corrections cannot be read or written."""


class UsageError(DigitsError):
    """Options of a command contradict each other, or what they refer to is not there."""


class SheetsError(DigitsError):
    """The store of sheets cannot be read or written."""


class FormError(DigitsError):
    """A form's file or definition cannot be used."""


class NotThisFormError(FormError):
    """A page does not show the form's print."""


def how_to_install(extras: str) -> str:
    """Return the command that installs optional libraries, to end a sentence with.

    Parameters
    ----------
    extras : of ``pyproject.toml``, such as ``"ray"`` or ``"app,postgres"``
    """
    if CHECKOUT:
        return f"run pip install {QUOTE}.[{extras}]{QUOTE} in the folder of the project"
    return f"run pip install {QUOTE}digits[{extras}]{QUOTE}"


def reason_of(error: Exception) -> str:
    """Return why something failed, in one line without error numbers, to put into a sentence.

    Examples
    --------
    >>> reason_of(OSError(28, "No space left on device", "answers.csv"))
    'No space left on device'
    >>> reason_of(OSError("[Errno 2] Failed to open local file 'a.csv'. Detail: it is gone"))
    "Failed to open local file 'a.csv'"
    """
    if isinstance(error, OSError) and error.strerror:
        return error.strerror
    first = str(error).partition("\n")[0].partition(". Detail:")[0]
    return ERRNO.sub("", first)[:MAX_REASON].strip() or type(error).__name__
