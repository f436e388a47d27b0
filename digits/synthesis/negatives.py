"""Draw what is not a digit: pieces, pairs and turned digits, strokes, letters, blobs, textures.

A network that only ever saw digits calls everything one of ten. These show it the rest. All are
drawn on larger canvases, for the reader's own `to_frame` to bring into the frame.
"""

from collections.abc import Callable
from functools import lru_cache
from pathlib import Path

import cv2
import numpy as np
from PIL import Image, ImageDraw, ImageFont

from digits.arrays import UInt8
from digits.image.components import tight_box
from digits.types import CLASSES, GLYPH, Ink

NOT_A_DIGIT = CLASSES  # the label of everything that this module draws
CANVAS = 84  # px, side of what is drawn before it is brought into the frame
HALF = 0.5  # of full ink

# Halves of digits that are not digits themselves: half a 1 is a 1, a 6's lower loop a 0, the
# right half of an 8 a 3, and a 7 without its foot still a 7.
HALVES = {"upper": (0, 4, 5), "lower": (0, 3, 5), "left": (4, 9), "right": (6,)}
CUT = (0.4, 0.6)  # where a digit is cut, as a share of its height or width
# Which digits may be mirrored or turned: a mirrored 2 is a 5, an 8 stays an 8.
MIRRORED, UPSIDE_DOWN, ON_ITS_SIDE = (3, 4, 6, 7, 9), (3, 4, 7), (2, 3, 4, 5, 6, 7, 9)
LEAST_TURNING = 1.5 * np.pi  # radians; a stroke that turns less may be meant as a 1 or a 7
NARROW = 0.55  # of its length; what is slimmer may be meant as a 1
# Side by side these may pass for one digit.
LIKE_ONE = ((0, 1), (1, 0), (1, 1), (1, 7), (4, 1), (7, 1))
STACKED = (2, 3, 4, 5, 7)  # two round ones on top of each other are an 8

# Left out because they may be digits: I l i j | / ( ) ! (1), O o Q (0), S s $ (5),
# Z z ? (2), b (6), q g y (9, 4), and their like in Greek (Ζ Θ Ι Ο θ ι ο ρ σ φ, 9 and 6 turned).
LATIN = "ABCDEFGHJKLMNPRTUVWXYacdefhkmnprtuvwx"
SYMBOLS = "#%&*+=<>@^~{}[]"
GREEK = "ΓΔΛΞΠΣΥΦΧΨΩαβγδεζηκλμνξπτυχψω"
# Fonts that come with Matplotlib. The last of each row is kept out of training.
FONTS = {
    LATIN + SYMBOLS + GREEK: (
        "DejaVuSans", "DejaVuSans-Bold", "DejaVuSans-Oblique", "DejaVuSansMono",
        "DejaVuSerif", "DejaVuSerif-BoldItalic", "STIXGeneral", "STIXGeneralItalic",
        "DejaVuSerif-Italic", "STIXGeneralBol",
    ),
    LATIN: ("cmr10", "cmss10", "cmb10", "cmtt10", "cmti10"),
}  # fmt: skip
HELD_OUT_FONTS = ("DejaVuSerif-Italic", "STIXGeneralBol", "cmti10")


def draw_negatives(
    pictures: UInt8[np.ndarray, "m 28 28"],
    labels: UInt8[np.ndarray, " m"],
    count: int,
    rng: np.random.Generator,
    *,
    held_out: bool = False,
) -> list[Ink]:
    """Return `count` drawings that are not digits, of different sizes.

    Parameters
    ----------
    pictures, labels : digits to cut up, turn and glue together
    count : how many
    rng : decides all of them
    held_out : take the letters from fonts that training never sees
    """
    by_digit = [pictures[labels == digit] for digit in range(CLASSES)]
    fonts = _fonts(held_out)
    makers: list[tuple[float, Callable[[], Ink]]] = [
        (0.10, lambda: _half(by_digit, rng)),
        (0.10, lambda: _turned(by_digit, rng)),
        (0.10, lambda: _pair(by_digit, rng)),
        (0.12, lambda: _curves(rng)),
        (0.10, lambda: _loop(rng)),
        (0.10, lambda: _fork(rng)),
        (0.10, lambda: _branches(rng)),
        (0.16, lambda: _letter(fonts, rng)),
        (0.06, lambda: _blob(rng)),
        (0.06, lambda: _texture(rng)),
    ]
    shares = np.array([share for share, _ in makers])
    inks: list[Ink] = []
    while len(inks) < count:
        ink = makers[rng.choice(len(makers), p=shares / shares.sum())][1]()
        if (ink > HALF).sum() >= GLYPH:  # less is nothing
            inks.append(ink)
    return inks


def _one_of(by_digit: list[np.ndarray], digit: int, rng: np.random.Generator) -> Ink:
    """Return a digit's tight box as ink."""
    if not len(by_digit[digit]):
        return np.zeros((GLYPH, GLYPH), np.float32)
    picture = by_digit[digit][rng.integers(len(by_digit[digit]))] / np.float32(255)
    box = tight_box(picture > 0)
    return picture.astype(np.float32) if box is None else picture[box.rows_and_columns()]


def _half(by_digit: list[np.ndarray], rng: np.random.Generator) -> Ink:
    """Return half of a digit that is not a digit itself."""
    side = str(rng.choice(list(HALVES)))
    ink = _one_of(by_digit, int(rng.choice(HALVES[side])), rng)
    height, width = ink.shape
    row, column = (max(1, round(rng.uniform(*CUT) * length)) for length in (height, width))
    return {
        "upper": ink[:row],
        "lower": ink[row:],
        "left": ink[:, :column],
        "right": ink[:, column:],
    }[side]


def _turned(by_digit: list[np.ndarray], rng: np.random.Generator) -> Ink:
    """Mirror a digit or turn it by a quarter or a half."""
    way = rng.integers(4)
    if way <= 1:  # mirrored twice as often: a mirrored 3 is an epsilon
        return np.ascontiguousarray(_one_of(by_digit, int(rng.choice(MIRRORED)), rng)[:, ::-1])
    quarters, digits = ((2, UPSIDE_DOWN), (int(rng.choice([1, 3])), ON_ITS_SIDE))[way - 2]
    return np.ascontiguousarray(np.rot90(_one_of(by_digit, int(rng.choice(digits)), rng), quarters))


def _pair(by_digit: list[np.ndarray], rng: np.random.Generator) -> Ink:
    """Push two digits together, side by side or one on top of the other."""
    stacked = rng.random() < 0.15  # noqa: PLR2004  # a share
    choice = STACKED if stacked else range(CLASSES)
    first, second = (int(digit) for digit in rng.choice(choice, 2))
    while (first, second) in LIKE_ONE:
        first, second = (int(digit) for digit in rng.choice(choice, 2))
    left, right = _one_of(by_digit, first, rng), _one_of(by_digit, second, rng)
    if stacked:
        left, right = left.T, right.T
    gap = int(rng.integers(-4, 3))  # px; below 0 they overlap
    height = max(left.shape[0], right.shape[0])
    offset = max(0, left.shape[1] + gap)
    ink = np.zeros((height, max(offset + right.shape[1], left.shape[1])), np.float32)
    for part, x in ((left, 0), (right, offset)):
        top = int(rng.integers(0, height - part.shape[0] + 1))
        where = ink[top : top + part.shape[0], x : x + part.shape[1]]
        np.maximum(where, part, out=where)
    ink = ink.T if stacked else ink
    if rng.random() < HALF:  # squeezed towards a digit's own shape
        width = max(2, round(ink.shape[1] * rng.uniform(0.5, 1)))
        ink = cv2.resize(ink, (width, ink.shape[0]), interpolation=cv2.INTER_AREA)
    return np.ascontiguousarray(ink)


def _curves(rng: np.random.Generator) -> Ink:
    """Draw one to three smooth strokes that wind, loop and cross."""
    strokes: list[np.ndarray] = []
    for _ in range(int(rng.choice([1, 2, 3], p=[0.6, 0.25, 0.15]))):
        time = np.linspace(0, rng.uniform(0.6, 1.2) * 2 * np.pi, 100)
        harmonics = np.arange(0.5, 2.5, 0.5)[:, None]  # of a turn; the halves leave it open
        weight = rng.normal(0, 1, (2, 4, 1)) / harmonics ** rng.uniform(0.6, 1.6)
        phase = rng.uniform(0, 2 * np.pi, (2, 4, 1))
        path = (weight * np.cos(harmonics * time + phase)).sum(axis=1).T  # (100, 2)
        strokes.append(path + rng.normal(0, 0.8, (1, 2)) * bool(strokes))
    if _narrow(strokes) or (len(strokes) == 1 and _turning(strokes[0]) < LEAST_TURNING):
        return _curves(rng)
    return _pen(strokes, rng)


def _loop(rng: np.random.Generator) -> Ink:
    """Draw a loop whose two ends cross and run on: a nodal cubic, lying, standing or tilted."""
    time = np.linspace(-rng.uniform(1.25, 1.7), rng.uniform(1.25, 1.7), 80)
    path = np.stack([time**2 - 1, rng.uniform(0.6, 1.6) * time * (time**2 - 1)], axis=1)
    path[:, 1] += rng.normal(0, 0.15) * path[:, 0] ** 2
    angle = rng.integers(4) * np.pi / 2 + rng.normal(0, 0.3)
    turn = np.array([[np.cos(angle), np.sin(angle)], [-np.sin(angle), np.cos(angle)]])
    return _pen([path @ turn], rng)


def _fork(rng: np.random.Generator) -> Ink:
    """Draw three arms, straight or bent, that meet in a point; two of them may be one stroke."""
    angles = rng.choice([np.pi / 2, -np.pi / 2]) + np.array([0.0, 2.5, -2.5])
    angles += rng.normal(0, 0.25, 3)
    lengths = rng.uniform(0.6, 1.3, 3)
    ends = lengths[:, None] * np.stack([np.cos(angles), np.sin(angles)], axis=1)
    joint = np.zeros(2)
    strokes = [_bent(joint, end, rng) for end in ends]
    if rng.random() < HALF:  # the second arm joins further along the first stroke, as in lambda
        strokes[1] = strokes[1] + ends[0] * rng.uniform(-0.2, 0.5)
    return _fork(rng) if _narrow(strokes) else _pen(strokes, rng)


def _branches(rng: np.random.Generator) -> Ink:
    """Draw a stem with arms, as most letters have them; the arms are straight or bent."""
    lean = rng.normal(0, 0.4)
    stem = _bent(np.array([lean, -1.0]), np.array([-lean, 1.0]), rng)
    strokes = [stem]
    for _ in range(int(rng.choice([1, 2, 3], p=[0.25, 0.5, 0.25]))):
        start = stem[rng.integers(len(stem))]
        angle, length = rng.uniform(0, 2 * np.pi), rng.uniform(0.6, 1.5)
        end = start + length * np.array([np.cos(angle), np.sin(angle)])
        start = start - rng.choice([0, 0, 0.5]) * (end - start)  # a third cross the stem
        strokes.append(_bent(start, end, rng))
    if _narrow(strokes):
        return _branches(rng)
    return _pen(strokes, rng)


def _bent(start: np.ndarray, end: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Return a straight or bent line between two points: (20, 2)."""
    middle = (start + end) / 2 + rng.choice([0, 1]) * rng.normal(0, 0.35, 2)
    t = np.linspace(0, 1, 20)[:, None]
    return (1 - t) ** 2 * start + 2 * t * (1 - t) * middle + t**2 * end


def _narrow(strokes: list[np.ndarray]) -> bool:
    """Whether strokes are so slim that they may be meant as a 1."""
    extent = np.ptp(np.concatenate(strokes), axis=0)
    return float(extent.min()) < NARROW * float(extent.max())


def _turning(path: np.ndarray) -> float:
    """Return by how many radians a path turns in all, whichever way."""
    steps = np.diff(path, axis=0)
    angles = np.unwrap(np.arctan2(steps[:, 1], steps[:, 0]))
    return float(np.abs(np.diff(angles)).sum())


def _pen(strokes: list[np.ndarray], rng: np.random.Generator) -> Ink:
    """Draw paths with a pen as thick as MNIST's, stretched to fill the canvas."""
    points = np.concatenate(strokes)
    low, extent = points.min(axis=0), np.ptp(points, axis=0)
    aspect = np.exp(rng.normal(0, 0.2, 2))
    size = CANVAS * 0.8 * aspect / aspect.max() / max(extent.max(), 1e-6)
    width = int(rng.integers(5, 14))  # px of the canvas, that is 1.5 to 4 px of the frame
    ink = np.zeros((CANVAS, CANVAS), np.uint8)
    for path in strokes:
        where = np.round((path - low) * size + CANVAS * 0.1).astype(np.int32)
        cv2.polylines(ink, [where], isClosed=False, color=255, thickness=width)
    return _as_ink(ink)


@lru_cache(maxsize=2)
def _fonts(held_out: bool) -> list[tuple[str, ImageFont.FreeTypeFont]]:
    """Return the letters that may be drawn, and fonts that have them."""
    import matplotlib

    folder = Path(matplotlib.get_data_path()) / "fonts" / "ttf"
    return [
        (letters, ImageFont.truetype(str(folder / f"{name}.ttf"), 64))
        for letters, names in FONTS.items()
        for name in names
        if (name in HELD_OUT_FONTS) == held_out
    ]


def _letter(fonts: list[tuple[str, ImageFont.FreeTypeFont]], rng: np.random.Generator) -> Ink:
    """Print a letter or a symbol: plain, bold, outlined, on an inked ground, or textured."""
    letters, font = fonts[rng.integers(len(fonts))]
    # Half of the others are Greek and signs, which are fewer than they are varied.
    letter = letters[rng.integers(len(letters))]
    image = Image.new("L", (CANVAS * 2, CANVAS * 2))
    ImageDraw.Draw(image).text((CANVAS, CANVAS), letter, fill=255, font=font, anchor="mm")
    ink = np.asarray(image)
    box = tight_box(ink > 0)
    if box is None:
        return np.zeros((GLYPH, GLYPH), np.float32)
    ink = ink[box.rows_and_columns()]
    if rng.random() < 0.25:  # noqa: PLR2004  # a share
        ink = cv2.resize(ink, (CANVAS, CANVAS))  # as an icon fills its square
    ink = np.pad(ink, 10)
    brush = np.ones((int(rng.integers(3, 9)),) * 2, np.uint8)
    way = rng.random()
    if way < 0.2:  # noqa: PLR2004  # these are shares
        ink = cv2.dilate(ink, brush)
    elif way < 0.35:  # noqa: PLR2004
        ink = cv2.morphologyEx(ink, cv2.MORPH_GRADIENT, np.ones((5, 5), np.uint8))
    elif way < 0.45:  # noqa: PLR2004
        ink = 255 - ink
    elif way < 0.55:  # noqa: PLR2004
        holes = (_noise(ink.shape, rng.uniform(2, 8), rng) > rng.uniform(-0.5, 0.5)) * np.uint8(255)
        ink = np.minimum(ink, holes)
    return _as_ink(np.ascontiguousarray(ink))


def _blob(rng: np.random.Generator) -> Ink:
    """Draw spots, filled boxes, dashes, rows of dots, or a frame without content."""
    ink = np.zeros((CANVAS, CANVAS), np.uint8)
    way = rng.integers(5)
    if way == 0:
        ink[:] = (_noise(ink.shape, rng.uniform(10, 25), rng) > rng.uniform(0, 1)) * 255
    elif way in (1, 2):
        width, height = (int(side) for side in rng.uniform(40, 80, 2))
        box = ((CANVAS - width) // 2, (CANVAS - height) // 2)
        end = (box[0] + width, box[1] + height)
        if rng.random() < HALF:
            cv2.rectangle(ink, box, end, 255, -1 if way == 1 else int(rng.integers(3, 10)))
        else:
            middle = (CANVAS // 2, CANVAS // 2)
            cv2.ellipse(ink, middle, (width // 2, height // 2), 0, 0, 360, 255, -1)
    elif way == 3:  # noqa: PLR2004  # the fourth of five ways
        tilt, thick = int(rng.integers(-15, 16)), int(rng.integers(4, 20))
        for row in range(20, 20 + 25 * int(rng.integers(1, 4)), 25):
            cv2.line(ink, (6, row + tilt), (CANVAS - 6, row - tilt), 255, thick)
    else:
        for _ in range(int(rng.integers(2, 8))):
            centre = [int(value) for value in rng.integers(8, CANVAS - 8, 2)]
            cv2.circle(ink, centre, int(rng.integers(4, 12)), 255, -1)
    return _as_ink(ink)


def _texture(rng: np.random.Generator) -> Ink:
    """Draw grain, stripes, a chequerboard, a slope, or clutter as a photograph gives it."""
    shape, way = (CANVAS, CANVAS), rng.integers(4)
    rows, columns = np.mgrid[:CANVAS, :CANVAS].astype(np.float32)
    angle, period = rng.uniform(0, np.pi), rng.uniform(8, 30)
    along = np.cos(angle) * columns + np.sin(angle) * rows
    across = np.cos(angle) * rows - np.sin(angle) * columns
    if way == 0:
        value = np.sin(2 * np.pi * along / period)
    elif way == 1:
        value = np.sin(2 * np.pi * along / period) * np.sin(2 * np.pi * across / period)
    elif way == 2:  # noqa: PLR2004  # the third of four ways
        value = (along - along.mean()) / CANVAS * rng.uniform(1, 6) + _noise(shape, 3.0, rng) * 0.3
    else:  # coarse and fine together
        value = sum(_noise(shape, scale, rng) * scale for scale in (1.5, 3.0, 6.0, 12.0)) / 12
    return np.clip(value * rng.uniform(0.5, 4) + rng.uniform(0, 0.8), 0, 1).astype(np.float32)


def _noise(shape: tuple[int, ...], scale: float, rng: np.random.Generator) -> np.ndarray:
    """Return smooth noise of mean 0 and deviation 1 whose grains are about `scale` px wide."""
    small = [max(2, round(side / scale)) for side in shape]
    noise = rng.normal(0, 1, small).astype(np.float32)
    return cv2.resize(noise, shape[::-1], interpolation=cv2.INTER_CUBIC)


def _as_ink(levels: np.ndarray) -> Ink:
    return (levels / np.float32(255)).astype(np.float32)
