"""Write readings to standard output, and messages to standard error."""

import csv
import json
import os
import sys
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from digits.cli.options import Format
from digits.io.csv_escape import escape_unless_number
from digits.render.messages import describe_failure
from digits.types import Reading

if TYPE_CHECKING:
    from digits.batch.job import Tally


def _write_text(readings: Iterable[Reading]) -> None:
    for reading in readings:
        text = reading.written.replace("\n", " ")
        page = f" page {reading.page}" if reading.page else ""
        status = "" if reading.status == "read" else f"\t{reading.status}"
        write_line(f"{reading.file}{page}\t{text}{status}")


def _write_jsonl(readings: Iterable[Reading]) -> None:
    for reading in readings:
        write_line(json.dumps(reading.to_json(), ensure_ascii=False))


def _write_json(readings: Iterable[Reading]) -> None:
    write_line(
        json.dumps([reading.to_json() for reading in readings], ensure_ascii=False, indent=2)
    )


def _write_csv(readings: Iterable[Reading]) -> None:
    table = csv.writer(sys.stdout, lineterminator="\n")
    columns = ["file", "text", "confidence", "status", "error", "page", "written", "marks", "notes"]
    table.writerow(columns)
    for reading in readings:
        row = [reading.file or "", reading.text, f"{reading.confidence:.4f}", reading.status]
        row += [reading.error or "", str(reading.page or ""), reading.written]
        row += [" ".join(mark.kind for mark in reading.marks), " ".join(reading.notes)]
        table.writerow([escape_unless_number(cell) for cell in row])


WRITERS = {
    Format.text: _write_text,
    Format.json: _write_json,
    Format.jsonl: _write_jsonl,
    Format.csv: _write_csv,
}


def tell_failure(file: str | None, page: int | None, reason: str) -> None:
    """Write why a file cannot be read to standard error."""
    tell(f"digits: {describe_failure(file, page, reason)}")


def write_line(text: str) -> None:
    """Write a line to standard output."""
    sys.stdout.write(f"{text}\n")


def tell(text: str) -> None:
    """Write a message to standard error."""
    sys.stderr.write(f"{text}\n")


def stop_writing() -> None:
    """Flush standard output, or discard it if the reader has closed the pipe."""
    try:
        sys.stdout.flush()
    except OSError:
        # Otherwise closing the stream would fail again when Python exits.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


@contextmanager
def show_progress() -> Iterator[Callable[["Tally", int], None]]:
    """Show a progress bar on standard error if it is a terminal."""
    from rich.console import Console
    from rich.progress import (
        BarColumn,
        MofNCompleteColumn,
        Progress,
        TextColumn,
        TimeRemainingColumn,
    )

    columns = (BarColumn(), MofNCompleteColumn(), TextColumn("{task.fields[rate]}"))
    console = Console(stderr=True)
    with Progress(
        *columns,
        TimeRemainingColumn(),
        console=console,
        transient=True,
        disable=not console.is_terminal,  # not in a file
    ) as bar:
        task = bar.add_task("", total=None, rate="")

        def tell(tally: "Tally", total: int) -> None:
            speed = bar.tasks[0].speed
            rate = f"{speed:.0f} a second, {tally.failed} failed" if speed else ""
            bar.update(task, completed=tally.pictures, total=total, rate=rate)

        yield tell
