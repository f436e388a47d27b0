"""Find the lines of handwriting on a page, at any small angle.

This only decides where lines are. The line network decides how many digits they have.
"""

from dataclasses import dataclass

import cv2
import numpy as np

from digits.errors import CrowdedError
from digits.image.components import find_components, median, weighted_median
from digits.image.ruling import erase, find_rules
from digits.types import LINKED, Ink, Region

ENOUGH_PIXELS = 1_000_000  # px of the reduced picture in which lines are searched for
MAX_PIECES = 10_000  # of ink on one page, specks included
MAX_CHARACTERS = 500  # on one page; more is texture, not handwriting
MIN_MASS = 3.0  # px of full ink; a lighter piece is not a mark
PALE = 0.6  # of the usual ink in a piece; paler pieces are paper
TALL = 0.45  # of the writing's height: a piece this tall is a digit, or several that touch
MARK = 0.08  # of the writing's height: a smaller piece is a speck
SLIVER = 0.12  # of the writing's height: strokes are wider, printed lines are not
HUGE = 4.0  # times the writing's height; a larger piece is a shadow or an object
NEAR = 0.35  # of the writing's height: distance of a digit's detached parts
ONE_DIGIT = 1.5  # times the writing's height; a taller stack of pieces is two lines
MANY = 4  # pieces needed to estimate the writing's height
SAME_LINE = 0.4  # of the smaller height by which two digits of one line overlap vertically
TRAILING = 1.3  # of the writing's height: distance of a dash after the number
FLAT = 1.8  # times as wide as high: a minus
SIGN = (0.2, 1.0)  # of the writing's height: how wide a minus is
MIDDLE = (0.2, 0.8)  # of a line's height below its top, between which a minus stands
BEFORE = 2.0  # of the writing's height: largest distance of a minus before its number
BELOW = 0.35  # of the writing's height: how far a comma extends below its line
REST = 0.6  # of the writing's height; lower ink at the rim belongs to a line outside the picture
FAINT = 0.04  # of the heaviest line's ink; a lighter line is dirt
MAX_ANGLE = 20.0  # degrees that a page may be turned
ANGLE_STEP = 0.5  # degrees
MIN_ANGLE = 0.75  # degrees; a smaller angle is ignored
MAX_NEIGHBOURS = 150  # pieces that are used to estimate the angle
AROUND = 6.0  # times the writing's height: largest distance of neighbours
ASIDE = 0.4  # times the writing's height; closer pieces are above each other
SCATTER = 0.2  # of the writing's height: vertical scatter of the digits of a line
UPRIGHT = 0.005  # of the agreement that each degree of angle must add
CLEAR = 1.0  # pair of digits that must agree on an angle beyond those that agree on 0
MIN_FIT = 3  # digits needed to fit a line's own direction
MAX_BEND = 0.12  # px down per px along by which one line may differ from the page's angle


@dataclass(frozen=True, slots=True)
class Lines:
    """The lines of a page in reading order, and its ink without printed lines."""

    ink: Ink
    regions: tuple[Region, ...]
    left_out: tuple[Region, ...] = ()  # ink as tall as digits that is in no line


@dataclass(frozen=True)
class _Pieces:
    """Connected pieces of ink: one row each."""

    boxes: np.ndarray  # (n, 4) px: left, top, right, bottom; right and bottom excluded
    mass: np.ndarray  # (n,) px of full ink

    @property
    def height(self) -> np.ndarray:
        return self.boxes[:, 3] - self.boxes[:, 1]

    @property
    def width(self) -> np.ndarray:
        return self.boxes[:, 2] - self.boxes[:, 0]

    @property
    def centre(self) -> np.ndarray:
        return (self.boxes[:, :2] + self.boxes[:, 2:]) / 2

    def take(self, chosen: np.ndarray) -> "_Pieces":
        return _Pieces(self.boxes[chosen], self.mass[chosen])


def find_lines(ink: Ink, *, ruled: bool = True) -> Lines:
    """Find each line of digits, from top to bottom.

    Parameters
    ----------
    ink : float32, shape (height, width)
    ruled : whether there may be printed lines; those of a table's cells are removed before

    Returns
    -------
    Lines
        The ink without printed lines, and one tight region for each line, with the line's angle.
        Ink as tall as a digit that is far lighter, paler or larger than the lines is left out and
        listed.

    Raises
    ------
    CrowdedError
        There are too many marks for a page of digits.
    """
    clean = erase(ink, find_rules(ink)) if ruled else ink
    small, scale = _reduced(clean)
    pieces, pale = _pieces(small)
    angle = _lean(pieces)
    turn = _turning(small.shape, angle)
    if angle:
        small = _turned(small, turn)
        pieces, pale = _pieces(small)
    back = cv2.invertAffineTransform(turn)
    regions, left_out = (
        tuple(_region(corners, back, scale, ink.shape) for corners in some)
        for some in _level_lines(pieces, pale, small.shape)
    )
    return Lines(clean, regions, left_out)


def _lean(pieces: _Pieces) -> float:
    """Return the angle of the lines of these pieces: degrees by which they fall to the right."""
    if len(pieces.mass) < 2:  # noqa: PLR2004  # one piece has no neighbour
        return 0.0
    pieces, size = _digits_among(pieces)
    heaviest = np.argsort(-pieces.mass)[:MAX_NEIGHBOURS]
    x, y = pieces.centre[heaviest].T / size
    across, down = x[None, :] - x[:, None], y[None, :] - y[:, None]
    beside = (across > ASIDE) & (across < AROUND) & (np.abs(down) < across)
    across, down = across[beside], down[beside]
    angles = np.arange(-MAX_ANGLE, MAX_ANGLE + ANGLE_STEP / 2, ANGLE_STEP)
    off = down[None, :] - across[None, :] * np.tan(np.radians(angles))[:, None]
    agreement = np.exp(-((off / SCATTER) ** 2) / 2).sum(axis=1) * (1 - UPRIGHT * np.abs(angles))
    best = int(agreement.argmax())
    clear = agreement[best] - agreement[angles.size // 2] >= CLEAR
    return float(angles[best]) if clear and abs(angles[best]) >= MIN_ANGLE else 0.0


def _reduced(ink: Ink) -> tuple[Ink, float]:
    """Return the ink on at most `ENOUGH_PIXELS`, and its pixels for each of the page's."""
    scale = min(1.0, float(np.sqrt(ENOUGH_PIXELS / ink.size)))
    if scale == 1.0:
        return ink, scale
    return cv2.resize(ink, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA), scale


def _pieces(ink: Ink) -> tuple[_Pieces, _Pieces]:
    """Return the connected pieces that are dark enough to be writing, and the paler ones."""
    found = find_components(ink > LINKED)
    if len(found) > MAX_PIECES:
        _reject(MAX_PIECES)
    mass = found.sums(ink)
    enough = (mass >= MIN_MASS) | (mass >= mass.max(initial=0.0))
    pieces = _Pieces(found.boxes[enough].astype(float), mass[enough])
    dark = (mass / found.area)[enough]
    is_dark = dark >= PALE * weighted_median(dark, pieces.mass) if len(dark) else enough[enough]
    return pieces.take(is_dark), pieces.take(~is_dark)


def _reject(limit: int) -> None:
    """Raise an error for texture, before it takes time."""
    raise CrowdedError(
        f"more than {limit} marks were found, more than a page of digits has: "
        "photograph only the part with the numbers"
    )


def _digits_among(pieces: _Pieces) -> tuple[_Pieces, float]:
    """Return the pieces as tall as digits, and the usual height of digits."""
    size = weighted_median(pieces.height, pieces.mass)
    return pieces.take((pieces.height >= TALL * size) & (pieces.height <= HUGE * size)), size


def _turning(shape: tuple[int, ...], angle: float) -> np.ndarray:
    """Return the rotation that levels the page without cutting it off: (2, 3)."""
    height, width = shape
    turn = cv2.getRotationMatrix2D((0.0, 0.0), angle, 1.0)
    corners = np.array([(0, 0), (width, 0), (width, height), (0, height)]) @ turn[:, :2].T
    turn[:, 2] = -corners.min(axis=0)
    return turn


def _turned(ink: Ink, turn: np.ndarray) -> Ink:
    height, width = ink.shape
    corners = cv2.transform(
        np.array([[(0, 0), (width, 0), (width, height), (0, height)]], np.float64), turn
    )[0]
    wide, high = (int(np.ceil(side)) for side in corners.max(axis=0))
    return cv2.warpAffine(ink, turn, (wide, high), flags=cv2.INTER_LINEAR)


def _region(corners: np.ndarray, back: np.ndarray, scale: float, shape: tuple[int, ...]) -> Region:
    """Return corners on the level, reduced page as a region of the page."""
    placed = cv2.transform(corners[None], back)[0] / scale
    placed = np.clip(placed, 0, (shape[1], shape[0]))
    return Region(tuple((float(x), float(y)) for x, y in placed))


def _level_lines(
    pieces: _Pieces, pale: _Pieces, shape: tuple[int, ...]
) -> tuple[list[np.ndarray], list[np.ndarray]]:
    """Return the corners of the lines of a page that is not turned, and of what was left out."""
    if not len(pieces.mass):
        return [], []
    size = weighted_median(pieces.height, pieces.mass)
    whole = _stacked(_without_slivers(pieces, size, shape), size)
    digits, size = _digits_among(whole)
    if len(digits.mass) > MAX_CHARACTERS:
        _reject(MAX_CHARACTERS)
    lines = _merged([digits.take(line) for line in _rows(digits)])
    lines, dirt = _without_rests(lines, size, shape)
    small = whole.take(
        (whole.height < TALL * size) & (np.maximum(whole.height, whole.width) >= MARK * size)
    )
    kept = [_corners(line, small) for line in lines]
    signs = [_far_signs(line, corners, small) for line, corners in zip(lines, kept, strict=True)]
    objects = whole.take(whole.height > HUGE * size)
    left_out = [*dirt, *_each(objects), *_each(pale)]
    return (
        sorted(kept, key=lambda corners: float(corners[:, 1].mean())),
        [
            *(_corners(piece, small) for piece in left_out if piece.height.max() >= REST * size),
            *(corners for some in signs for corners in some),
        ],
    )


def _each(pieces: _Pieces) -> list[_Pieces]:
    return [pieces.take(np.array([i])) for i in range(len(pieces.mass))]


def _without_slivers(pieces: _Pieces, size: float, shape: tuple[int, ...]) -> _Pieces:
    """Leave out rests of printed lines at the picture's rim."""
    left, top, right, bottom = pieces.boxes.T
    at_rim = (left <= 1) | (top <= 1) | (right >= shape[1] - 1) | (bottom >= shape[0] - 1)
    sliver = at_rim & (np.minimum(pieces.width, pieces.height) < SLIVER * size)
    return pieces if sliver.all() else pieces.take(~sliver)


def _stacked(pieces: _Pieces, size: float) -> _Pieces:
    """Join pieces that are close above each other, such as a 5 and its bar."""
    few = (pieces.height >= TALL * size).sum() < MANY
    limit = np.inf if few else ONE_DIGIT * size
    hosts = np.zeros((len(pieces.mass), 4))
    mass: list[float] = []
    for index in np.argsort(-pieces.mass):
        left, top, right, bottom = pieces.boxes[index]
        known = hosts[: len(mass)]
        shared = np.minimum(right, known[:, 2]) - np.maximum(left, known[:, 0])
        narrow = np.minimum(right - left, known[:, 2] - known[:, 0])
        gap = np.maximum(np.maximum(top - known[:, 3], known[:, 1] - bottom), 0)
        high = np.maximum(bottom, known[:, 3]) - np.minimum(top, known[:, 1])
        reach = NEAR / 2 * np.maximum(known[:, 2] - known[:, 0], known[:, 3] - known[:, 1])
        tall_enough = (high <= limit) | (high <= known[:, 3] - known[:, 1])
        fitting = np.flatnonzero((shared > narrow / 2) & (gap <= reach) & tall_enough)
        if fitting.size:
            host = int(fitting[0])
            hosts[host, :2] = np.minimum(hosts[host, :2], (left, top))
            hosts[host, 2:] = np.maximum(hosts[host, 2:], (right, bottom))
            mass[host] += float(pieces.mass[index])
        else:
            hosts[len(mass)] = pieces.boxes[index]
            mass.append(float(pieces.mass[index]))
    return _Pieces(hosts[: len(mass)], np.array(mass))


def _rows(digits: _Pieces) -> list[np.ndarray]:
    """Assign each digit, from left to right, to the line whose last digit is level with it."""
    lines: list[list[int]] = []
    for index in np.argsort(digits.boxes[:, 0]):
        if lines:
            last = digits.boxes[[line[-1] for line in lines]]
            shared = _shared_height(last, digits.boxes[index])
            best = int(shared.argmax())
            if shared[best] > SAME_LINE:
                lines[best].append(int(index))
                continue
        lines.append([int(index)])
    return [np.array(line) for line in lines]


def _shared_height(boxes: np.ndarray, box: np.ndarray) -> np.ndarray:
    """Return the vertical overlap of each pair of boxes, as a share of the smaller height."""
    shared = np.minimum(boxes[:, 3], box[3]) - np.maximum(boxes[:, 1], box[1])
    return shared / np.minimum(boxes[:, 3] - boxes[:, 1], box[3] - box[1])


def _merged(lines: list[_Pieces]) -> list[_Pieces]:
    """Join lines at the same height: a low digit must not end its line."""
    rest = sorted(lines, key=lambda line: -float(line.mass.sum()))
    merged: list[_Pieces] = []
    for line in rest:
        for i, host in enumerate(merged):
            if _shared_height(_band(host)[None], _band(line))[0] > 1 - SAME_LINE:
                boxes = np.concatenate([host.boxes, line.boxes])
                merged[i] = _Pieces(boxes, np.concatenate([host.mass, line.mass]))
                break
        else:
            merged.append(line)
    return merged


def _band(line: _Pieces) -> np.ndarray:
    """Return a line's left, median top, right and median bottom: (4,)."""
    left, right = line.boxes[:, 0].min(), line.boxes[:, 2].max()
    return np.array([left, median(line.boxes[:, 1]), right, median(line.boxes[:, 3])])


def _without_rests(
    lines: list[_Pieces], size: float, shape: tuple[int, ...]
) -> tuple[list[_Pieces], list[_Pieces]]:
    """Return the lines, and the dirt; a line that the rim cuts off is neither."""
    heaviest = max((float(line.mass.sum()) for line in lines), default=0.0)
    kept: list[_Pieces] = []
    dirt: list[_Pieces] = []
    for line in lines:
        cut = line.boxes[:, 1].min() <= 1 or line.boxes[:, 3].max() >= shape[0] - 1
        if not (cut and float(line.height.max()) < REST * size):
            (kept if line.mass.sum() >= FAINT * heaviest else dirt).append(line)
    return kept, dirt


def _corners(line: _Pieces, small: _Pieces) -> np.ndarray:
    """Return the tight quadrangle around a line and its marks: (4, 2)."""
    slope = _slope(line)
    size = median(line.height)
    left, right = line.boxes[:, 0].min(), line.boxes[:, 2].max()
    lift = slope * line.centre[:, 0]
    top, bottom = (line.boxes[:, 1] - lift).min(), (line.boxes[:, 3] - lift).max()
    level = small.centre[:, 1] - slope * small.centre[:, 0]
    beside = (level > top) & (level < bottom + BELOW * size)
    signs = _may_be_sign(small, level - top, bottom - top)
    marks = sorted((*small.boxes[i, [0, 2]].tolist(), signs[i]) for i in np.flatnonzero(beside))
    for start, stop, is_sign in reversed(marks):
        if left - TRAILING * size / 2 <= (stop if is_sign else start) and start < left:
            left = start
    for start, stop, _ in marks:
        if right < stop and start <= right + TRAILING * size:
            right = stop
    ends = np.array([left, right, right, left])
    return np.stack([ends, np.array([top, top, bottom, bottom]) + slope * ends], axis=1)


def _may_be_sign(small: _Pieces, below: np.ndarray, tall: float) -> np.ndarray:
    """Return which marks look like a minus, by their distance below the top of a line: (n,)."""
    is_flat = small.width >= FLAT * small.height
    is_wide = (small.width >= SIGN[0] * tall) & (small.width <= SIGN[1] * tall)
    is_level = (below >= MIDDLE[0] * tall) & (below <= MIDDLE[1] * tall)
    return np.asarray(is_flat & is_wide & is_level)


def _far_signs(line: _Pieces, corners: np.ndarray, small: _Pieces) -> list[np.ndarray]:
    """Return the corners of a possible minus before the region of a line."""
    (left, top), (_, bottom) = corners[0], corners[3]
    tall = bottom - top
    rise = _slope(line) * (small.centre[:, 0] - left)
    signs = _may_be_sign(small, small.centre[:, 1] - rise - top, tall)
    near = (small.boxes[:, 2] <= left) & (left - small.boxes[:, 2] <= BEFORE * tall)
    return [
        np.array([[x1, y1], [x2, y1], [x2, y2], [x1, y2]])
        for x1, y1, x2, y2 in small.boxes[signs & near]
    ]


def _slope(line: _Pieces) -> float:
    """Return the remaining slope of a line on the levelled page: px down per px along."""
    x, y = line.centre.T
    if x.size < MIN_FIT or np.ptp(x) < MIN_FIT * median(line.height):
        return 0.0
    away, rise = x[None, :] - x[:, None], y[None, :] - y[:, None]
    far = away > np.ptp(x) / 2
    slope = median(rise[far] / away[far])  # Theil 1950: robust against single digits
    return slope if abs(slope) <= MAX_BEND else 0.0
