"""Binarize pictures softly: from grey pixels to ink, 0.0 bare paper to 1.0 full ink.

Since light is uneven, each pixel is compared with the paper around it. Ink may be darker than the
paper or, as chalk, lighter.
"""

import cv2
import numpy as np

from digits.image.components import median, quantile
from digits.types import Contrast, Ink, Pixels

COARSE = 64  # px, longer side of the small picture in which the paper is estimated
NEIGHBOURHOOD = 31  # px of that picture: wider than a digit's stroke, narrower than a shadow
MIN_CONTRAST = 0.07  # of the paper's brightness; fainter marks are paper grain
MIN_NOISE_RATIO = 6.0  # standard deviations of the paper's noise, the least contrast of ink
VISIBLE = 1.5  # times the faintest mark: least contrast of the darkest ink
FLOOR = 3.0  # standard deviations of the paper's noise that count as bare paper
FULL = 0.9  # quantile of the inked pixels' contrast that counts as full ink
CRISP = 0.9  # contrast of a clean picture, which is not changed
SAMPLED = 97  # size of the sample for the median
BRACKET = 0.03  # share of values on either side of the sample's median that are sorted
MAX_NOISE = 0.05  # of the paper's brightness; least contrast in a small picture
NOT_INK = 0.85  # of the brightness around; darker pixels are no paper
MIDDLE_GREY = 160.0  # level at which flattened paper is stored in 8 bits
MAD_TO_SIGMA = 1.4826  # of a normal distribution
SMALLEST_SIDE = 8  # px; least side to estimate the surroundings of a stroke
HALF_GREY_LEVEL = 0.5 / 255  # of full ink; less is rounding
LEVELS = 256  # grey levels
DARKEST = 8.0  # grey levels; least fitted brightness of paper
MIN_BACKGROUND = 64.0  # grey levels; least brightness of paper for ratios


def extract_ink(pixels: Pixels) -> Ink:
    """Return the ink of each pixel.

    Parameters
    ----------
    pixels : uint8, shape (height, width), upright

    Returns
    -------
    float32, shape (height, width)
        Exactly 0.0 where there is nothing but paper, everywhere if the picture is blank.
        On clean paper the values are the contrast itself: an MNIST digit is returned as it is.
    """
    return to_ink(measure_contrast(pixels))


def measure_contrast(pixels: Pixels, *, light_on_dark: bool | None = None) -> Contrast:
    """Return how far each pixel differs from the paper around it: uint8 (h, w) -> (h, w).

    Patterns of the paper remain; light and shadow are removed.

    Parameters
    ----------
    light_on_dark : whether ink is lighter than paper, if known
    """
    if light_on_dark is None:
        light_on_dark = is_light_on_dark(pixels)
    return _contrast(255 - pixels if light_on_dark else pixels)


def to_ink(contrast: Contrast) -> Ink:
    """Return the ink of each pixel without grain and faint prints."""
    noise = _noise(contrast)
    grain = max(MIN_CONTRAST, MIN_NOISE_RATIO * noise)
    inked = contrast[contrast > max(grain, _otsu(contrast) / 2)]
    full = quantile(inked, FULL) if inked.size else 0.0
    if full < VISIBLE * grain:
        return np.zeros(contrast.shape, np.float32)
    full = 1.0 if full >= CRISP else full
    floor = min(FLOOR * noise, full / 2)
    ink = ((contrast - floor) / (full - floor)).astype(np.float32)
    np.clip(ink, 0, 1, out=ink)
    ink[ink < HALF_GREY_LEVEL] = 0
    return ink


def is_light_on_dark(pixels: Pixels) -> bool:
    """Return whether the ink is lighter than its paper, as chalk on a board is.

    In a photograph, strokes differ from the paper around them in one direction. In a small picture,
    which its digit may fill, most of the rim is paper.
    """
    if max(pixels.shape) > COARSE and min(pixels.shape) > SMALLEST_SIDE:
        scale = COARSE / max(pixels.shape)
        size = [max(SMALLEST_SIDE, round(side * scale)) for side in pixels.shape[::-1]]
        small = cv2.resize(pixels, size, interpolation=cv2.INTER_AREA)
        reach = min(NEIGHBOURHOOD, (min(small.shape) // 2) * 2 - 1)
        around = cv2.medianBlur(small, reach).astype(np.float64)
        if tails := float(((small - around) ** 3).sum()):
            return tails > 0
    threshold = _otsu(pixels.astype(np.float32) / 255) * 255
    rim = max(1, min(pixels.shape) // 16)
    inside = np.zeros(pixels.shape, bool)
    inside[rim:-rim, rim:-rim] = True
    border = pixels[~inside]
    votes = float(np.mean(border > threshold)) + float(np.mean(pixels > threshold))
    return votes < 1.0


def _contrast(pixels: Pixels) -> Contrast:
    """Return how much darker than its paper each pixel is, as a share: (h, w) -> (h, w) 0..1."""
    paper, levels = _paper(pixels), pixels.astype(np.float32)
    contrast = np.subtract(paper, levels, out=levels)
    contrast /= np.maximum(paper, MIN_BACKGROUND, out=paper)
    return np.clip(contrast, 0, 1, out=contrast)


def _paper(pixels: Pixels) -> np.ndarray:
    """Estimate the bare paper's brightness at each pixel: (h, w) -> (h, w) float32."""
    usual, often = _commonest(pixels)
    # Half of the pixels have one level: drawn on a screen, unless a heavy digit fills it.
    if often * 2 > pixels.size and usual > _otsu(pixels.astype(np.float32) / 255) * 255:
        return np.full(pixels.shape, usual, np.float32)
    height, width = pixels.shape
    scale = min(1.0, COARSE / max(height, width))
    size = (max(1, round(width * scale)), max(1, round(height * scale)))
    small = cv2.resize(pixels.astype(np.float32), size, interpolation=cv2.INTER_AREA)
    # Ink is darker than paper: pixels above the local mean are paper, and their median does not
    # depend on thick strokes.
    paler = small[small > _otsu(small / 255) * 255]
    bright = float(np.median(paler if paler.size else small))
    reach = min(NEIGHBOURHOOD, (min(small.shape) // 2) * 2 - 1)
    if reach < 3 or max(height, width) <= COARSE:  # noqa: PLR2004  # no smaller median exists
        return np.full(pixels.shape, bright, np.float32)
    # A smooth surface is fitted first, so that the median has less to follow at the rim.
    light = _light(small, reach)
    level = np.clip(np.round(small / light * MIDDLE_GREY), 0, 255).astype(np.uint8)
    padded = np.pad(level, reach // 2, mode="reflect")
    smooth = cv2.medianBlur(padded, reach)[reach // 2 : -(reach // 2), reach // 2 : -(reach // 2)]
    smooth = cv2.GaussianBlur(smooth.astype(np.float32), (0, 0), 3) / MIDDLE_GREY * light
    return cv2.resize(smooth, (width, height), interpolation=cv2.INTER_LINEAR)


def _commonest(pixels: Pixels) -> tuple[int, int]:
    """Return the commonest grey level, and of how many pixels it is."""
    counts = cv2.calcHist([pixels], [0], None, [LEVELS], [0, LEVELS])
    return int(counts.argmax()), int(counts.max())


def _light(small: np.ndarray, step: int) -> np.ndarray:
    """Fit a curved surface to the paper's brightness by least squares: (h, w) -> (h, w)."""
    height, width = small.shape
    down, across = np.meshgrid(np.linspace(-1, 1, height), np.linspace(-1, 1, width), indexing="ij")
    y, x = down.ravel(), across.ravel()
    terms = np.stack([np.ones(small.size), y, x, y * y, x * x, x * y], axis=1)
    paper = small.ravel() >= cv2.blur(small, (step, step)).ravel() * NOT_INK
    curve = np.linalg.lstsq(terms[paper], small.ravel()[paper], rcond=None)[0]
    return np.maximum((terms @ curve).reshape(small.shape), DARKEST).astype(np.float32)


def _noise(contrast: np.ndarray) -> float:
    """Return the standard deviation of the paper's grain, from how neighbours differ."""
    if min(contrast.shape) < 3:  # noqa: PLR2004  # too small to difference
        return 0.0
    # Differences of neighbours contain the grain and little of the drawing.
    difference = np.abs(contrast[:, 1:] - contrast[:, :-1]).ravel()
    return min(MAX_NOISE, median_of_many(difference) * MAD_TO_SIGMA / np.sqrt(2))


def median_of_many(values: np.ndarray) -> float:
    """Return the median of many values, as `numpy.median`, but sort only those near it.

    Parameters
    ----------
    values : float32, shape (n,); n at least 1

    Examples
    --------
    >>> median_of_many(np.float32([3, 1, 4, 1]))
    2.0
    """
    if values.size < SAMPLED**2:
        return median(values)
    sample = values[::SAMPLED]
    low, high = quantile(sample, 0.5 - BRACKET), quantile(sample, 0.5 + BRACKET)
    near = values[(values >= low) & (values <= high)]
    first = (values.size - 1) // 2 - np.count_nonzero(values < low)
    last = values.size // 2 - np.count_nonzero(values < low)
    if first < 0 or last >= near.size:  # the sample was not representative
        return float(np.median(values))
    return float(np.partition(near, (first, last))[first : last + 1].mean())


def _otsu(values: np.ndarray) -> float:
    """Return the threshold in 0..1 that separates the values best (Otsu 1979)."""
    grey = np.clip(values * 255, 0, 255).astype(np.uint8)
    return float(cv2.threshold(grey, 0, 255, cv2.THRESH_BINARY + cv2.THRESH_OTSU)[0]) / 255
