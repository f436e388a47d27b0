"""Draw handwriting: render recorded strokes as ink, and scale scanned characters.

One renderer serves digits, lines and pages. A `StrokeStyle` is one writer with one pen: sample it
once for a number, a line or a page, and draw every character of that writer with it.

>>> rng = np.random.default_rng(0)
>>> seven = Handwritten("7", "example", "w1", smooth([np.array([[0, 0], [40, 0], [15, 90]])]))
>>> ink = draw_character(seven, 28, sample_style(rng), rng)
>>> ink.shape[0], ink.dtype.name
(28, 'float32')
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np

from digits.arrays import Float32, Num, UInt8
from digits.types import Ink

Stroke = Float32[np.ndarray, "_points 2"]  # (x, y) along the stroke, in heights, y down

STEP = 6  # points drawn with one width of the pen
FINE = 4  # factor at which strokes are drawn before reduction
HAIR = 1e-3  # px of ink for which no further row or column is added
SHIFT = 4  # fractional bits of coordinates for cv2
PRESSURE = 0.15  # standard deviation of the logarithm of the width at the ends of a stroke
FADED = 0.3  # of full ink, the most that uneven ink lacks

SPACING = 0.02  # heights between the points of a smoothed stroke
TREMOR = 0.012  # heights, standard deviation of the Gaussian that removes rounding
WIDEST = 2.5  # width over height; wider characters, such as a dash, are scaled by width
PENS = (0.04, 0.2)  # heights: from a hairline to a felt pen on a small digit
WAVE = 0.25  # heights between two independent errors of an unsteady writer
P_CUT = 0.3  # share of strokes that begin late or end early
P_DRY = 0.2  # share of characters whose ink is uneven
LARGEST = 4  # times its own size, to which a scan may be enlarged
WHITE = 255  # level of full ink in a scan


@dataclass(frozen=True, slots=True, eq=False)
class Handwritten:
    """A handwritten character: pen strokes or a scan."""

    label: str  # the character
    source: str  # name of the data set
    writer: str  # unique in its source; empty if unknown
    strokes: tuple[Stroke, ...] = ()  # see `smooth`; empty for a scan
    scan: UInt8[np.ndarray, "_h _w"] | None = None  # 0 paper to 255 ink, tight; None for strokes


@dataclass(frozen=True, slots=True)
class StrokeStyle:
    """The style of one writer with one pen."""

    pen: float  # heights, width of the pen
    slant: float = 0.0  # px to the right for each px upwards
    stretch: float = 0.0  # logarithm of the factor by which characters are wider
    wobble: float = 0.0  # heights, standard deviation of the pen's error
    cut: float = 0.0  # heights, the most that is missing at the ends of a stroke
    dry: float = 0.0  # of full ink, the most that uneven ink lacks


def sample_style(rng: np.random.Generator, pen: float | None = None) -> StrokeStyle:
    """Return a random style.

    Parameters
    ----------
    rng : of the random choices
    pen : heights, the width of the pen; random if None
    """
    low, high = np.log(PENS)
    return StrokeStyle(
        pen=pen if pen is not None else float(np.exp(rng.uniform(low, high))),
        slant=float(rng.normal(0, 0.08)),
        stretch=float(rng.normal(0, 0.1)),
        wobble=float(rng.uniform(0, 0.012)),
        cut=float(rng.uniform(0, 0.15)),
        dry=float(rng.uniform(0, 0.6)),
    )


def smooth(strokes: Sequence[Num[np.ndarray, "_points 2"]]) -> tuple[Stroke, ...]:
    """Return recorded strokes as smooth curves of evenly spaced points, in heights.

    Coarse steps become a Catmull-Rom curve; rounding is filtered.

    Parameters
    ----------
    strokes : (x, y) with y down, in any unit; at least one point in all

    Returns
    -------
    tuple of float32, shape (points, 2)
        x and y from 0.0; y to 1.0, unless the character is much wider than high.
    """
    kept = [_without_repeats(np.asarray(stroke, np.float64)) for stroke in strokes if len(stroke)]
    every = np.concatenate(kept)
    extent = np.ptp(every, axis=0)
    unit = max(float(extent[1]), float(extent[0]) / WIDEST, 1e-6)
    curves = [_curve((stroke - every.min(axis=0)) / unit) for stroke in kept]
    return _in_heights(curves)


def _in_heights(curves: list[np.ndarray]) -> tuple[Stroke, ...]:
    """Move curves to the origin, and scale them to a height of 1 or, if flat, by width."""
    every = np.concatenate(curves)
    extent = np.ptp(every, axis=0)
    unit = max(float(extent[1]), float(extent[0]) / WIDEST, 1e-6)
    origin = every.min(axis=0)
    return tuple(((curve - origin) / unit).astype(np.float32) for curve in curves)


def _without_repeats(points: np.ndarray) -> np.ndarray:
    """Remove repeated points: (n, 2) -> (m, 2)."""
    moved = np.concatenate([[True], np.any(np.diff(points, axis=0) != 0, axis=1)])
    return points[moved]


def _curve(points: np.ndarray) -> np.ndarray:
    """Return a smooth curve through points, evenly spaced: (n, 2) -> (m, 2)."""
    if len(points) == 1:  # a dot, since cv2 does not draw lines of length 0
        return points + np.array([[0.0, 0.0], [0.0, SPACING]])
    padded = np.concatenate([2 * points[:1] - points[1:2], points, 2 * points[-1:] - points[-2:-1]])
    t = np.linspace(0, 1, 8, endpoint=False)[:, None, None]
    a, b, c, d = padded[:-3], padded[1:-2], padded[2:-1], padded[3:]
    bent = b + t / 2 * (
        (c - a) + t * ((2 * a - 5 * b + 4 * c - d) + t * (3 * (b - c) + d - a))
    )  # (8, segments, 2)
    fine = np.concatenate([bent.transpose(1, 0, 2).reshape(-1, 2), points[-1:]])
    way = np.concatenate([[0.0], np.cumsum(np.linalg.norm(np.diff(fine, axis=0), axis=1))])
    n = max(2, round(way[-1] / SPACING) + 1)
    even = np.stack([np.interp(np.linspace(0, way[-1], n), way, axis) for axis in fine.T], axis=1)
    # The ends are reflected, so that they do not move.
    sigma = TREMOR / SPACING
    reach = min(math.ceil(3 * sigma), n - 1)
    kernel = np.exp(-0.5 * (np.arange(-reach, reach + 1) / sigma) ** 2)
    longer = np.concatenate(
        [2 * even[:1] - even[reach:0:-1], even, 2 * even[-1:] - even[-2 : -reach - 2 : -1]]
    )
    return np.stack([np.convolve(axis, kernel / kernel.sum(), "valid") for axis in longer.T], 1)


def vary(
    strokes: tuple[Stroke, ...], style: StrokeStyle, rng: np.random.Generator
) -> tuple[Stroke, ...]:
    """Return strokes with the errors of one writer's repetition, in heights.

    Strokes of several characters can be joined (`beside`) and drawn as one.

    Parameters
    ----------
    strokes : as `smooth` returns them
    style : of the writer
    rng : of the errors
    """
    bent = []
    for stroke in strokes:
        points = (
            _cut(stroke, style.cut, rng) + _error(len(stroke), style.wobble, rng)[: len(stroke)]
        )
        x = (points[:, 0] + style.slant * (1 - points[:, 1])) * np.exp(style.stretch)
        bent.append(np.stack([x, points[:, 1]], axis=1))
    return _in_heights(bent)


def _cut(stroke: Stroke, most: float, rng: np.random.Generator) -> np.ndarray:
    """Shorten a stroke at one end, which opens loops: (n, 2) -> (n, 2)."""
    length = (len(stroke) - 1) * SPACING
    if length < 4 * most or rng.random() >= P_CUT:  # a short stroke would vanish
        return stroke.astype(np.float64)
    first, last = rng.uniform(0, most, 2) / length * (len(stroke) - 1)
    at = np.linspace(first, len(stroke) - 1 - last, len(stroke))
    return np.stack([np.interp(at, np.arange(len(stroke)), axis) for axis in stroke.T], axis=1)


def _error(n: int, size: float, rng: np.random.Generator) -> np.ndarray:
    """Return the random error of each point: (n, 2)."""
    knots = max(2, round(n * SPACING / WAVE) + 2)
    at = np.linspace(0, knots - 1, n)
    errors = rng.normal(0, size, (2, knots))
    return np.stack([np.interp(at, np.arange(knots), error) for error in errors], axis=1)


def beside(
    left: tuple[Stroke, ...], right: tuple[Stroke, ...], gap: float, *, joined: bool = False
) -> tuple[Stroke, ...]:
    """Return two characters side by side, to be drawn as one.

    Parameters
    ----------
    left, right : in heights, from the same upper edge
    gap : heights between their ink; below 0 they overlap
    joined : the pen stays on the paper from the end of one to the beginning of the other
    """
    edge = max(float(stroke[:, 0].max()) for stroke in left)
    start = min(float(stroke[:, 0].min()) for stroke in right)
    offset = np.array([edge + gap - start, 0], np.float32)
    moved = tuple(stroke + offset for stroke in right)
    if not joined:
        return (*left, *moved)
    return (*left[:-1], np.concatenate([left[-1], moved[0]]), *moved[1:])


def draw_character(
    character: Handwritten, height: int | float, style: StrokeStyle, rng: np.random.Generator
) -> Ink:
    """Draw a character as this style's writer writes it; a scan keeps its own strokes.

    Parameters
    ----------
    character : strokes or a scan
    height : px, of the ink of a character one height tall
    style : of the writer; of a scan, only the unevenness of the ink is changed
    rng : what differs from one repetition to the next

    Returns
    -------
    float32, shape (height, width), 0.0 to 1.0
        The tight box, which may be lower than `height` (a dash) or higher (a scan that would lose
        its strokes).
    """
    if character.scan is not None:
        ink = _resized(character.scan, height)
    else:
        pen = max(1.0, style.pen * height)
        ink = draw(vary(character.strokes, style, rng), height, pen, rng)
    if rng.random() < P_DRY and style.dry:
        ink = ink * _unevenness(ink.shape, style.dry, rng)
    return ink


def _resized(scan: UInt8[np.ndarray, "_h _w"], height: int | float) -> Ink:
    """Return a scan `height` px high as ink: (h, w) -> (height, width)."""
    factor = min(height / scan.shape[0], LARGEST)
    sides = [max(1, round(side * factor)) for side in scan.shape]
    method = cv2.INTER_AREA if factor < 1 else cv2.INTER_CUBIC
    ink = cv2.resize(scan.astype(np.float32) / WHITE, sides[::-1], interpolation=method)
    return np.asarray(np.clip(ink, 0, 1), np.float32)


def _unevenness(shape: tuple[int, ...], most: float, rng: np.random.Generator) -> Ink:
    """Return what uneven ink leaves in each place: (h, w), 1 - most to 1.0."""
    coarse = rng.random((int(rng.integers(2, 8)), int(rng.integers(2, 8)))).astype(np.float32)
    field = cv2.resize(coarse, shape[::-1], interpolation=cv2.INTER_CUBIC)
    return np.asarray(1 - most * np.clip(field, 0, 1), np.float32)


def draw(
    strokes: tuple[Stroke, ...],
    height: int | float,
    pen: int | float,
    rng: np.random.Generator | None = None,
) -> Ink:
    """Draw strokes as ink.

    Parameters
    ----------
    strokes : in heights, as `vary` or `digits.synthesis.allographs.write` returns them
    height : px, of the ink of a character one height tall
    pen : px, the width of the pen
    rng : vary pressure and darkness by chance; None draws all strokes alike and black

    Returns
    -------
    float32, shape (height, width), 0.0 to 1.0
        The tight box of what the pen draws at its whole width; a pen that varies may leave its
        outermost pixels bare.
    """
    scale = max(height - pen, 1.0)
    points = np.concatenate(strokes)
    origin = points.min(axis=0)
    sides = np.ptp(points, axis=0) * scale + pen
    width, rows = (math.ceil(float(side) - HAIR) for side in sides)
    canvas = np.zeros((rows * FINE, width * FINE), np.uint8)
    for stroke in strokes:
        way = ((stroke - origin) * scale + pen / 2) * FINE - 0.5  # cv2 counts from pixel centres
        for piece, wide in _pieces(np.round(way * (1 << SHIFT)).astype(np.int32), pen * FINE, rng):
            cv2.polylines(canvas, [piece], False, 255, wide, cv2.LINE_8, SHIFT)
    ink = cv2.resize(canvas, (width, rows), interpolation=cv2.INTER_AREA) / np.float32(255)
    return ink if rng is None else ink * np.float32(1 - rng.uniform(0, FADED))


def _pieces(
    way: np.ndarray, pen: int | float, rng: np.random.Generator | None
) -> list[tuple[np.ndarray, int]]:
    """Cut a stroke into pieces, each with the width of the pen there in whole pixels."""
    if rng is None:
        return [(way, max(1, round(pen)))]
    starts = range(0, max(1, len(way) - 1), STEP)
    begin, end = pen * np.exp(-np.abs(rng.normal(0, PRESSURE, 2)))
    widths = np.linspace(begin, end, len(starts))
    return [
        (way[at : at + STEP + 1], max(1, round(wide)))
        for at, wide in zip(starts, widths.tolist(), strict=True)
    ]
