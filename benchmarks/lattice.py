"""A lattice of pieces and cuts, the classical way to read a number, beside the line network.

    python benchmarks/lattice.py FOLDER... [--out FILE.md]
    python benchmarks/lattice.py --fit

Ink is cut into more segments than there are digits, the digit network judges each run of one to
four segments, and the best way along the line is the number. Each FOLDER has a labels.csv. The
weights and the two thresholds below come from `--fit`: composed lines of MNIST digits, never
photographs.
"""

import argparse
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import product, repeat
from operator import eq
from pathlib import Path

import cv2
import numpy as np

sys.path.insert(0, str(Path(__file__).parent.parent))

from digits.assembly import current_reader
from digits.core import ANY, CLASSES, Box, Hint, Ink, Page
from digits.data import Labelled, load_mnist
from digits.evaluation import evaluate_folder
from digits.image.cut import FLAT, ROWS, SPECK_SIDE, STACKED, STEEP, Glyph, cut_glyph, is_point
from digits.image.finding import Found
from digits.image.ink import to_ink
from digits.image.lines import connected_pieces, find_lines
from digits.image.strip import MARGIN, SIDE_MARGIN, straighten
from digits.model.classifier import Classifier
from digits.model.ctc import NEVER
from digits.reader import SMALLEST, Reader, Spelled, to_frames
from digits.synthesis.writing import TALL, compose_line

MOST = 4  # segments of one digit
LOWEST, HIGHEST, WIDEST = 0.3, 1.7, 1.7  # of the writing's height: what may be a digit
APART = 0.25  # of the writing's height, between two pieces of one digit side by side
NARROW = 0.55  # of the writing's height: a piece so narrow is not cut
STEP = 0.08  # of the writing's height, between neighbouring cuts
THICK = 0.6  # of the writing's height: no cut crosses more ink
ONE_DIGIT = 1.5  # of the writing's height: a higher stack of pieces is no digit
CERTAIN = 1e-6  # the least probability that counts of being a digit
MARK = 0.55  # of the writing's height: a higher piece is no mark, unless it is flat
LOST = -30.0  # log-probability of passing over what is too large to be a mark
FITTING, SEED = 600, 7  # composed lines that choose the weights, and their seed
TEXTURE = 60  # segments; a line with more teaches nothing
TRIED = (0.02, 0.05, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 0.95, 0.98)  # confidences
RIDGE = 0.01  # pulls the weights towards 0

# What speaks against a run of segments, and its weight: its digit's improbability (as -log p), that
# of its being no digit, the same where it was cut out of a piece, log-height off the usual, width
# beyond the height, ink cut, gap bridged, each digit; each mark, and its size.
STARTING = (0.6, 1.0, -0.3, 1.0, 1.0, 3.0, 5.0, 0.0, 1.0, 4.0)
WEIGHTS = (5.11, 9.42, 1.17, 6.37, 1.47, 5.75, 3.41, 1.66, 2.39, 7.66)
WHOLE_WEIGHTS = (5.39, 3.01, -0.0, 7.13, -3.13, 0.0, 3.21, -2.33, -3.07, 8.94)
UNSURE, SURER = 0.4, 0.98  # below and above: the lattice's text is taken for the line network's


Said = tuple[str, float]  # a text, and how sure its reader is of it


@dataclass(frozen=True, slots=True)
class Segment:
    """Ink that is not divided any further."""

    box: Box
    crossed: float  # of the writing's height: ink that the cut before it crosses


@dataclass(frozen=True, slots=True)
class Edge:
    """A run of segments taken for one digit, or one segment taken for a mark."""

    start: int
    stop: int  # excluded
    terms: np.ndarray  # (9,), in the order of `WEIGHTS` from the second on
    glyph: Glyph | None  # None: a mark
    logs: np.ndarray  # (10,), log-probabilities; a mark's are alike


def find_cuts(piece: Ink, tall: float) -> list[tuple[float, np.ndarray]]:
    """Return where a piece may be cut: ink crossed in px, and the way's column at each row.

    For every column at half the height, the way through it that crosses the least ink, leaning as
    it likes; then the columns where that is less than beside them.
    """
    height, width = piece.shape
    scale = min(1.0, ROWS / height)
    size = max(1, round(width * scale)), max(3, round(height * scale))
    small = cv2.resize(piece, size, interpolation=cv2.INTER_AREA)
    middle, reach = len(small) // 2, max(1, round(STEP * tall * scale))
    (above, rising), (below, falling) = _sweep(small[: middle + 1]), _sweep(small[middle:][::-1])
    cost = above + below - small[middle]
    cuts: list[tuple[int, np.ndarray]] = []
    for x in np.argsort(cost, kind="stable"):
        near = cost[max(0, x - reach) : x + reach + 1].min()
        alone = all(abs(int(x) - other) > reach for other, _ in cuts)
        if alone and reach < x < size[0] - reach and near >= cost[x] <= THICK * tall * scale:
            way = np.concatenate([_trace(rising, int(x)), _trace(falling, int(x))[::-1][1:]])
            cuts.append((int(x), way))
    rows = np.linspace(0, len(small) - 1, height)
    return [
        (float(cost[x]) / scale, (np.interp(rows, np.arange(len(way)), way) + 0.5) / scale)
        for x, way in sorted(cuts, key=lambda cut: cut[0])
    ]


def _sweep(ink: Ink) -> tuple[np.ndarray, np.ndarray]:
    """Return what it costs to come down to each column, and by which steps: (w,), (h, w)."""
    total, came = ink[0], np.zeros(ink.shape, np.int8)
    for y in range(1, len(ink)):
        wide = np.pad(total, 1, constant_values=np.inf)
        ways = np.stack([wide[1:-1], wide[:-2] + STEEP, wide[2:] + STEEP])
        came[y] = np.array([0, -1, 1])[ways.argmin(axis=0)]
        total = ways.min(axis=0) + ink[y]
    return total, came


def _trace(came: np.ndarray, x: int) -> np.ndarray:
    """Return the column at each row of the way that ends in column `x` of the last row."""
    way = np.full(len(came), x)
    for y in range(len(came) - 1, 0, -1):
        way[y - 1] = way[y] + came[y, way[y]]
    return way


def segment(ink: Ink, *, cuts: bool) -> tuple[np.ndarray, list[Segment], float]:
    """Return labels of the segments (0 is paper), the segments from the left, and their height."""
    pieces, boxes, tall = _stacks(ink)
    labels, found = np.zeros(pieces.shape, np.int32), []
    for name, box in enumerate(boxes, start=1):
        area = box.rows_and_columns()
        mine = pieces[area] == name
        ways = (
            find_cuts(np.where(mine, ink[area], 0), tall)
            if cuts and box.width > NARROW * tall
            else []
        )
        right_of = np.zeros(mine.shape, int)
        for _, way in ways:
            right_of += np.arange(box.width)[None, :] > np.floor(way)[:, None]
        for i, crossed in enumerate([0.0, *(cost for cost, _ in ways)]):
            y, x = np.nonzero(mine & (right_of == i))
            if y.size:
                own = Box(
                    box.x + int(x.min()),
                    box.y + int(y.min()),
                    int(np.ptp(x)) + 1,
                    int(np.ptp(y)) + 1,
                )
                found.append((Segment(own, crossed / tall), box.y + y, box.x + x))
    found.sort(key=lambda part: part[0].box.x + part[0].box.right)
    for i, (_, y, x) in enumerate(found, start=1):
        labels[y, x] = i
    return labels, [part for part, _, _ in found], tall


def _stacks(ink: Ink) -> tuple[np.ndarray, list[Box], float]:
    """Return pieces, those above one another joined: labels, boxes, and the writing's height."""
    labels, corners = connected_pieces(ink)
    mass = np.bincount(labels.ravel(), ink.ravel(), len(corners) + 1)[1:]
    high = corners[:, 3] - corners[:, 1]
    if not high.size:
        return labels, [], 1.0
    order = np.argsort(high)
    tall = float(high[order][np.searchsorted(np.cumsum(mass[order]), mass.sum() / 2)])
    boxes: list[Box] = []
    names = np.zeros(len(corners) + 1, np.int32)
    top = float(np.median(corners[high >= tall / 2, 1]))
    for i in np.argsort(-mass):
        box = Box(*(int(v) for v in (*corners[i, :2], *(corners[i, 2:] - corners[i, :2]))))
        if max(box.width, box.height) < SPECK_SIDE * tall:
            continue
        hosts = (
            []
            if is_point(box, top, tall)
            else [j for j, o in enumerate(boxes) if _above(box, o, tall)]
        )
        if hosts:
            boxes[hosts[0]] = Box.around((boxes[hosts[0]], box))
        else:
            boxes.append(box)
        names[i + 1] = (hosts[0] if hosts else len(boxes) - 1) + 1
    return names[labels], boxes, tall


def _above(box: Box, other: Box, tall: float) -> bool:
    shared = min(box.right, other.right) - max(box.x, other.x)
    return (
        shared > STACKED * min(box.width, other.width)
        and Box.around((box, other)).height < ONE_DIGIT * tall
    )


def build_lattice(ink: Ink, classifier: Classifier, *, cuts: bool = True) -> tuple[int, list[Edge]]:
    """Return the number of segments of a line, and every run that may be a digit or a mark."""
    labels, parts, tall = segment(ink, cuts=cuts)
    runs = []
    for start in range(len(parts)):
        box, gap = parts[start].box, 0.0
        for stop in range(start + 1, min(start + MOST, len(parts)) + 1):
            last = parts[stop - 1].box
            gap = max(gap, (last.x - box.right) / tall)
            box = Box.around((box, last))
            if (
                gap <= APART
                and LOWEST * tall <= box.height <= HIGHEST * tall
                and box.width <= WIDEST * tall
            ):
                boxes = [part.box for part in parts]
                runs.append(
                    (start, stop, gap, cut_glyph(ink, labels, boxes, list(range(start, stop))))
                )
    runs = [run for run in runs if run[3].ink.any()]
    answers = classifier.classify(to_frames([glyph for *_, glyph in runs]))
    doubt = (
        answers.not_a_digit
        if answers.not_a_digit is not None
        else 1 - answers.probabilities.max(axis=1)
    )
    edges = []
    for (start, stop, gap, glyph), seen, no_digit in zip(
        runs, answers.probabilities, doubt, strict=True
    ):
        logs = np.log(np.maximum(seen, SMALLEST))
        high, wide = glyph.box.height / tall, glyph.box.width / glyph.box.height
        improbable = -np.log(max(CERTAIN, 1 - no_digit))
        is_cut = parts[start].crossed or (stop < len(parts) and parts[stop].crossed)
        shape = (abs(np.log(high)), max(0.0, wide - 1), parts[start].crossed, max(0.0, gap))
        terms = (improbable, improbable if is_cut else 0.0, *shape, 1.0, 0.0, 0.0)
        edges.append(Edge(start, stop, np.array(terms), glyph, logs))
    for i, part in enumerate(parts):
        size = max(part.box.height, part.box.width / 2) / tall
        terms = (0.0, 0.0, 0.0, 0.0, part.crossed, 0.0, 0.0, 1.0, size)
        small = part.box.height <= MARK * tall or part.box.width >= FLAT * part.box.height
        edges.append(
            Edge(i, i + 1, np.array(terms), None, np.full(CLASSES, 0.0 if small else LOST))
        )
    edges.sort(key=lambda edge: (edge.stop, edge.start))
    return len(parts), edges


def edge_scores(edges: Sequence[Edge], weights: Sequence[float] | np.ndarray) -> np.ndarray:
    """Return each edge's score with each digit; of a mark all ten are its own: (n, 10)."""
    terms = np.array([edge.terms for edge in edges]).reshape(-1, len(weights) - 1)
    logs = np.array([edge.logs for edge in edges]).reshape(-1, CLASSES)
    return np.asarray(weights[0] * logs - (terms @ np.array(weights[1:]))[:, None])


def best_path(n: int, edges: Sequence[Edge], scores: np.ndarray) -> list[Edge]:
    """Return the best way along a line (Viterbi 1967)."""
    total, came = np.full(n + 1, NEVER), np.zeros(n + 1, int)
    total[0] = 0.0
    for i, (edge, score) in enumerate(zip(edges, scores.max(axis=1), strict=True)):
        if total[edge.start] + score > total[edge.stop]:
            total[edge.stop], came[edge.stop] = total[edge.start] + score, i
    way: list[Edge] = []
    while n:
        way.append(edges[came[n]])
        n = way[-1].start
    return way[::-1]


def sum_paths(
    n: int, edges: Sequence[Edge], scores: np.ndarray, text: Sequence[int] | None = None
) -> tuple[float, np.ndarray]:
    """Return the log-sum over all ways that spell `text`, or any text, and each edge's share.

    Forward-backward: (n, 10) scores -> a number and (n, 10) shares; a mark's stands in column 0.
    """
    named = np.array(text or [], int)
    score = scores[:, named] if text is not None else np.logaddexp.reduce(scores, axis=1)[:, None]
    moves = 1 if text is not None else 0  # each digit is a step along the text
    m = len(named)
    ahead = np.full((n + 1, m + 1), NEVER)
    back = ahead.copy()
    ahead[0, 0] = back[n, m] = 0.0
    for order, to, at, sums in ((1, "stop", "start", ahead), (-1, "start", "stop", back)):
        for i in range(len(edges))[::order]:
            edge = edges[i]
            source, target = sums[getattr(edge, at)], sums[getattr(edge, to)]
            if edge.glyph is None:
                target[:] = np.logaddexp(target, source + scores[i, 0])
            elif order > 0:
                target[moves:] = np.logaddexp(target[moves:], source[: m + 1 - moves] + score[i])
            else:
                stop = m + 1 - moves
                target[:stop] = np.logaddexp(target[:stop], source[moves:] + score[i])
    total = float(ahead[n, m])
    shares = np.zeros(scores.shape)
    for i, edge in enumerate(edges):
        start, stop = ahead[edge.start], back[edge.stop]
        if edge.glyph is None:
            shares[i, 0] = np.exp(start + scores[i, 0] + stop - total).sum()
        elif text is None:
            shares[i] = np.exp(start[0] + scores[i] + stop[0] - total)
        else:
            np.add.at(shares[i], named, np.exp(start[:-1] + score[i] + stop[1:] - total))
    return total, shares


@dataclass(frozen=True)
class LatticeReader(Reader):
    """The reader with a lattice in the place of the line network."""

    weights: tuple[float, ...] = WEIGHTS
    cuts: bool = True

    def spell(self, found: Sequence[Found], hint: Hint = ANY) -> list[Spelled]:  # noqa: ARG002
        """Say of each number how many digits it has and where they stand."""
        return [self._best(part.page) for part in found]

    def _best(self, page: Page | None) -> Spelled:
        if page is None:
            return Spelled((), np.zeros((0, CLASSES)), 1.0)
        n, edges = build_lattice(page.ink, self.classifier, cuts=self.cuts)
        scores = edge_scores(edges, self.weights)
        digits = [edge for edge in best_path(n, edges, scores) if edge.glyph]
        text = [int(edge.logs.argmax()) for edge in digits]
        certainty = np.exp(sum_paths(n, edges, scores, text)[0] - sum_paths(n, edges, scores)[0])
        logs = np.array([edge.logs for edge in digits]).reshape(-1, CLASSES)
        return Spelled(tuple(edge.glyph for edge in digits), logs, float(certainty))


def composed(digits: Labelled, n: int) -> list[tuple[Found, str]]:
    """Return lines of handwriting as if they had been found on a page, and their texts."""
    rng, lines = np.random.default_rng(SEED), []
    for _ in range(n):
        line = compose_line(digits, rng, TALL)
        ink = find_lines(to_ink(line.strip))
        page = Page(ink.ink, line.strip, np.eye(3), line.strip.shape[::-1])
        if ink.regions:
            heaviest = max(
                (straighten(page, region, MARGIN, SIDE_MARGIN) for region in ink.regions),
                key=lambda part: float(part.ink.sum()),
            )
            lines.append((Found(heaviest, Box(0, 0, *page.size)), line.text))
    return lines


def fit_weights(
    lines: Sequence[tuple[Found, str]], classifier: Classifier, *, cuts: bool
) -> tuple[float, ...]:
    """Return the weights with which the fewest composed lines are expected to be wrong.

    A text's probability is its share of all ways along its line, as in a graph transformer
    network (LeCun et al. 1998, section VI); the digit network stays as it is.
    """
    from scipy.optimize import minimize  # type: ignore[import-untyped]  # comes with scikit-learn

    lattices = []
    for part, written in lines:
        if part.page is not None:
            n, edges = build_lattice(part.page.ink, classifier, cuts=cuts)
            text = [int(digit) for digit in written]
            true, _ = sum_paths(n, edges, edge_scores(edges, STARTING), text)
            if 0 < n <= TEXTURE and true > NEVER / 2:
                lattices.append((n, edges, text))

    def loss(weights: np.ndarray) -> tuple[float, np.ndarray]:
        total, slope = RIDGE * float(weights @ weights), 2 * RIDGE * weights
        for n, edges, text in lattices:
            scores = edge_scores(edges, weights)
            (every, shares), (true, wanted) = (
                sum_paths(n, edges, scores, spelled) for spelled in (None, text)
            )
            right = float(np.exp(true - every))
            more = right * (shares - wanted)
            total += 1 - right
            slope[0] += (more * np.array([edge.logs for edge in edges])).sum()
            slope[1:] -= more.sum(axis=1) @ np.array([edge.terms for edge in edges])
        return total, slope

    start = np.array(STARTING)
    fitted = minimize(loss, start, jac=True, method="L-BFGS-B", options={"maxiter": 60}).x
    return tuple(round(float(weight), 2) for weight in fitted)


def choose(line: Said, lattice: Said, unsure: float, surer: float) -> str:
    """Return the line network's text, or the lattice's where it is unsure and the other surer."""
    return lattice[0] if line[1] < unsure and lattice[1] > surer else line[0]


def fit() -> list[str]:
    """Fit all that is fitted, and return it as text."""
    mnist, reader = load_mnist(), current_reader()
    lines = composed(mnist.validation, FITTING)
    whole, cut = (fit_weights(lines, reader.classifier, cuts=cuts) for cuts in (False, True))
    judging = composed(mnist.calibration, FITTING)
    found, truth = [part for part, _ in judging], [text for _, text in judging]
    readers = lattice_readers(reader, whole, cut)
    read = [
        [(line.text, line.confidence) for line in other.read_lines(found)]
        for other in (*readers, reader)
    ]
    counts = [sum(t == text for (text, _), t in zip(each, truth, strict=True)) for each in read]
    tried = (0.0, *TRIED)
    most, unsure, surer = max(
        (sum(map(eq, map(choose, read[2], read[1], repeat(u), repeat(s)), truth)), -u, s)
        for u, s in product(tried, tried)
    )
    return [
        f"WEIGHTS = {cut}",
        f"WHOLE_WEIGHTS = {whole}",
        f"UNSURE, SURER = {-unsure}, {surer}",
        f"Of {len(truth)} composed lines of other digits {counts[0]} are right by whole pieces, "
        f"{counts[1]} by the lattice, {counts[2]} by the line network, {most} by both.",
    ]


def lattice_readers(
    reader: Reader, whole: tuple[float, ...] = WHOLE_WEIGHTS, cut: tuple[float, ...] = WEIGHTS
) -> tuple[LatticeReader, LatticeReader]:
    """Return the readers that leave pieces whole, and that cut them."""
    two = reader.classifier, reader.line_network
    return LatticeReader(*two, whole, cuts=False), LatticeReader(*two, cut, cuts=True)


def measure(folders: Sequence[Path]) -> list[str]:
    """Return how many pictures are read without a mistake, as lines of Markdown."""
    reader = current_reader()
    rows = [
        "| pictures | files | whole pieces | lattice | line network | lattice where that is unsure "
        "| either right |",
        "|---|---|---|---|---|---|---|",
    ]
    for folder in folders:
        whole, cut, line = (
            evaluate_folder(other, folder, ANY).answers
            for other in (*lattice_readers(reader), reader)
        )
        both = [
            choose((a.text, a.confidence), (b.text, b.confidence), UNSURE, SURER) == a.truth
            for a, b in zip(line, cut, strict=True)
        ]
        either = [a.right or b.right for a, b in zip(line, cut, strict=True)]
        right = [[a.right for a in answers] for answers in (whole, cut, line)]
        for part, start in (("even", 0), ("odd", 1)):
            counts = [sum(each[start::2]) for each in (*right, both, either)]
            n = len(either[start::2])
            rows.append(f"| {folder.name} | {part}, {n} | {' | '.join(map(str, counts))} |")
    return rows


def main() -> int:
    """Print the report, and write it where `--out` says."""
    parser = argparse.ArgumentParser(description="A lattice of cuts beside the line network.")
    parser.add_argument("folders", type=Path, nargs="*", help="folders with a labels.csv each")
    parser.add_argument("--out", type=Path, help="a Markdown file to write")
    parser.add_argument(
        "--fit", action="store_true", help="choose the weights anew, and print them"
    )
    options = parser.parse_args()
    cv2.setNumThreads(1)
    report = "\n".join(fit() if options.fit else measure(options.folders)) + "\n"
    sys.stdout.write(report)
    if options.out:
        options.out.write_text(report, encoding="utf-8", newline="\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
