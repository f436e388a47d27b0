"""MNIST-C's fifteen corruptions, by the definitions of Mu & Gilmer (2019), arXiv 1906.02337.

Written anew from the paper's definitions and the levels of strength that its data set was made
with; neither these functions nor their numbers are in any training. Where the paper used
ImageMagick or scikit-image, the same filter stands here in NumPy and OpenCV. All take and give
pictures of light ink on black, float32, shape (n, 28, 28), 0 to 1.
"""

import itertools
from collections.abc import Callable, Sequence

import cv2
import numpy as np
from numpy.typing import ArrayLike

from digits.types import FRAME, Frames

SHOTS = 3.0  # photons of a white pixel
IMPULSES = 0.17  # share of pixels
GLASS = (0.7, 1, 2)  # sigma of the blur in px, reach of a swap in px, rounds
MOTION = (10, 3.0)  # radius and sigma of the one-sided blur, px
MOTION_ANGLE = 45.0  # degrees, either way
SHEAR = 0.4  # radians
TURN = 0.4  # radians, 23 degrees
SHRUNK = 0.7  # of the size
BRIGHTER = 0.5
MOVED = 3  # px, along both axes
STRIPES = (7, 21)  # px, columns before and from which light and dark change places
FOG = (3.0, 1.4)  # strength, and by how much each finer step of the clouds is weaker
CLOUDS = 256  # px, side of the field from which the fog is cut
SPATTER = (0.65, 0.3, 1.0, 0.65, 1.5)  # mean, deviation, blur in px, threshold, blur of the drops
DROP = (0.8, 63 / 255)  # what belongs to a drop, and how light it is
REACH = 2.3  # px, from a drawn line to where nothing is left of it
ZIGZAG = 2.0  # px, half the length and the height of its teeth
CANNY = (1.0, 0.1, 0.2)  # blur in px, lower and upper threshold of the gradient

_ROWS, _COLUMNS = np.mgrid[:FRAME, :FRAME].astype(np.float32)
_MIDDLE = (FRAME - 1) / 2


def shot_noise(x: Frames, rng: np.random.Generator) -> Frames:
    """Few photons."""
    return _clipped(rng.poisson(x * SHOTS) / SHOTS)


def impulse_noise(x: Frames, rng: np.random.Generator) -> Frames:
    """Pixels that are black or white, as often the one as the other."""
    struck, white = rng.random(x.shape) < IMPULSES, rng.random(x.shape) < 1 / 2
    return _clipped(np.where(struck, white, x))


def glass_blur(x: Frames, rng: np.random.Generator) -> Frames:
    """Neighbouring pixels that changed places, blurred before and after."""
    sigma, reach, rounds = GLASS
    seen = np.floor(_blurred(x, sigma) * 255)
    which = np.arange(len(x))
    for _ in range(rounds):
        for row in range(FRAME - reach, reach, -1):
            for column in range(FRAME - reach, reach, -1):
                chosen = which[rng.random(len(x)) < 1 / 2]
                across, down = rng.integers(-reach, reach, (2, len(chosen)))
                here = (chosen, np.full(len(chosen), row), np.full(len(chosen), column))
                there = (chosen, row + down, column + across)
                seen[here], seen[there] = seen[there], seen[here]
    return _clipped(_blurred(seen / 255, sigma))


def motion_blur(x: Frames, rng: np.random.Generator) -> Frames:
    """Move the camera, each time another way."""
    radius, sigma = MOTION
    steps = np.arange(2 * radius + 1)
    weights = np.exp(-(steps**2) / (2 * sigma**2))
    weights /= weights.sum()
    angles = np.deg2rad(rng.uniform(-MOTION_ANGLE, MOTION_ANGLE, len(x)))
    down = np.round(steps[:, None] * np.sin(angles)).astype(int)
    across = np.round(steps[:, None] * np.cos(angles)).astype(int)
    rows, columns = np.arange(FRAME)[:, None], np.arange(FRAME)[None, :]
    blurred = np.zeros(x.shape)
    for i, picture in enumerate(x):
        for weight, dy, dx in zip(weights, down[:, i], across[:, i], strict=True):
            at = np.clip(rows + dy, 0, FRAME - 1), np.clip(columns + dx, 0, FRAME - 1)
            blurred[i] += weight * picture[at]
    return _clipped(blurred)


def shear(x: Frames, rng: np.random.Generator) -> Frames:
    """Slanted to either side."""
    return _mapped(x, [[[1, -np.sin(s)], [0, np.cos(s)]] for s in SHEAR * _signs(len(x), rng)])


def scale(x: Frames, rng: np.random.Generator) -> Frames:  # noqa: ARG001  # all alike
    """Smaller."""
    return _mapped(x, [[[1 / SHRUNK, 0], [0, 1 / SHRUNK]]] * len(x))


def rotate(x: Frames, rng: np.random.Generator) -> Frames:
    """Turn to either side."""
    turns = TURN * _signs(len(x), rng)
    return _mapped(x, [[[np.cos(t), -np.sin(t)], [np.sin(t), np.cos(t)]] for t in turns])


def brightness(x: Frames, rng: np.random.Generator) -> Frames:  # noqa: ARG001  # all alike
    """Everything lighter, the paper too."""
    return _clipped(x + BRIGHTER)


def translate(x: Frames, rng: np.random.Generator) -> Frames:
    """Move towards one of the corners."""
    moves = MOVED * np.stack([_signs(len(x), rng), _signs(len(x), rng)], axis=1)
    return _mapped(x, [np.eye(2)] * len(x), moves)


def stripe(x: Frames, rng: np.random.Generator) -> Frames:  # noqa: ARG001  # all alike
    """Light and dark change places on the left and on the right."""
    outside = (STRIPES[0] > _COLUMNS) | (STRIPES[1] <= _COLUMNS)
    return _clipped(np.where(outside, 1 - x, x))


def fog(x: Frames, rng: np.random.Generator) -> Frames:
    """Clouds before the picture."""
    strength, weaker = FOG
    clouds = np.stack([_clouds(weaker, rng)[:FRAME, :FRAME] for _ in x])
    whitest = x.max(axis=(1, 2), keepdims=True)
    return _clipped((x + strength * clouds) * whitest / (whitest + strength))


def spatter(x: Frames, rng: np.random.Generator) -> Frames:
    """Throw drops of mud."""
    mean, deviation, blur, threshold, soft = SPATTER
    liquid = _blurred(rng.normal(mean, deviation, x.shape), blur)
    drops = _blurred((liquid > threshold).astype(np.float64), soft)
    drops[drops < DROP[0]] = 0
    return _clipped(x * (1 - drops) + DROP[1] * drops)


def dotted_line(x: Frames, rng: np.random.Generator) -> Frames:
    """Draw a dotted line across the picture."""
    there = (np.arange(FRAME) // 2 % 2 == 1)[None, :]
    ends = rng.integers(0, FRAME - 1, (len(x), 2))
    lines = [_line((0, a), (FRAME - 1, b)) * there for a, b in ends]
    return _clipped(x + np.stack(lines))


def zigzag(x: Frames, rng: np.random.Generator) -> Frames:
    """Draw a jagged line across the picture."""
    return np.stack([_zigzag(picture, rng) for picture in x])


def canny_edges(x: Frames, rng: np.random.Generator) -> Frames:  # noqa: ARG001  # all alike
    """Only the edges of the strokes (Canny 1986)."""
    blur, low, high = CANNY
    fine = 1000  # gradients are whole numbers to OpenCV
    edges = []
    for smooth in _blurred(x, blur):
        slopes = [cv2.Sobel(smooth, cv2.CV_64F, *d, ksize=3) for d in ((1, 0), (0, 1))]
        dx, dy = (np.round(slope * fine).astype(np.int16) for slope in slopes)
        edges.append(cv2.Canny(dx, dy, low * fine, high * fine, L2gradient=True) / np.float32(255))
    return _clipped(np.stack(edges))


CORRUPTIONS: dict[str, Callable[[Frames, np.random.Generator], Frames]] = {
    function.__name__: function
    for function in (
        *(shot_noise, impulse_noise, glass_blur, motion_blur, shear, scale, rotate, brightness),
        *(translate, stripe, fog, spatter, dotted_line, zigzag, canny_edges),
    )
}
OVERLAPPED = ("shear", "scale", "rotate", "translate")  # ordinary affine augmentation has them too
# What `digits.training.corruption` draws, by definitions of its own, is related to these.
RELATED = (
    "shot_noise",
    "impulse_noise",
    "motion_blur",
    "brightness",
    "fog",
    "spatter",
    "dotted_line",
    "zigzag",
    "canny_edges",
)


def _signs(n: int, rng: np.random.Generator) -> np.ndarray:
    return rng.choice([-1.0, 1.0], n)


def _clipped(x: np.ndarray) -> Frames:
    return np.asarray(np.clip(x, 0, 1), np.float32)


def _blurred(x: np.ndarray, sigma: float) -> np.ndarray:
    """Blur each picture by a Gaussian that is cut off at four sigma, its rim repeated."""
    side = (2 * round(4 * sigma) + 1,) * 2
    rim = cv2.BORDER_REPLICATE
    blurred = [cv2.GaussianBlur(p.astype("f8"), side, sigma, borderType=rim) for p in x]
    return np.asarray(blurred)


def _mapped(x: Frames, back: Sequence[ArrayLike], moves: np.ndarray | None = None) -> Frames:
    """Draw each picture anew: light comes from where `back` sends a pixel, about the middle."""
    drawn = []
    for i, (picture, matrix) in enumerate(zip(x, back, strict=True)):
        (a, b), (c, d) = np.asarray(matrix)
        across, down = _COLUMNS - _MIDDLE, _ROWS - _MIDDLE
        shift = (0.0, 0.0) if moves is None else moves[i]
        source_x = (a * across + b * down + _MIDDLE + shift[0]).astype(np.float32)
        source_y = (c * across + d * down + _MIDDLE + shift[1]).astype(np.float32)
        drawn.append(cv2.remap(picture, source_x, source_y, cv2.INTER_LINEAR))
    return _clipped(np.stack(drawn))


def _clouds(weaker: float, rng: np.random.Generator) -> np.ndarray:
    """Return a field of clouds by the diamond-square method, 0 to 1: (256, 256).

    Its edges meet: what lies beyond one is found at the other.
    """
    field = np.zeros((CLOUDS, CLOUDS))
    step, strength = CLOUDS, 100.0

    def middle(four: np.ndarray) -> np.ndarray:
        return four / 4 + strength * rng.uniform(-strength, strength, four.shape)

    while step > 1:
        half = step // 2
        corners = field[::step, ::step]
        beside = corners + np.roll(corners, -1, axis=0)
        field[half::step, half::step] = middle(beside + np.roll(beside, -1, axis=1))
        centres = field[half::step, half::step]
        above = centres + np.roll(centres, 1, axis=0)
        field[::step, half::step] = middle(above + corners + np.roll(corners, -1, axis=1))
        left = centres + np.roll(centres, 1, axis=1)
        field[half::step, ::step] = middle(left + corners + np.roll(corners, -1, axis=0))
        step, strength = half, strength / weaker
    field -= field.min()
    return np.asarray(field / field.max())


def _line(start: tuple[float, float], end: tuple[float, float]) -> np.ndarray:
    """Return a line from one (column, row) to another that fades to both sides: (28, 28)."""
    (c0, r0), (c1, r1) = start, end
    if c0 == c1:
        return np.zeros((FRAME, FRAME))
    off = np.abs(_ROWS - ((r1 - r0) / (c1 - c0) * (_COLUMNS - c0) + r0))
    light = np.clip(np.log(np.maximum(1 - off / REACH, 1e-12)) + 1, 0, 1)
    return np.where((np.floor(c0) <= _COLUMNS) & (np.ceil(c1) > _COLUMNS), light, 0)


def _zigzag(picture: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    first, last = 2, 25
    row = int(rng.integers(0, FRAME - 1))
    rise = int(rng.integers(-5, 5))
    angle = np.arctan(rise / (last - first))
    length = (last - first) / np.cos(angle)
    n = int((length - ZIGZAG) // (2 * ZIGZAG)) + 1
    teeth = [(0.0, 0.0), *(((2 * i + 1) * ZIGZAG, (-1) ** i * ZIGZAG) for i in range(n))]
    whole = 2 * ZIGZAG * (length // (2 * ZIGZAG))
    if length != whole:
        teeth.append((length, teeth[-1][1] / (2 * (length - whole))))
    turn = np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
    points = np.array(teeth) @ turn.T + [first, row]
    for start, end in itertools.pairwise(points):
        picture = np.clip(picture + _line(tuple(start), tuple(end)), 0, 1)
    return picture.astype(np.float32)
