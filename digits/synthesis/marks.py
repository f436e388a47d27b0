"""Draw marks that are not digits: dots, dashes, letters of free fonts, scribbles, stamps."""

from functools import lru_cache
from pathlib import Path

import cv2
import numpy as np
from PIL import Image, ImageDraw, ImageFont

FONT_SIZE = 64  # px at which letters are drawn once, to be made smaller later
FONTS = ("DejaVuSans", "DejaVuSans-Oblique", "DejaVuSerif-Italic", "STIXGeneralItalic", "cmmi10")
PRINTS = (
    *("DejaVuSans", "DejaVuSans-Bold", "DejaVuSansMono", "DejaVuSerif", "DejaVuSans-Oblique"),
    *("STIXGeneral", "STIXGeneralBol", "cmr10", "cmss10", "cmtt10"),
)
P_ROUND_STAMP = 0.4  # share of stamps with a ring round the word and not a box
STAMP_INK = (0.25, 0.8)  # of the writing's: stamps are paler, or nobody could read what they cover
# Letters that no careful reader takes for a digit; o, I, l, S, Z, b, g, q and their like are left
# out, for there the shape does not decide.
LETTERS = "ACEFHKMNPRTUVWXYadefhkmnprtuvwxyÑñ$€#%&@*()+áΔΣΨλ"


def draw_mark(
    kind: str, tall: float | int, pen: float | int, rng: np.random.Generator
) -> np.ndarray:
    """Return the ink of one mark: float32, (h, w).

    Parameters
    ----------
    kind : one of . , ' : - = ~ / + · or a for any letter
    tall : px, height of the digits beside it
    pen : px, width of the stroke
    rng : all that is random
    """
    if kind == "a":
        return draw_letters(tall, rng)
    height, width, strokes = _STROKES[kind]
    size = tall * rng.uniform(*_SIZES.get(kind, (0.7, 1.5)))
    across, down = width * size * rng.uniform(0.7, 1.5), height * size * rng.uniform(0.8, 1.3)
    thick = max(1.0, pen * rng.uniform(0.8, 1.4))
    h, w = round(down + thick) + 2, round(across + thick) + 2
    page = np.zeros((h, w), np.float32)
    for stroke in strokes:
        points = np.array(stroke, float) + rng.normal(0, 0.08, (len(stroke), 2))
        placed = np.clip(points, 0, 1) * [across, down] + thick / 2 + 1
        cv2.polylines(page, [np.round(placed).astype(np.int32)], False, 1.0, round(thick))
    return page


# kind: height and width in heights of a digit, strokes as (x, y) in that box
_STROKES: dict[str, tuple[float, float, list[list[tuple[float, float]]]]] = {
    ".": (0.03, 0.03, [[(0, 0), (1, 1)]]),
    ",": (0.2, 0.08, [[(1, 0), (0.8, 0.5), (0, 1)]]),
    "'": (0.2, 0.06, [[(1, 0), (0, 1)]]),
    ":": (0.45, 0.04, [[(0.5, 0), (0.5, 0.05)], [(0.5, 0.95), (0.5, 1)]]),
    "-": (0.05, 0.55, [[(0, 0.5), (0.5, 0.4), (1, 0.5)]]),
    "=": (0.25, 0.6, [[(0, 0), (1, 0)], [(0, 1), (1, 1)]]),
    "~": (0.2, 0.8, [[(0, 0.7), (0.25, 0.1), (0.5, 0.5), (0.75, 0.9), (1, 0.2)]]),
    "/": (1.15, 0.5, [[(1, 0), (0, 1)]]),
    "+": (0.5, 0.5, [[(0, 0.5), (1, 0.5)], [(0.5, 0), (0.5, 1)]]),
    "·": (0.03, 0.03, [[(0, 0), (1, 1)]]),
}
_SIZES = {"/": (0.8, 1.25)}  # of the usual size, where it varies less than others


def draw_letters(tall: float | int, rng: np.random.Generator) -> np.ndarray:
    """Return one letter or sign, as high as the digits or somewhat lower: float32, (h, w)."""
    letter = _bank()[int(rng.integers(len(_bank())))]
    height = max(6, round(tall * rng.uniform(0.6, 1.1)))
    width = max(4, round(letter.shape[1] / letter.shape[0] * height * rng.uniform(0.8, 1.3)))
    return cv2.resize(letter, (width, height), interpolation=cv2.INTER_AREA)


def draw_letter(letter: str, font: int, tall: float | int) -> np.ndarray:
    """Return a letter in one of the fonts that resemble handwriting: float32, (h, w).

    Parameters
    ----------
    tall : px, height of a capital
    """
    glyph = _letter(letter, font)
    height = max(5, round(tall * letter_height(letter)))
    width = max(4, round(glyph.shape[1] / glyph.shape[0] * height))
    return cv2.resize(glyph, (width, height), interpolation=cv2.INTER_AREA)


def letter_height(letter: str) -> float:
    """Return how high a letter is, as a share of a capital's height."""
    if letter.isupper() or letter in "bdfhklt":
        return 1.0
    return 0.95 if letter in "gpqyj" else 0.66


@lru_cache(maxsize=512)
def _letter(letter: str, font: int) -> np.ndarray:
    return _glyph(_font(FONTS[font]), letter)


@lru_cache(maxsize=512)
def draw_print(digit: str, font: int, tall: float | int) -> np.ndarray:
    """Return a printed digit about `tall` px high: float32, (h, w)."""
    glyph = _glyph(_font(PRINTS[font]), digit)
    size = (max(2, round(tall * glyph.shape[1] / glyph.shape[0])), max(4, round(tall)))
    return cv2.resize(glyph, size, interpolation=cv2.INTER_AREA)


def _font(name: str) -> ImageFont.FreeTypeFont:
    """Open one of the free fonts that come with Matplotlib."""
    import matplotlib

    path = Path(matplotlib.get_data_path()) / "fonts" / "ttf" / f"{name}.ttf"
    return ImageFont.truetype(str(path), FONT_SIZE)


def _glyph(font: ImageFont.FreeTypeFont, sign: str) -> np.ndarray:
    """Return one sign's ink, cut to its box: float32, (h, w)."""
    page = Image.new("L", (3 * FONT_SIZE, 2 * FONT_SIZE))
    ImageDraw.Draw(page).text((FONT_SIZE // 2, 0), sign, font=font, fill=255)
    return np.asarray(page.crop(page.getbbox()), np.float32) / 255


@lru_cache(maxsize=1)
def _bank() -> list[np.ndarray]:
    """Return every letter in every font, cut to its box."""
    return [_glyph(font, letter) for font in map(_font, FONTS) for letter in LETTERS]


def draw_scribble(page: np.ndarray, pen: float | int, rng: np.random.Generator) -> None:
    """Draw a flourish over part of a line, in place."""
    height, width = page.shape
    n = int(rng.integers(3, 9))
    span = min(width, rng.uniform(1, 3) * height)
    points = rng.random((n, 2)) * [span, height] + [rng.uniform(0, max(1, width - span)), 0]
    t = np.linspace(0, n - 1, 6 * n)
    curve = np.stack([np.interp(t, np.arange(n), points[:, axis]) for axis in (0, 1)], axis=1)
    smooth = cv2.GaussianBlur(curve.astype(np.float32), (1, 7), 0)
    cv2.polylines(page, [np.round(smooth).astype(np.int32)], False, 1.0, max(1, round(pen)))


def draw_stamp(page: np.ndarray, tall: float | int, rng: np.random.Generator) -> None:
    """Press a rubber stamp over part of a line, in place: a framed word, unevenly inked."""
    letters = [_bank()[int(rng.integers(len(_bank())))] for _ in range(int(rng.integers(3, 8)))]
    height = max(6, round(tall * rng.uniform(0.4, 0.9)))
    word = np.hstack([_to_height(letter, height) for letter in letters])
    margin = round(height * rng.uniform(0.3, 0.9))
    stamp = np.pad(word, margin)
    thick = max(1, round(height * rng.uniform(0.05, 0.15)))
    down, across = stamp.shape
    if rng.random() < P_ROUND_STAMP:
        stamp = np.pad(stamp, ((across // 4, across // 4), (thick, thick)))
        down, across = stamp.shape
        axes = (across // 2 - thick, down // 2 - thick)
        cv2.ellipse(stamp, (across // 2, down // 2), axes, 0, 0, 360, 1.0, thick)
    else:
        cv2.rectangle(stamp, (thick, thick), (across - 1 - thick, down - 1 - thick), 1.0, thick)
    # The rubber does not touch the paper everywhere alike.
    cells = (max(2, down // max(1, margin)), max(2, across // max(1, margin)))
    touch = cv2.resize(rng.uniform(0, 1, cells).astype(np.float32), (across, down))
    stamp = stamp * np.clip(0.5 + touch, 0, 1) * np.float32(rng.uniform(*STAMP_INK))
    turn = cv2.getRotationMatrix2D((across / 2, down / 2), rng.uniform(-20, 20), 1.0)
    turn[:, 2] += rng.random(2) * page.shape[::-1] - [across / 2, down / 2]
    np.maximum(page, cv2.warpAffine(stamp, turn, page.shape[::-1]), out=page)


def _to_height(letter: np.ndarray, height: int) -> np.ndarray:
    """Return a letter `height` px high with some space after it: (h, w) -> (height, w')."""
    width = max(3, round(letter.shape[1] / letter.shape[0] * height))
    small = cv2.resize(letter, (width, height), interpolation=cv2.INTER_AREA)
    return np.pad(small, ((0, 0), (0, max(1, height // 6))))
