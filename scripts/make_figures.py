"""Write every measured figure: docs/accuracy.md, MODEL_CARD.md, and the tables of README.md.

    python scripts/make_figures.py [FOLDER] [--handwriting FOLDER]

FOLDER holds one folder of labelled pictures for each set, and the other one the data sets of
docs/handwriting.md; without them their tables stay as they are. Cards beside the shipped models
give the figures on MNIST.
"""

import argparse
import csv
import datetime
import json
import re
import sys
from pathlib import Path
from typing import Any

import numpy as np

ROOT = Path(__file__).parent.parent
sys.path.insert(0, str(ROOT))

from digits.evaluation.folder import TEST_LOG, FolderReport, evaluate_folder, recipe_name  # noqa: E402
from digits.evaluation.metrics import auroc, calibration_error, interval  # noqa: E402
from digits.evaluation.writers import evaluate_writers  # noqa: E402
from digits.registry import WEIGHTS, current_reader  # noqa: E402
from digits.training.handwriting import SOURCES, load_handwriting  # noqa: E402
from digits.types import ANY, Hint  # noqa: E402

ACCURACY = ROOT / "docs" / "accuracy.md"
LEARNING = ROOT / "docs" / "learning.md"  # as benchmarks/learning.py left it
SINGLE = {
    "photo": "phone photographs of one digit",
    "photo_crop": "small crops of photographs",
    "screen": "drawn on a screen",
    "screen_thin": "drawn with a hairline, one writer",
    "tablet": "drawn on a tablet, one writer",
    "mouse": "drawn with a mouse, one writer",
    "postal": "16x16 px, from letters",
    "tiny_binary": "16x16 px, black and white, stretched to fill the square",
    "grid_scan": "pencil, scanned",
    "printed_cell": "photographed cells of a printed form",
}
NUMBERS = {
    "rows": "rows and a page, photographed, drawn and in boxes",
    "amount": "amounts on cheques",
    "grid_page": "filled-in sudokus in newspapers, 81 digits each",
}
MANY = 100  # pictures, from which on a set's calibration error says something by itself
CONFIDENT = 0.99  # confidence that needs no check
T95 = {2: 12.71, 3: 4.30, 4: 3.18, 5: 2.78, 6: 2.57}  # Student's t of n - 1 degrees of freedom
NAMES = {
    "cnn": "convolutional",
    "wide": "dense, wider, on distorted digits",
    "dense": "dense, as requested",
}


def cards() -> dict[str, dict[str, Any]]:
    """Return the cards of the shipped models, the default first."""
    return {
        name: json.loads((WEIGHTS / f"{name}.json").read_text(encoding="utf-8")) for name in NAMES
    }


def share(right: int, n: int) -> str:
    """Return a share with its 95 % interval."""
    low, high = interval(right, n)
    return f"{right / n:.1%} [{low:.1%}, {high:.1%}]"


def mnist_table() -> str:
    """Return how the shipped networks do on MNIST's test digits."""
    lines = [
        "| network | right of 10,000 test digits | 95 % interval | its recipe's mean over seeds "
        "| calibration error | parameters | multiply-adds |",
        "|---|---|---|---|---|---|---|",
    ]
    looks = first_looks()
    for name, card in cards().items():
        test = card["test"]
        low, high = test["interval"]
        shares = [float(look["accuracy"]) for look in looks[recipe_name(card)]]
        mean = f"{np.mean(shares):.2%} of {len(shares)}" if len(shares) > 1 else "one seed"
        lines.append(
            f"| {NAMES[name]} | {test['accuracy']:.2%} | {low:.2%} to {high:.2%} "
            f"| {mean} | {test['calibration_error']:.2%} | {card['parameters']:,} "
            f"| {card['multiply_adds']:,} |"
        )
    return "\n".join(lines)


def first_looks() -> dict[str, list[dict[str, str]]]:
    """Return each recipe's looks at MNIST's test digits, the first of every seed."""
    with TEST_LOG.open(encoding="utf-8", newline="") as file:
        looks = list(csv.DictReader(file))
    first: dict[str, dict[str, dict[str, str]]] = {}
    for look in looks:
        # A later look at the same seed could have been a choice.
        first.setdefault(look["recipe"], {}).setdefault(look["seed"], look)
    return {recipe: list(seeds.values()) for recipe, seeds in first.items()}


def looks_table() -> str:
    """Return each recipe's first looks at MNIST's test digits, seed by seed, and their mean."""
    lines = [
        "| recipe | first looked at | wrong of 10,000, seed by seed | mean right "
        "| 95 % interval of the mean over seeds |",
        "|---|---|---|---|---|",
    ]
    for recipe, looks in first_looks().items():
        shares = [float(look["accuracy"]) for look in looks]
        wrong = ", ".join(look["wrong"] for look in looks)
        date = min(look["date"] for look in looks)
        lines.append(
            f"| {recipe} | {date} | {wrong} | {np.mean(shares):.2%} | {over_seeds(shares)} |"
        )
    return "\n".join(lines)


def trained_again() -> str:
    """Name the shipped networks that are a later training than their recipe's first look."""
    first = first_looks()
    later = [
        f"The shipped `{name}` is a later training by the same recipe, of {card['trained']}: "
        f"{card['test']['wrong']} wrong.\n\n"
        for name, card in cards().items()
        for look in first.get(recipe_name(card), [])
        if look["seed"] == str(card["recipe"]["seed"])
        and look["wrong"] != str(card["test"]["wrong"])
    ]
    return "".join(later)


def over_seeds(shares: list[float]) -> str:
    """Return Student's 95 % interval of a mean over seeds; of one seed there is none."""
    n = len(shares)
    if n < 2:
        return "one seed"
    reach = T95[min(n, max(T95))] * float(np.std(shares, ddof=1)) / n**0.5
    return f"{np.mean(shares) - reach:.2%} to {np.mean(shares) + reach:.2%}"


def sets_table(folder: Path) -> str:
    """Return how both networks do on each set of single digits, with and without `--single`."""
    lines = [
        "| set | what it is | pictures | right with `--single` | even, odd | without hints "
        "| even, odd | dense network, with `--single` | ms a picture |",
        "|---|---|---|---|---|---|---|---|---|",
    ]
    for name, what in SINGLE.items():
        if not (folder / name).is_dir():
            continue
        cnn = evaluate_folder(current_reader("cnn"), folder / name, Hint(single=True))
        free = evaluate_folder(current_reader("cnn"), folder / name, ANY)
        dense = evaluate_folder(current_reader("dense"), folder / name, Hint(single=True))
        n = len(cnn.answers)
        lines.append(
            f"| {name} | {what} | {n} | {share(n - len(cnn.wrong), n)} | {halves(cnn)} "
            f"| {share(n - len(free.wrong), n)} | {halves(free)} "
            f"| {1 - len(dense.wrong) / n:.1%} | {cnn.figures()['milliseconds']['mean']:.1f} |"
        )
    return "\n".join(lines)


def confidence_table(folder: Path) -> str:
    """Return the calibration on each set of single digits, with `--single`."""
    lines = [
        "| set | calibration error | right against wrong | answered with 0.99 or more "
        "| of these right |",
        "|---|---|---|---|---|",
    ]
    every: list[np.ndarray] = []
    errors = []
    for name in SINGLE:
        if not (folder / name).is_dir():
            continue
        answers = evaluate_folder(current_reader(), folder / name, Hint(single=True)).answers
        figures = np.array([[answer.confidence, answer.right] for answer in answers])
        every.append(figures)
        if len(figures) >= MANY:
            errors.append(calibration_error(figures[:, 0], figures[:, 1] > 0))
        lines.append(f"| {name} | {confidence(figures)} |")
    if every:
        lines.append(f"| **all together** | {confidence(np.concatenate(every))} |")
        lines += [
            "",
            f"Mean calibration error of the sets of {MANY} or more: {np.mean(errors):.1%}.",
        ]
    return "\n".join(lines)


def confidence(figures: np.ndarray) -> str:
    """Return the cells of a row of `confidence_table`: (n, 2), confidence and whether right."""
    confidences, right = figures[:, 0], figures[:, 1] > 0
    apart = "" if right.all() else f"{auroc(confidences[~right], confidences[right]):.3f}"
    bold = confidences >= CONFIDENT
    return (
        f"{calibration_error(confidences, right):.1%} | {apart} | {bold.mean():.1%} "
        f"| {right[bold].mean():.1%}"
    )


def halves(report: FolderReport) -> str:
    """Return how many of the even-numbered and of the odd-numbered pictures are wrong."""
    wrong = [sum(not a.right for a in report.answers[first::2]) for first in (0, 1)]
    return f"{wrong[0]} and {wrong[1]} wrong"


def numbers_table(folder: Path) -> str:
    """Return how whole numbers, pages and tables are read without hints."""
    lines = [
        "| set | what it is | pictures | whole text right | even, odd | digits right "
        "| calibration error | right against wrong | ms a picture |",
        "|---|---|---|---|---|---|---|---|---|",
    ]
    sentences = []
    for name, what in NUMBERS.items():
        if not (folder / name).is_dir():
            continue
        report = evaluate_folder(current_reader(), folder / name, ANY)
        figures, n = report.figures(), len(report.answers)
        characters, confidence = figures["characters"], figures["confidence"] or {}
        separation, error = confidence.get("auroc"), confidence.get("calibration_error")
        lines.append(
            f"| {name} | {what} | {n} | {share(figures['right'], n)} | {halves(report)} "
            f"| {characters['right']} of {characters['written']}, {characters['missed']} missed, "
            f"{characters['extra']} too many | {'' if error is None else f'{error:.1%}'} "
            f"| {'' if separation is None else f'{separation:.3f}'} "
            f"| {figures['milliseconds']['mean']:.0f} |"
        )
        sentences.append(f"`{name}`: {report.to_text().splitlines()[-1]}.{cells(report)}")
    return "\n".join([*lines, "", *sentences])


def cells(report: FolderReport) -> str:
    """Return how many cells of each table hold what the label has in their place."""
    counts = []
    for answer in report.answers:
        if answer.reading is None or not answer.reading.cells:
            continue
        truth = {
            (row, column): character
            for row, line in enumerate(answer.truth.split("\n"))
            for column, character in enumerate(line.split("\t") if "\t" in line else line)
        }
        read = {(cell.row, cell.column): cell.text for cell in answer.reading.cells}
        right = sum(read.get(place) == character for place, character in truth.items())
        counts.append(f"{right} of {len(truth)}")
    return f" Cells right by their place, for each table: {', '.join(counts)}." if counts else ""


def others_table(folder: Path) -> str:
    """Return how much of what is no digit is read as one."""
    if not (folder / "not_a_digit").is_dir():
        return ""
    with (folder / "not_a_digit" / "labels.csv").open(encoding="utf-8-sig", newline="") as file:
        alike = {row["file"]: row["looks_like_digit"] == "1" for row in csv.DictReader(file)}
    lines = [
        "| kind | pictures | read as digits with `--single` | without hints |",
        "|---|---|---|---|",
    ]
    single, free = (
        evaluate_folder(current_reader(), folder / "not_a_digit", hint)
        for hint in (Hint(single=True), ANY)
    )
    kinds = sorted({answer.kind for answer in single.answers})
    for kind in [*kinds, ""]:
        counts = [
            [a.right for a in report.answers if not alike[a.file.name] and kind in (a.kind, "")]
            for report in (single, free)
        ]
        figures, without_hint = (len(right) - sum(right) for right in counts)
        lines.append(f"| {kind or '**all**'} | {len(counts[0])} | {figures} | {without_hint} |")
    return "\n".join(lines)


def writers_table(folder: Path) -> str:
    """Return how the digits of validation writers are read, by data set and digit."""
    digits = load_handwriting(folder).digits.side("validation")
    answers = evaluate_writers(current_reader(), digits.characters)
    lines = [
        "| data set | writers | digits | right | wrong of each digit, 0 to 9 "
        "| confidence of 99 % or more | of these right |",
        "|---|---|---|---|---|---|---|",
    ]
    for name in [*digits.sources, ""]:
        group = [answer for answer in answers if name in (answer.source, "")]
        wrong = [sum(a.truth == str(d) and not a.right for a in group) for d in range(10)]
        bold = [answer for answer in group if answer.confidence >= CONFIDENT]
        title = f"[{name}]({SOURCES[name].address})" if name else "**all**"
        lines.append(
            f"| {title} | {len({(a.source, a.writer) for a in group})} | {len(group)} "
            f"| {share(sum(a.right for a in group), len(group))} | {', '.join(map(str, wrong))} "
            f"| {len(bold) / len(group):.1%} | {sum(a.right for a in bold) / len(bold):.2%} |"
        )
    return "\n".join(lines)


def between(text: str, marker: str, inside: str) -> str:
    """Replace what stands between the two comments that name `marker`."""
    pattern = re.compile(rf"(<!-- {marker} -->\n).*?(<!-- /{marker} -->)", re.DOTALL)
    return pattern.sub(lambda match: f"{match[1]}{inside}\n{match[2]}", text)


def accuracy(folder: Path | None, handwriting: Path | None) -> str:
    """Return docs/accuracy.md."""
    today = datetime.datetime.now(tz=datetime.UTC).date().isoformat()
    if folder is not None:
        sets = f"Measured on {today}.\n\n{sets_table(folder)}"
        confidences = f"Measured on {today}.\n\n{confidence_table(folder)}"
        whole = f"Measured on {today}.\n\n{numbers_table(folder)}"
        others = f"Measured on {today}.\n\n{others_table(folder)}"
    else:
        markers = ("sets", "confidence", "numbers", "others")
        sets, confidences, whole, others = (written(marker) for marker in markers)
    if handwriting is not None:
        writers = f"Measured on {today}.\n\n{writers_table(handwriting)}"
    else:
        writers = written("writers")
    return f"""# Accuracy

Written by `python scripts/make_figures.py FOLDER`; every figure is measured. Each use of
MNIST's test digits is listed in [test-looks.csv](test-looks.csv).

## MNIST

{mnist_table()}

The shipped networks are seed 0, regardless of which seed was best. Every evaluation on the test
digits, the first of each seed; a name contains network, epochs, and training data besides MNIST:

{looks_table()}

{trained_again()}Recipes were changed between these evaluations, for people's own pictures and for
grey and grainy paper, so later results are slightly optimistic.

Accuracy on corrupted and distorted digits: [robustness.md](robustness.md). Speed:
[inference.md](inference.md). Accuracy over training time: [training.md](training.md).

## Networks of 26 November

<!-- networks -->
{written("networks")}
<!-- /networks -->

## People's own pictures

Pictures of single digits by writers who are not in MNIST. None was used for training. They were
used to develop the steps from paper to frame, so expect slightly lower accuracy on other
pictures. If the digit network is not confident, the line network is used too, also with the dense
network.

<!-- sets -->
{sets}
<!-- /sets -->

### Calibration of the confidence

A calibration error of 1 % means: of answers with a confidence of 95 %, 94 or 96 % were right.
"Right against wrong" is the probability that a right answer has the higher confidence.

<!-- confidence -->
{confidences}
<!-- /confidence -->

## Writers kept out of training

Digits by the validation writers of public handwriting data sets
([handwriting.md](handwriting.md)), whom no digit network has seen,
read from pictures with `--single`: scans as they are, strokes drawn with a ballpoint's width.

<!-- writers -->
{writers}
<!-- /writers -->

## Numbers, pages and tables

Read without hints. The amounts stand on cheques with patterned paper; none was trained on.
About one label of `amount` in fifty is wrong.

<!-- numbers -->
{whole}
<!-- /numbers -->

## Pictures without a digit

Pictures that contain no digit, without those that look like one (such as O, I and S).

<!-- others -->
{others}
<!-- /others -->

## Learning from corrections

Twenty corrected digits of one writer are learned, and the writer's other digits are read, in
fifty draws each; see [learning.md](learning.md).

{written("learning", LEARNING)}
"""


def written(marker: str, document: Path | None = None) -> str:
    """Return what stands between two comments of docs/accuracy.md, or of another document."""
    pattern = rf"<!-- {marker} -->\n(.*?)<!-- /{marker} -->"
    found = re.search(pattern, (document or ACCURACY).read_text(encoding="utf-8"), re.DOTALL)
    return found[1].strip() if found else ""


def model_card() -> str:
    """Return MODEL_CARD.md."""
    parts = []
    for name, card in cards().items():
        recipe, test, held = card["recipe"], card["test"], card["validation"]
        libraries = ", ".join(f"{key} {value}" for key, value in card["versions"].items())
        parts.append(
            f"""## {card["title"]} (`{name}`)

- trained {card["trained"]} for {recipe["epochs"]} epochs, seed {recipe["seed"]}, highest learning
  rate {recipe["peak"]}, weight decay {recipe["decay"]}, batches of {recipe["batch"]},
  {"digits distorted anew in each epoch" if recipe["augmented"] else "no distortion"}
- {card["parameters"]:,} parameters, {card["multiply_adds"]:,} multiply-adds for a digit
- test digits: {test["accuracy"]:.2%} right ({test["wrong"]} of {test["digits"]:,} wrong),
  calibration error {test["calibration_error"]:.2%}; validation digits: {held["accuracy"]:.2%}
- temperature {card["temperature"]:.3f}, fitted on the 5,000 validation and calibration digits
{real_handwriting(card)}{rejection(card)}- data SHA-256 `{card["data_sha256"][:16]}`, model SHA-256
  `{card["sha256"][:16]}`
- {libraries}
"""
        )
    parts += [line_card(), page_card(), data_sets()]
    return (
        "# Model card\n\nWritten by `python scripts/make_figures.py` from the cards that training "
        "wrote beside each\nmodel in `digits/weights/`.\n\n"
        "**Meant for** reading handwritten digits 0 to 9 in pictures. **Not meant for** letters, "
        "other\nscripts' digits, or decisions about people without a person who checks. The "
        "convolutional network\nrejects most of what is not a digit, not all; the dense one names "
        "a digit for anything with ink in it.\n\n"
        "**Data**: MNIST, American writers of the 1990s, and the data sets named below. Other "
        "writers write\nother shapes; [docs/accuracy.md](docs/accuracy.md) says how that shows."
        "\n\n" + "\n".join(parts)
    )


def line_card() -> str:
    """Return the part of MODEL_CARD.md on the network that finds the digits of a number."""
    card = json.loads((WEIGHTS / "line.json").read_text(encoding="utf-8"))
    recipe, held = card["recipe"], card["validation"]
    low, high = held["interval"]
    return f"""## {card["title"]} (`line`)

- trained {card["trained"]} for {card["epochs"]} epochs of {recipe["lines"]:,} composed lines,
  seed {recipe["seed"]}, highest learning rate {recipe["peak"]}, batches of {recipe["batch"]}
- alphabet: `{"` `".join(card["alphabet"].strip())}` and the space
- lines are written with: {"; ".join(card["handwriting"])}
- {card["parameters"]:,} parameters, {card["multiply_adds"]:,} multiply-adds for a strip of
  32 x 256 px; the digit network's log-probabilities are added with weight {card["weight"]}
- of {held["lines"]:,} composed lines of validation writers, with the convolutional network:
  {held["accuracy"]:.1%} [{low:.1%}, {high:.1%}] read with all digits right, {held["written"]:.1%}
  with all separators too; {held["silent"]:.1%} wrong with a confidence above the threshold;
  {held["points_lost"]} of {held["points"]} decimal points lost, {held["points_lost_in_silence"]}
  of them above the threshold; calibration error {held["calibration_error"]:.1%}
- data SHA-256 `{card["data_sha256"][:16]}`, model SHA-256 `{card["sha256"][:16]}`
"""


def page_card() -> str:
    """Return the part of MODEL_CARD.md on the network that segments whole pages."""
    card = json.loads((WEIGHTS / "page.json").read_text(encoding="utf-8"))
    recipe, held = card["recipe"], card["validation"]
    classes = ", ".join(
        f"{name} {iou:.2f}" for name, iou in zip(card["classes"], held["iou"], strict=True)
    )
    return f"""## {card["title"]} (`page`)

- trained {card["trained"]} for {card["epochs"]} epochs of {recipe["crops"]:,} crops of composed
  pages, each crop shown about {recipe["reuse"]:g} times, seed {recipe["seed"]},
  highest learning rate {recipe["peak"]}, batches of {recipe["batch"]}
- pages are written with: {"; ".join(card["handwriting"])}
- {card["parameters"]:,} parameters,
  {card["multiply_adds_per_pixel"]:,.0f} multiply-adds for a pixel
- intersection over union on {held["crops"]} composed crops by validation writers: {classes};
  cores of numbers {held["core"]:.2f}
- data SHA-256 `{card["data_sha256"][:16]}`, model SHA-256 `{card["sha256"][:16]}`
"""


def data_sets() -> str:
    """Return the part of MODEL_CARD.md on the handwriting that is not MNIST's."""
    lines = [
        f"- [{source.title}]({source.address}), {source.authors}, {source.licence}\n"
        for source in SOURCES.values()
    ]
    return (
        "## Data sets beside MNIST\n\nThe networks `cnn`, `line` and `page` learned from MNIST and "
        "from these. The data were changed:\nstrokes are smoothed and drawn anew with other pens, "
        "scans are cut out and scaled, and most of it is\ndistorted "
        "([docs/handwriting.md](docs/handwriting.md)).\n\n" + "".join(lines)
    )


def real_handwriting(card: dict[str, Any]) -> str:
    """Return the lines on the data sets beside MNIST, if the network was trained on any."""
    figures = card.get("handwriting")
    if not figures:
        return ""
    lines = [
        f"  and on {figures['calibration_frames']:,} frames of calibration writers\n"
        f"- {card['recipe']['handwriting']:.0%} of the digits shown are by other writers, from "
        "these data sets, changed:\n"
    ]
    for name, digits in figures["digits"].items():
        source, writers = SOURCES[name], figures["writers"][name]
        by = f" by {writers} writers" if writers else ""
        lines.append(
            f"  - [{source.title}]({source.address}), {source.authors}, {source.licence}: "
            f"{digits:,} digits{by}\n"
        )
    return "".join(lines)


def rejection(card: dict[str, Any]) -> str:
    """Return the lines on the reject head, if there is one."""
    figures = card.get("not_a_digit")
    if not figures:
        return ""
    kept = figures.get("handwriting_kept")
    theirs = "" if kept is None else f",\n  {kept:.2%} of validation writers' digits"
    return (
        f"- rejects what is not a digit with a probability above {figures['threshold']:.3f}: "
        f"{figures['others_rejected']:.1%} of frames made\n"
        f"  without a digit ({figures['made_of']}),\n"
        f"  AUROC {figures['auroc']:.4f}; keeps {figures['digits_kept']:.2%} of validation digits, "
        f"{figures['distorted_digits_kept']:.2%} of distorted ones{theirs}\n"
    )


def main() -> int:
    """Write the files."""
    parser = argparse.ArgumentParser(description="Write every measured figure.")
    parser.add_argument("folder", type=Path, nargs="?", help="labelled pictures, set by set")
    parser.add_argument("--handwriting", type=Path, help="data sets of docs/handwriting.md")
    options = parser.parse_args()
    ACCURACY.write_text(
        accuracy(options.folder, options.handwriting), encoding="utf-8", newline="\n"
    )
    (ROOT / "MODEL_CARD.md").write_text(model_card(), encoding="utf-8", newline="\n")
    readme = ROOT / "README.md"
    text = between(readme.read_text(encoding="utf-8"), "figures", mnist_table())
    tables = "\n\n".join(written(marker) for marker in ("sets", "numbers", "others"))
    text = between(text, "limitations", tables.strip())
    readme.write_text(text, encoding="utf-8", newline="\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
