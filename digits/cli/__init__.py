"""The command line: results go to standard output, messages to standard error.

Exit status 0: everything was read. 1: something failed or was rejected; each is named with its
reason. 2: wrong usage. 130: interrupted by Ctrl-C.
"""

import io
import logging
import sys
from collections.abc import Sequence

import typer

from digits.cli.commands import app
from digits.cli.form import form_app
from digits.cli.options import FAILED, INTERRUPTED, USAGE
from digits.cli.output import stop_writing, tell
from digits.errors import DigitsError, HintError, OutputFormatError, UnknownModelError, reason_of

__all__ = ["app", "main"]

NUMBERS = {"float": "a number", "int": "a whole number"}  # by Typer's names of its types


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command line and return the exit status."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):  # Windows' encoding lacks many letters
            stream.reconfigure(encoding="utf-8", errors="backslashreplace")
    try:
        status = app(args=None if argv is None else list(argv), standalone_mode=False)
        sys.stdout.flush()
    except (typer.Abort, KeyboardInterrupt):
        return INTERRUPTED
    except (BrokenPipeError, SystemExit) as ending:  # Typer exits on a broken pipe
        if isinstance(ending, SystemExit) and not ending.code:  # shell completion was printed
            sys.stdout.flush()
            return 0
        stop_writing()
        return FAILED
    except Exception as error:
        return _report(error, argv)
    return status if isinstance(status, int) else 0


def _report(error: Exception, argv: Sequence[str] | None) -> int:
    """Report why a command failed; return the exit status."""
    if isinstance(error, HintError | UnknownModelError | OutputFormatError):
        tell(f"digits: {error}. {_see_help(argv)}")
        return USAGE
    if isinstance(error, DigitsError):
        tell(f"digits: {error}")
        return FAILED
    if isinstance(error, OSError):  # the disk is full, or writing is not allowed
        what = error.filename or "the output"
        tell(f"digits: {what} cannot be read or written ({reason_of(error)})")
        stop_writing()
        return FAILED
    return _report_unexpected(error, argv)


def _report_unexpected(error: Exception, argv: Sequence[str] | None) -> int:
    """Report an error that no command handled; return the exit status."""
    # Typer's usage errors have no public class, but an exit code.
    explain = getattr(error, "format_message", None)
    if explain is None:
        logging.getLogger("digits").error("digits: unexpected error", exc_info=error)
        return FAILED
    # Without arguments the help was printed, and there is no message.
    if sentence := _rejected_value(error) or explain().rstrip("."):
        tell(f"digits: {sentence}. {_see_help(argv)}")
    return USAGE


def _rejected_value(error: Exception) -> str | None:
    """Return the error message for an option whose value Typer rejected; None for other errors."""
    param, message = getattr(error, "param", None), str(getattr(error, "message", ""))
    if param is None or not param.opts or " is not " not in message:
        return None
    option, kind = max(param.opts, key=len), param.type
    value, _, reason = message.partition(" is not ")
    if reason.startswith("one of"):
        return f"{option}: {message.rstrip('.')}"
    if not reason.startswith("in the range"):
        return f"{option} takes {NUMBERS.get(kind.name, 'something else')}, not {value}"
    if kind.min is not None and float(value) < kind.min:
        return f"{option} takes a number from {kind.min} on, not '{value}'"
    return f"{option} takes a number up to {kind.max}, not '{value}'"


def _see_help(argv: Sequence[str] | None) -> str:
    """Return a pointer to the help of the given command."""
    given = sys.argv[1:] if argv is None else argv
    commands = {getattr(known.callback, "__name__", None) for known in app.registered_commands}
    groups = {form_app.info.name}
    command = next((f"{word} " for word in given if word in commands | groups), "")
    return f"See: digits {command}--help"
