"""How many fields of photographed forms come out right, and how many are wrong in silence.

    python benchmarks/forms.py [--photos N] [--quick] [--layouts I,J] [--foreign N] [--out FILE.md]

Ten layouts are composed, filled in with MNIST's validation digits and photographed: a camera
tilted up to 25 degrees, the page turned by any quarter, a desk, shadows, cut borders, blur and
noise, in two resolutions. Each form is defined on its empty page, or with ``--filled`` on one that
somebody filled in. Foreign pages are the other layouts, and the same layouts with other words.
"""

import argparse
import sys
import time
from collections import Counter
from dataclasses import dataclass, field
from decimal import Decimal
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).parent.parent))

from digits.forms.align import map_points
from digits.forms.checks import Check
from digits.forms.fill import FormReading, print_of, read_form
from digits.forms.template import Field, Form
from digits.mnist import load_mnist
from digits.registry import current_reader
from digits.synthesis.page_forms import (
    LAYOUTS,
    ComposedForm,
    Photo,
    compose_form,
    fill_form,
    photograph,
    random_shot,
)
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
    errors: list[float] = field(default_factory=list)  # px of the reference, the worst of a page
    seconds: list[float] = field(default_factory=list)  # of all cores
    agreements: list[float] = field(default_factory=list)

    def add(self, other: "Tally") -> None:
        """Count another one's too."""
        self.pages += other.pages
        self.rejected += other.rejected
        self.fields += other.fields
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
    for each, matrix in zip(form.fields, reading.alignment.fields, strict=True):
        box = each.box
        corners = np.array([[box.x, box.y], [box.right, box.bottom]], float)
        if matrix is not None:
            true = map_points(np.linalg.inv(matrix), photo.place(corners))
            off.append(float(np.hypot(*(true - corners).T).max()))
    return max(off, default=0.0)


def compare(
    reading: FormReading, truth: dict[str, str], tally: Counter[str], notes: list[str]
) -> None:
    """Count the fields of a page."""
    for each in reading.fields:
        wanted = truth[each.name]
        if each.kind == "tick":
            wanted = "yes" if wanted == "yes" else "no"
        if each.status == "missing":
            tally["missing"] += 1
        elif each.value == wanted or (
            each.kind in ("decimal", "mark", "number") and _same(each.value, wanted)
        ):
            tally["right, doubtful" if each.status == "doubtful" else "right"] += 1
        else:
            tally["noted" if each.status == "doubtful" else "wrong"] += 1
            if each.status != "doubtful":
                what = f"{each.value!r}, not {wanted!r}, at {each.confidence:.3f}"
                notes.append(f"{reading.form} {each.name}: {what}")


def _same(one: str, other: str) -> bool:
    try:
        return float(one) == float(other)
    except ValueError:
        return False


def main() -> int:
    """Measure, and print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--photos", type=int, default=PHOTOS)
    parser.add_argument("--foreign", type=int, default=FOREIGN)
    parser.add_argument("--layouts", default=",".join(map(str, range(len(LAYOUTS)))))
    parser.add_argument("--quick", action="store_true", help=f"{QUICK} photos, 10 foreign pages")
    parser.add_argument("--filled", action="store_true", help="define forms on filled pages")
    parser.add_argument("--verbose", action="store_true", help="name what is wrong in silence")
    parser.add_argument("--out", type=Path)
    options = parser.parse_args()
    n_photos, n_foreign = (QUICK, 10) if options.quick else (options.photos, options.foreign)
    digits, reader = load_mnist().validation, current_reader()
    head = f"| {' | '.join(TITLES)} |\n|{'---|' * len(TITLES)}"
    rows, whole, notes = [head], Tally(), []
    forms: dict[int, tuple[ComposedForm, Form]] = {}
    chosen = [int(i) for i in options.layouts.split(",")]
    for i in chosen:
        composed = compose_form(i)
        page = composed.page
        if options.filled:
            page = fill_form(composed, digits, np.random.default_rng(SEED + i)).page
        name = LAYOUTS[i][0].__name__.strip("_").replace("_", " ")
        forms[i] = composed, to_form(composed, page, name, is_blank=not options.filled)
        print_of(forms[i][1], reader.segmenter)
        tally = Tally()
        for k in range(n_photos):
            rng = np.random.default_rng([SEED, i, k])
            filled = fill_form(composed, digits, rng)
            photo = photograph(filled.page, random_shot(rng, PIXELS[k % 2]), rng)
            start = time.process_time()
            reading = read_form(forms[i][1], reader, to_picture(photo, f"{i} {k}"))
            tally.seconds.append(time.process_time() - start)
            tally.pages += 1
            if reading.status == "refused":
                tally.rejected += 1
                notes.append(f"{name} {k}: {reading.error}")
                continue
            compare(reading, filled.values, tally.fields, notes)
            assert reading.alignment is not None  # noqa: S101
            tally.agreements.append(reading.alignment.agreement)
            tally.errors.append(measure_error(forms[i][1], photo, reading))
        rows.append(tally.row(name))
        print(rows[-1], flush=True)
        whole.add(tally)
    rows.append(whole.row("all"))
    accepted = 0
    for k in range(n_foreign):
        i = chosen[k % len(chosen)]
        rng = np.random.default_rng([SEED, 99, k])
        # Half of them another layout; half the same one with other words.
        alike = k % 4 >= 2
        layout, seed = (i, 1 + k) if alike else ((i + 1 + k // 20) % len(LAYOUTS), k % 2)
        other = compose_form(layout, seed)
        photo = photograph(fill_form(other, digits, rng).page, random_shot(rng, PIXELS[k % 2]), rng)
        reading = read_form(forms[i][1], reader, to_picture(photo, f"foreign {k}"))
        if reading.status != "refused":
            accepted += 1
            found = reading.alignment
            share = found.agreement if found else 0.0
            notes.append(f"foreign {k} ({k % 4}) taken for {reading.form}: {share:.2f}")
        elif options.verbose and alike:
            notes.append(f"same layout, other words: {reading.error}")
    rows.append(f"\nForeign pages accepted: {accepted} of {n_foreign}.")
    print("\n".join(rows))
    if options.verbose:
        print("\n".join(notes))
    if options.out:
        options.out.write_text("\n".join(rows) + "\n", encoding="utf-8")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
