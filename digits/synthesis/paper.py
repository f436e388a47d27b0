"""Lay ink on synthetic paper and look at it through a synthetic camera.

All of it is contrast: 0.0 bare paper to 1.0 black. Patterns are those of cheques, forms and
exercise books; none is taken from a picture.
"""

import cv2
import numpy as np

from digits.types import Ink

PALEST_INK = 0.3  # contrast of a faint ballpoint
P_PATTERN = 0.5  # share of lines on patterned paper
P_RULE = 0.3  # share with printed lines along, through or round the writing
P_NEIGHBOUR = 0.2  # share with ink of the lines above and below
P_ALONG = (0.6, 0.6, 0.15)  # shares of these with one under, above, and through the writing
P_COARSE = 0.35  # share that pass through a coarser grid, as from a small picture
P_BINARY = 0.1  # share that know no grey, as from a fax or a drawing program
P_CLEAN = 0.15  # share on perfect paper, as on a screen
COARSEST = 0.5  # of the strip's height
GRAIN = 0.08  # contrast, standard deviation of the worst paper
HALF = 0.5  # of full ink


def photograph(
    ink: Ink, size: tuple[int, int], rng: np.random.Generator, printed: Ink | None = None
) -> np.ndarray:
    """Return the contrast that a camera sees: (H, W) ink -> size (h, w) float32.

    Parameters
    ----------
    ink : float32, shape (H, W), 0.0 to 1.0, larger than the result
    size : height and width of the result
    rng : all that is random
    printed : print round the writing, as `ink`; None where there is none
    """
    height, width = size
    if rng.random() < HALF:
        ink = cv2.GaussianBlur(ink, (0, 0), rng.uniform(0.5, 2.0))
    small: np.ndarray = np.asarray(cv2.resize(ink, (width, height), interpolation=cv2.INTER_AREA))
    boxes = None
    if printed is not None:
        boxes = cv2.resize(printed, (width, height), interpolation=cv2.INTER_AREA)
        boxes = boxes * np.float32(rng.uniform(0.3, 1))
    if rng.random() < P_CLEAN:
        contrast = small if boxes is None else np.maximum(small, boxes)
    else:
        darkness = rng.uniform(PALEST_INK, 1.0)
        worn = 1 - rng.uniform(0, 0.5) * _smooth((height, width), 4, rng)
        contrast = small * darkness * worn
        paper = np.zeros((height, width), np.float32)
        if rng.random() < P_PATTERN:
            paper = _pattern((height, width), rng) * np.float32(rng.uniform(0.1, 0.65) * darkness)
        if rng.random() < P_RULE:
            paper = np.maximum(paper, _rules((height, width), rng) * rng.uniform(0.3, 1) * darkness)
        if boxes is not None:
            paper = np.maximum(paper, boxes * np.float32(darkness))
        # Ink over print is darker than either.
        contrast = 1 - (1 - contrast) * (1 - paper)
        contrast = contrast + rng.uniform(0, 0.15) * darkness * _smooth((height, width), 16, rng)
    if rng.random() < P_COARSE:
        side = rng.uniform(COARSEST, 1.0)
        grid = (max(8, round(width * side)), max(8, round(height * side)))
        contrast = cv2.resize(contrast, grid, interpolation=cv2.INTER_AREA)
        contrast = cv2.resize(contrast, (width, height), interpolation=cv2.INTER_CUBIC)
    grain = rng.uniform(0, GRAIN) * rng.random()
    contrast = contrast + np.float32(grain) * rng.standard_normal(contrast.shape, np.float32)
    if rng.random() < P_BINARY:
        contrast = contrast > rng.uniform(0.25, 0.55) * np.percentile(contrast, 99)
    return contrast.astype(np.float32)


def _smooth(size: tuple[int, int], cell: int, rng: np.random.Generator) -> np.ndarray:
    """Return soft random clouds, 0 to 1, of about `cell` px: size (h, w)."""
    coarse = (max(2, size[0] // cell), max(2, size[1] // cell))
    clouds = rng.random(coarse).astype(np.float32)
    return np.clip(cv2.resize(clouds, size[::-1], interpolation=cv2.INTER_CUBIC), 0, 1)


def _pattern(size: tuple[int, int], rng: np.random.Generator) -> np.ndarray:
    """Return the print of security paper, 0 to 1: size (h, w)."""
    choice = rng.random()
    if choice < 0.55:  # noqa: PLR2004  # shares of the kinds
        return np.maximum.reduce([_waves(size, rng) for _ in range(int(rng.integers(1, 4)))])
    if choice < 0.75:  # noqa: PLR2004
        return _dots(size, rng)
    if choice < 0.9:  # noqa: PLR2004
        return _smooth(size, int(rng.integers(1, 4)), rng) ** 2
    return np.maximum(_dots(size, rng), _waves(size, rng))


def _places(size: tuple[int, int]) -> tuple[np.ndarray, np.ndarray]:
    """Return the rows and the columns of a strip, to be broadcast: (h, 1) and (w,)."""
    rows, columns = (np.arange(side, dtype=np.float32) for side in size)
    return rows[:, None], columns


def _waves(size: tuple[int, int], rng: np.random.Generator) -> np.ndarray:
    """Return a family of thin wavy lines, as in a guilloche."""
    rows, columns = _places(size)
    angle = rng.uniform(0, np.pi)
    along = columns * np.cos(angle) + rows * np.sin(angle)
    across = rows * np.cos(angle) - columns * np.sin(angle)
    bend = rng.uniform(0, 6) * np.sin(along * rng.uniform(0.03, 0.25) + rng.uniform(0, 6))
    if rng.random() < HALF:  # circles round a far point
        middle = rng.uniform(-60, 60, 2)
        across = np.hypot(rows - middle[0], columns - size[1] * rng.random() - middle[1])
    period = rng.uniform(2.5, 9)
    phase = np.abs(np.sin((across + bend) * np.pi / period))
    line = rng.uniform(0.15, 0.5)
    return np.clip(1 - phase / line, 0, 1).astype(np.float32)


def _dots(size: tuple[int, int], rng: np.random.Generator) -> np.ndarray:
    """Return a raster of small dots."""
    rows, columns = _places(size)
    period, lean = rng.uniform(2.2, 6), rng.uniform(-0.5, 0.5)
    x, y = (columns + lean * rows) * 2 * np.pi / period, rows * 2 * np.pi / period
    return np.clip((np.cos(x) + np.cos(y)) / 2, 0, 1).astype(np.float32) ** rng.uniform(0.5, 2)


def _rules(size: tuple[int, int], rng: np.random.Generator) -> np.ndarray:
    """Return printed lines: under the writing, above it, or at its ends."""
    height, width = size
    drawn = np.zeros(size, np.uint8)
    thick = int(rng.integers(1, 3))
    lean = rng.uniform(-0.02, 0.02) * width
    places = rng.uniform(0.75, 1.0), rng.uniform(0.0, 0.15), rng.uniform(0.2, 0.75)
    for place, share in zip(places, P_ALONG, strict=True):
        if rng.random() < share:
            y = place * height
            cv2.line(drawn, (0, round(y)), (width, round(y + lean)), 255, thick, cv2.LINE_AA)
    if rng.random() < 0.4:  # noqa: PLR2004
        for x in (rng.uniform(0, 6), width - rng.uniform(1, 7)):
            if rng.random() < 0.7:  # noqa: PLR2004
                cv2.line(drawn, (round(x), 0), (round(x + lean / 9), height), 255, thick)
    if rng.random() < 0.1:  # noqa: PLR2004  # squared paper
        step = rng.uniform(6, 18)
        for x in np.arange(rng.uniform(0, step), width, step):
            cv2.line(drawn, (round(x), 0), (round(x), height), 255, 1)
        for y in np.arange(rng.uniform(0, step), height, step):
            cv2.line(drawn, (0, round(y)), (width, round(y)), 255, 1)
    return drawn / np.float32(255)
