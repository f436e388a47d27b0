"""The error tree: every message is one sentence for the person it happened to."""


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
        ├── LearningError       nothing can be learned from these corrections
        ├── DataError           the training data are missing or corrupt
        ├── MissingLibraryError an optional library is not installed
        ├── SettingsError       the environment asks for what there is not
        ├── BatchError          many files cannot be read into one
        └── CorrectionsError    the store of corrections cannot be read or written
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


class CorrectionsError(DigitsError):
    """The store of corrections cannot be read or written."""
