"""The error tree: every message is one sentence for the user."""

import os
import re
from pathlib import Path

CHECKOUT = (
    Path(__file__).parent.parent / "pyproject.toml"
).is_file()  # False: an installed package
QUOTE = '"' if os.name == "nt" else "'"  # shells interpret brackets
MAX_REASON = 200  # characters of another library's error
ERRNO = re.compile(r"\[?(?:Errno|WinError) -?\d+\]?:? *", re.IGNORECASE)


class DigitsError(Exception):
    """Base class; the message is one sentence for the user.

    ::

        DigitsError
        ├── PictureError        the picture cannot be used
        │   ├── NotAPictureError    not an image we can open
        │   └── TooLargeError       more bytes or pixels than allowed
        ├── CrowdedError        too many marks for a page of digits
        ├── EmptyCropError      no ink where a digit was expected
        ├── HintError           invalid hint
        ├── ModelError          a model is missing, corrupt or of the wrong kind
        │   └── UnknownModelError   no model has this name
        ├── LearningError       nothing can be learned from these corrections
        ├── DataError           the training data are missing or corrupt
        ├── MissingLibraryError an optional library is not installed
        ├── SettingsError       invalid configuration
        ├── BatchError          a batch cannot be run
        │   └── OutputFormatError   unknown ending of the result's name
        ├── CorrectionsError    the store of corrections cannot be read or written
        ├── SheetsError         the store of sheets cannot be read or written
        ├── FormError           a form's file or definition cannot be used
        │   └── NotThisFormError    a page does not show the form's print
        └── UsageError          options of a command contradict each other
    """


class PictureError(DigitsError):
    """The picture cannot be used."""


class NotAPictureError(PictureError):
    """Not an image we can open."""


class TooLargeError(PictureError):
    """More bytes or pixels than allowed."""


class CrowdedError(DigitsError):
    """Too many marks for a page of digits."""


class EmptyCropError(DigitsError):
    """No ink where a digit was expected."""


class HintError(DigitsError):
    """Invalid hint."""


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
    """Invalid configuration."""


class BatchError(DigitsError):
    """A batch cannot be run."""


class OutputFormatError(BatchError):
    """Unknown ending of the result's name."""


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
    """Return the command that installs optional libraries, to end a message with.

    Parameters
    ----------
    extras : of ``pyproject.toml``, such as ``"ray"`` or ``"app,postgres"``
    """
    if CHECKOUT:
        return f"run pip install {QUOTE}.[{extras}]{QUOTE} in the folder of the project"
    return f"run pip install {QUOTE}digits[{extras}]{QUOTE}"


def reason_of(error: Exception) -> str:
    """Return the reason of an error in one line without error numbers, for a message.

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
