"""How many fields of photographed forms come out right, and how many are wrong in silence.

    python benchmarks/forms.py [--photos N] [--quick] [--layouts I,J] [--foreign N] [--out FILE.md]
                               [--bend SHARE] [--corrected SHARE]
    python benchmarks/forms.py --stack DIR [--define FILE] --field NAME:KIND:LENGTH@X,Y,W,H

Ten layouts are composed, filled in with MNIST's validation digits and photographed: a camera
tilted up to 25 degrees, the page turned by any quarter, a desk, shadows, cut borders, blur and
noise, in two resolutions. Each form is defined on its empty page, or with ``--filled`` on one that
somebody filled in. Foreign pages are the other layouts, and the same layouts with other words.
With ``--bend 0.01``, waves in the paper move its points by up to 1 % of the page's height. With
``--corrected 0.1``, a tenth of what is written is struck out or written over, and counts apart.

``--stack`` reads a folder of pictures with labels.csv (file,text) as pages of a form with one
field, defined on the first of them or on the one named, filled in as it is.
"""

import argparse
import csv
import sys
import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).parent.parent))

from digits.forms.checks import Check
from digits.forms.commands import define_form
from digits.forms.homography import map_points
from digits.forms.reading import print_of, read_form
from digits.forms.results import FormReading
from digits.forms.template import Field, Form
from digits.mnist import Labelled, load_mnist
from digits.reader import Reader
from digits.registry import current_reader
from digits.synthesis.form_camera import Photo, photograph, random_shot
from digits.synthesis.form_filling import FilledForm, fill_form
from digits.synthesis.page_forms import LAYOUTS, ComposedForm, compose_form
from digits.types import Picture

PHOTOS = 40  # of each layout
QUICK = 2
FOREIGN = 200
PIXELS = (2_000_000, 1_000_000)  # of the photographs, in turn
NEAR = 3.0  # px of the reference: a field so near its place is aligned
SEED = 20


@dataclass
class Tally:
    """What was counted on the pages of one layout."""

    pages: int = 0
    rejected: int = 0
    fields: Counter[str] = field(default_factory=Counter)
    corrected: Counter[str] = field(default_factory=Counter)  # those struck out or written over
    errors: list[float] = field(default_factory=list)  # px of the reference, the worst of a page
    seconds: list[float] = field(default_factory=list)  # of all cores
    agreements: list[float] = field(default_factory=list)

    def add(self, other: "Tally") -> None:
        """Count another one's too."""
        self.pages += other.pages
        self.rejected += other.rejected
        self.fields += other.fields
        self.corrected += other.corrected
        self.errors += other.errors
        self.seconds += other.seconds
        self.agreements += other.agreements

    def row(self, name: str) -> str:
        """Return a row of the table."""
        total = max(1, sum(self.fields.values()))
        errors = np.array(self.errors or [0.0])
        return (
            f"| {name} | {self.pages} | {self.rejected} | {(errors <= NEAR).mean():.1%} "
            f"| {np.median(errors):.2f} | {errors.max():.2f} | {total} "
            f"| {(self.fields['right'] + self.fields['right, doubtful']) / total:.2%} "
            f"| {self.fields['right, doubtful'] / total:.2%} "
            f"| {self.fields['wrong'] / total:.2%} "
            f"| {self.fields['missing'] / total:.2%} "
            f"| {min(self.agreements, default=0.0):.2f} "
            f"| {1000 * float(np.median(self.seconds or [0.0])):.0f} |"
        )


TITLES = (
    "layout", "pages", "rejected", "within 3 px", "median error", "worst error", "fields", "right",
    "of them doubtful", "wrong in silence", "missing", "least agreement", "CPU ms a page",
)  # fmt: skip


def to_form(composed: ComposedForm, page: np.ndarray, name: str, *, is_blank: bool) -> Form:
    """Return the form that a composed page shows."""
    fields = tuple(
        Field(
            each.name,
            each.kind,  # type: ignore[arg-type]
            each.box,
            each.length if each.kind != "number" else None,
            None if each.maximum is None else Decimal(each.maximum),
            cells=each.cells,
            checks=(Check("sum", of=each.total_of),) if each.total_of else (),
        )
        for each in composed.fields
    )
    return Form(name, fields, page, is_blank)


def to_picture(photo: Photo, name: str) -> Picture:
    """Return a photograph as the reader takes it."""
    height, width = photo.pixels.shape
    return Picture(photo.pixels, width, height, name)


def measure_error(form: Form, photo: Photo, reading: FormReading) -> float:
    """Return by how much the worst placed field of a page is off, in px of the reference."""
    assert reading.alignment is not None  # noqa: S101
    off = []
    found = reading.alignment
    for i, each in enumerate(form.fields):
        box = each.box
        corners = np.array([[box.x, box.y], [box.right, box.bottom]], float)
        placed = found.place(i, corners)
        if placed is not None:
            back = np.linalg.inv(found.to_page)
            away = map_points(back, placed) - map_points(back, photo.place(corners))
            off.append(float(np.hypot(*away.T).max()))
    return max(off, default=0.0)


def compare(reading: FormReading, filled: FilledForm, tally: Tally, notes: list[str]) -> None:
    """Count the fields of a page."""
    for each in reading.fields:
        wanted = filled.values[each.name]
        if each.kind == "tick":
            wanted = "yes" if wanted == "yes" else "no"
        counts = tally.corrected if each.name in filled.corrected else tally.fields
        if each.status == "missing":
            counts["missing"] += 1
        elif each.value == wanted or (
            each.kind in ("decimal", "mark", "number") and _same(each.value, wanted)
        ):
            counts["right, doubtful" if each.status == "doubtful" else "right"] += 1
        else:
            counts["noted" if each.status == "doubtful" else "wrong"] += 1
            if each.status != "doubtful":
                what = f"{each.value!r}, not {wanted!r}, at {each.confidence:.3f}"
                notes.append(f"{reading.form} {each.name}: {what}")


def _same(one: str, other: str) -> bool:
    try:
        return float(one) == float(other)
    except ValueError:
        return False


def read_stack(folder: Path, described: str, define: str | None) -> None:
    """Read pictures as pages of a form with one field, and say which come out wrong."""
    with (folder / "labels.csv").open(encoding="utf-8", newline="") as file:
        truth = {row["file"]: row["text"] for row in csv.DictReader(file)}
    first = folder / (define or next(iter(truth)))
    form, reader = define_form(str(first), [described]), current_reader()
    counts: Counter[str] = Counter()
    for name, text in truth.items():
        reading = form.read(folder / name, reader)
        read = reading.fields[0] if reading.fields else None
        is_right = read is not None and read.value == text
        counts["right"] += is_right
        counts["wrong in silence"] += not is_right and reading.status == "read"
        if read is None or not is_right:
            print(f"{name}: {read.value if read else reading.error!r}, not {text!r}")
    print(f"{counts['right']} of {len(truth)} right, {counts['wrong in silence']} wrong in silence")


@dataclass(frozen=True)
class Defined:
    """A composed form, and the form that it defines."""

    name: str
    layout: int
    composed: ComposedForm
    form: Form


def define(layout: int, digits: Labelled, *, is_filled: bool) -> Defined:
    """Return the form of a layout, defined on its empty page or on a filled one."""
    composed = compose_form(layout)
    page = composed.page
    if is_filled:
        page = fill_form(composed, digits, np.random.default_rng(SEED + layout)).page
    name = LAYOUTS[layout][0].__name__.strip("_").replace("_", " ")
    return Defined(name, layout, composed, to_form(composed, page, name, is_blank=not is_filled))


def measure_layout(
    defined: Defined,
    reader: Reader,
    digits: Labelled,
    options: argparse.Namespace,
    notes: list[str],
) -> Tally:
    """Read photographs of one form."""
    print_of(defined.form, reader.segmenter)
    tally = Tally()
    for k in range(options.photos):
        rng = np.random.default_rng([SEED, defined.layout, k])
        filled = fill_form(defined.composed, digits, rng, corrected=options.corrected)
        shot = random_shot(rng, PIXELS[k % 2], options.bend)
        photo = photograph(filled.page, shot, rng)
        start = time.process_time()
        reading = read_form(defined.form, reader, to_picture(photo, f"{defined.name} {k}"))
        tally.seconds.append(time.process_time() - start)
        tally.pages += 1
        if reading.alignment is None:
            tally.rejected += 1
            notes.append(f"{defined.name} {k}: {reading.error}")
            continue
        compare(reading, filled, tally, notes)
        tally.agreements.append(reading.alignment.agreement)
        tally.errors.append(measure_error(defined.form, photo, reading))
    return tally


def count_accepted(
    forms: Sequence[Defined], reader: Reader, digits: Labelled, n: int, notes: list[str]
) -> int:
    """Return how many pages of other forms are taken for pages of these.

    Half of them are other layouts; half are the same one with other words.
    """
    accepted = 0
    for k in range(n):
        mine = forms[k % len(forms)]
        rng = np.random.default_rng([SEED, 99, k])
        is_alike = k % 4 >= 2
        layout = mine.layout if is_alike else (mine.layout + 1 + k // 20) % len(LAYOUTS)
        if not is_alike and layout == mine.layout:
            layout = (layout + 1) % len(LAYOUTS)
        other = compose_form(layout, 1 + k if is_alike else k % 2)
        page = fill_form(other, digits, rng).page
        photo = photograph(page, random_shot(rng, PIXELS[k % 2]), rng)
        reading = read_form(mine.form, reader, to_picture(photo, f"foreign {k}"))
        if reading.alignment is not None:
            accepted += 1
            share = reading.alignment.agreement
            notes.append(f"foreign {k} ({k % 4}) taken for {reading.form}: {share:.2f}")
        elif is_alike:
            notes.append(f"same layout, other words: {reading.error}")
    return accepted


def parse_options() -> argparse.Namespace:
    """Return the options of the command."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--photos", type=int, default=PHOTOS)
    parser.add_argument("--foreign", type=int, default=FOREIGN)
    parser.add_argument("--layouts", default=",".join(map(str, range(len(LAYOUTS)))))
    parser.add_argument("--quick", action="store_true", help=f"{QUICK} photos, 10 foreign pages")
    parser.add_argument("--filled", action="store_true", help="define forms on filled pages")
    parser.add_argument("--verbose", action="store_true", help="name what is wrong in silence")
    parser.add_argument("--bend", type=float, default=0.0)
    parser.add_argument("--corrected", type=float, default=0.0)
    parser.add_argument("--stack", type=Path)
    parser.add_argument("--define", help="file of the stack on which the form is defined")
    parser.add_argument("--field", help="as for digits form new")
    parser.add_argument("--out", type=Path)
    options = parser.parse_args()
    if options.stack and not options.field:
        parser.error("--stack needs --field")
    if options.quick:
        options.photos, options.foreign = QUICK, 10
    return options


def main() -> int:
    """Measure, and print the table."""
    options = parse_options()
    if options.stack:
        read_stack(options.stack, options.field, options.define)
        return 0
    digits, reader = load_mnist().validation, current_reader()
    notes: list[str] = []
    rows, whole = [f"| {' | '.join(TITLES)} |\n|{'---|' * len(TITLES)}"], Tally()
    layouts = [int(i) for i in options.layouts.split(",")]
    forms = [define(layout, digits, is_filled=options.filled) for layout in layouts]
    for each in forms:
        tally = measure_layout(each, reader, digits, options, notes)
        rows.append(tally.row(each.name))
        print(rows[-1], flush=True)
        whole.add(tally)
    rows.append(whole.row("all"))
    if whole.corrected:
        total, right = sum(whole.corrected.values()), whole.corrected["right"]
        rows.append(
            f"\nOf {total} fields that were struck out or written over, {right} are read rightly, "
            f"{whole.corrected['wrong']} are wrong in silence, and the others doubtful."
        )
    if options.foreign:
        accepted = count_accepted(forms, reader, digits, options.foreign, notes)
        rows.append(f"\nForeign pages accepted: {accepted} of {options.foreign}.")
    print("\n".join(rows))
    if options.verbose:
        print("\n".join(notes))
    if options.out:
        options.out.write_text("\n".join(rows) + "\n", encoding="utf-8")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
