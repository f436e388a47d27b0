"""Compose synthetic documents whose truth is known for each pixel, number and cell."""

from dataclasses import dataclass, replace

import cv2
import numpy as np

from digits.arrays import UInt8
from digits.synthesis.page_camera import (
    clouds,
    desk,
    draw_fingers,
    light,
    paper_ground,
    sensor,
    skin,
)
from digits.synthesis.page_canvas import HEIGHT_STEP, Canvas, TrueCell, TrueNumber
from digits.synthesis.page_ink import InkBank, Rectangle, to_array
from digits.synthesis.page_layouts import SHARES, lay_out
from digits.synthesis.page_style import Area
from digits.types import DIGIT, PRINT, PRINTED_DIGIT, RULE, STRUCK, WRITING, Picture

CROP = 256  # px, side of a training crop
BLEED = 36  # px around a crop that are composed too, because rotation moves them into it
USUAL = 34.0  # px: median height of digits in training crops
SPREAD = 0.5  # of its logarithm
SMALLEST, LARGEST = 9.0, 120.0  # px
INKED = 0.24  # of full ink: threshold of the labels
LABEL_STRIDE = 2  # px of a page for each pixel of its maps
QUARTERS = (0.8, 0.06, 0.08, 0.06)  # shares of pages turned by 0 to 3 quarters to the left
MAX_ANGLE = 20.0  # degrees
P_FINGERS = 0.05  # share of crops into which fingers reach
HANDWRITTEN = (STRUCK, WRITING, DIGIT)  # in order of precedence
KINDS = tuple(SHARES)


@dataclass(frozen=True, slots=True)
class ComposedPage:
    """A photographed page and its ground truth; maps have half the page's resolution."""

    rgb: UInt8[np.ndarray, "h w 3"]
    labels: UInt8[np.ndarray, "h2 w2"]  # class of each pixel, see `types.PIXEL_CLASSES`
    core: UInt8[np.ndarray, "h2 w2"]  # 1 in the middle of a number
    tall: UInt8[np.ndarray, "h2 w2"]  # height of digits, see `page_canvas.encode_height`; 0 none
    sheet: UInt8[np.ndarray, "h2 w2"]  # 1 on paper, 0 on the surroundings
    quarters: int  # by which the page was turned to the left
    angle: float  # degrees by which its lines fall to the right, before it was turned
    numbers: tuple[TrueNumber, ...]
    cells: tuple[TrueCell, ...]
    kind: str

    @property
    def picture(self) -> Picture:
        """The page as input of the reader."""
        grey = cv2.cvtColor(self.rgb, cv2.COLOR_RGB2GRAY)
        return Picture(grey, grey.shape[1], grey.shape[0], "0" * 64, self.rgb)


def compose_crop(bank: InkBank, rng: np.random.Generator, kind: str | None = None) -> ComposedPage:
    """Return a crop of a page, 256 px wide and high, for training."""
    if kind is None:
        kind = KINDS[rng.choice(len(KINDS), p=list(SHARES.values()))]
    tall = float(np.clip(rng.lognormal(np.log(USUAL), SPREAD), SMALLEST, LARGEST))
    if kind == "single":
        tall = float(rng.uniform(40, 170))
    side = CROP + 2 * BLEED
    page = side * rng.uniform(0.9, 2.2, 2)
    if kind in ("single", "rows", "amount"):
        page = np.full(2, side * 1.05)
    left, top = (-BLEED + rng.uniform(0, max(1.0, size - side + 2 * BLEED)) for size in page)
    canvas = Canvas(
        side, side, left - BLEED / 2, top - BLEED / 2, bank, rng, paper_ground(side, side, rng)
    )
    lay_out(canvas, kind, Area(0, 0, page[0], page[1]), tall)
    sheet = _sheet_of_crop(side, rng)
    angle = _choose_angle(rng)
    matrix = _camera(side, angle, rng)
    quarters = int(rng.choice(4, p=QUARTERS))
    return _photograph(canvas, sheet, matrix, (CROP, CROP), (kind, quarters, angle), fingers=True)


def compose_document(
    bank: InkBank,
    rng: np.random.Generator,
    kind: str,
    *,
    size: tuple[int, int] | None = None,
    tall: float | None = None,
    plain: bool = False,
) -> ComposedPage:
    """Return a whole document.

    Parameters
    ----------
    bank : writers
    rng : all that is random
    kind : one of `KINDS`
    size : px, width and height of the paper
    tall : px, height of its digits
    plain : upright on perfect paper; else as a camera sees it, perhaps with the desk around it
    """
    tall = tall or float(np.clip(rng.lognormal(np.log(34), 0.25), 20, 60))
    wide, high = size or _document_size(kind, tall, rng)
    canvas = Canvas(wide, high, 0, 0, bank, rng, paper_ground(high, wide, rng))
    margin = tall * rng.uniform(0.4, 1.5)
    lay_out(canvas, kind, Area(margin, margin, wide - margin, high - margin), tall)
    sheet = np.full((high, wide), 255, np.uint8)
    if plain:
        return _photograph(canvas, sheet, np.eye(3), (wide, high), (kind, 0, 0.0), plain=True)
    angle = float(rng.normal(0, 2.0)) if rng.random() < 0.6 else 0.0
    scale = float(rng.uniform(0.85, 1.15))
    around = rng.uniform(0.02, 0.12) if rng.random() < 0.4 else 0.0
    across, down = int(wide * scale * (1 + 2 * around)), int(high * scale * (1 + 2 * around))
    matrix = np.vstack([cv2.getRotationMatrix2D((wide / 2, high / 2), angle, scale), [0, 0, 1]])
    matrix[:2, 2] += (across - wide) / 2, (down - high) / 2
    if rng.random() < 0.4:
        matrix = _perspective(across, down, 0.02, rng) @ matrix
    return _photograph(canvas, sheet, matrix, (across, down), (kind, 0, angle))


def _document_size(kind: str, tall: float, rng: np.random.Generator) -> tuple[int, int]:
    """Return the size of the paper for a kind of document: width and height in px."""
    if kind in ("rows", "amount", "boxes"):
        wide, high = rng.uniform(9, 16), rng.uniform(1.8, 5)
    elif kind == "single":
        wide, high = rng.uniform(1.6, 4, 2)
    else:
        wide, high = rng.uniform(14, 26), rng.uniform(12, 28)
    return max(48, int(wide * tall)), max(48, int(high * tall))


def _choose_angle(rng: np.random.Generator) -> float:
    kind = rng.random()
    if kind < 0.25:
        return 0.0
    if kind < 0.85:
        return float(np.clip(rng.normal(0, 3.5), -MAX_ANGLE, MAX_ANGLE))
    return float(rng.uniform(-MAX_ANGLE, MAX_ANGLE))


def _camera(side: int, angle: float, rng: np.random.Generator) -> np.ndarray:
    """Return the homography from a crop's canvas to the crop: (3, 3)."""
    # OpenCV rotates to the left; lines that fall to the right were rotated to the right.
    turn = cv2.getRotationMatrix2D((side / 2, side / 2), -angle, rng.uniform(0.94, 1.1))
    turn[:, 2] += (CROP - side) / 2 + rng.uniform(-BLEED / 3, BLEED / 3, 2)
    matrix = np.vstack([turn, [0, 0, 1]])
    if rng.random() < 0.35:
        matrix = _perspective(CROP, CROP, 0.035, rng) @ matrix
    return matrix


def _perspective(wide: int, high: int, by: float, rng: np.random.Generator) -> np.ndarray:
    """Return the homography of a tilted camera."""
    corners = to_array([[0, 0], [wide, 0], [wide, high], [0, high]])
    moved = corners + rng.normal(0, by * min(wide, high), (4, 2)).astype(np.float32)
    return cv2.getPerspectiveTransform(corners, moved.astype(np.float32))


def _sheet_of_crop(side: int, rng: np.random.Generator) -> np.ndarray:
    """Return a mask of the paper: uint8, 255 on paper; most crops show only paper."""
    sheet = np.full((side, side), 255, np.uint8)
    if rng.random() < 0.02:  # no paper at all
        sheet[:] = 0
        return sheet
    if rng.random() > 0.16:
        return sheet
    for _ in range(int(rng.integers(1, 3))):
        depth = round(rng.uniform(0.1, 0.5) * side)
        quarter, slope = int(rng.integers(4)), rng.normal(0, 0.06) * side
        corners = [[0, 0], [side, 0], [side, depth + slope], [0, depth - slope]]
        beyond = np.zeros((side, side), np.uint8)
        cv2.fillConvexPoly(beyond, np.array(corners).astype(np.int32), 255)
        sheet[np.rot90(beyond, quarter) > 0] = 0
    return sheet


def _photograph(
    canvas: Canvas,
    sheet: np.ndarray,
    matrix: np.ndarray,
    size: tuple[int, int],
    about: tuple[str, int, float],
    *,
    plain: bool = False,
    fingers: bool = False,
) -> ComposedPage:
    """Photograph a canvas together with its ground truth; fingers may hide parts of it."""
    rng = canvas.rng
    kind, quarters, angle = about
    still = np.allclose(matrix, np.eye(3))

    def warped(layers: list[np.ndarray], method: int) -> np.ndarray:
        stacked = cv2.merge(layers)
        if still:
            return stacked
        return cv2.warpPerspective(stacked, matrix, size, flags=method)

    ink = warped([canvas.layers[k] for k in (DIGIT, WRITING, RULE, PRINT)], cv2.INTER_LINEAR)
    extra = warped(
        [canvas.layers[PRINTED_DIGIT], sheet, canvas.core, canvas.layers[STRUCK]], cv2.INTER_LINEAR
    )
    ground = (
        canvas.ground
        if still
        else cv2.warpPerspective(canvas.ground, matrix, size, borderMode=cv2.BORDER_REPLICATE)
    )
    colour = warped([*cv2.split(canvas.colour), canvas.tall], cv2.INTER_NEAREST)
    if not plain and rng.random() < 0.15:
        ink, extra, ground, colour = _bent([ink, extra, ground, colour], rng)
    sheet = extra[..., 1]
    finger = draw_fingers(*size[::-1], rng) if fingers and rng.random() < P_FINGERS else None
    if finger is not None:
        sheet = cv2.min(sheet, 255 - finger)
    layers = (extra[..., 0], extra[..., 3], *(ink[..., k] for k in range(4)))
    alpha = [cv2.multiply(layer, sheet, scale=1 / 255) for layer in layers]
    printed, struck, digit, writing, rule, other_print = alpha
    rgb = _painted(alpha, colour[..., :3], ground, (sheet, finger), rng, plain=plain)
    classes = {
        DIGIT: digit,
        WRITING: writing,
        RULE: rule,
        PRINT: other_print,
        PRINTED_DIGIT: printed,
        STRUCK: struck,
    }
    labels = _labels(classes)
    half = (size[0] // LABEL_STRIDE, size[1] // LABEL_STRIDE)
    core = cv2.resize(cv2.min(extra[..., 2], sheet), half, interpolation=cv2.INTER_AREA)
    scale = float(np.sqrt(abs(np.linalg.det(matrix[:2, :2]))))
    tall = _scaled_heights(
        np.ascontiguousarray(colour[..., 3][::2, ::2][: half[1], : half[0]]), scale
    )
    small_sheet = cv2.resize(sheet, half, interpolation=cv2.INTER_AREA)
    maps = [rgb, labels, (core > 127).view(np.uint8), tall, (small_sheet > 127).view(np.uint8)]
    turned = [np.ascontiguousarray(np.rot90(layer, quarters)) for layer in maps]
    numbers, cells = _moved(canvas, matrix)
    rgb, labels, core_map, tall, sheet_map = turned
    return ComposedPage(
        rgb, labels, core_map, tall, sheet_map, quarters, angle, numbers, cells, kind
    )


def _scaled_heights(tall: np.ndarray, scale: float) -> np.ndarray:
    """Return the height map of a page that was enlarged."""
    shift = round(HEIGHT_STEP * float(np.log2(scale)))
    moved = np.clip(tall.astype(np.int16) + shift, 1, 255).astype(np.uint8)
    return np.where(tall > 0, moved, 0).astype(np.uint8)


def _bent(layers: list[np.ndarray], rng: np.random.Generator) -> list[np.ndarray]:
    """Bend the paper a little."""
    height, width = layers[0].shape[:2]
    x = np.arange(width, dtype=np.float32)[None, :].repeat(height, 0)
    y = np.arange(height, dtype=np.float32)[:, None].repeat(width, 1)
    down = rng.uniform(1, 4) * np.sin(x / rng.uniform(40, 120) + rng.uniform(0, 6))
    methods = (cv2.INTER_LINEAR, cv2.INTER_LINEAR, cv2.INTER_LINEAR, cv2.INTER_NEAREST)
    return [
        cv2.remap(layer, x, (y + down).astype(np.float32), method, borderMode=cv2.BORDER_REPLICATE)
        for layer, method in zip(layers, methods, strict=True)
    ]


def _painted(
    alpha: list[np.ndarray],
    colour: np.ndarray,
    ground: np.ndarray,
    sheet_and_finger: tuple[np.ndarray, np.ndarray | None],
    rng: np.random.Generator,
    *,
    plain: bool,
) -> np.ndarray:
    """Return the page in colour: uint8, (h, w, 3)."""
    printed, struck, digit, writing, rule, other_print = alpha
    sheet, finger = sheet_and_finger
    hand = cv2.max(cv2.max(digit, writing), struck)
    strength = 1.0 if plain or rng.random() < 0.5 else rng.uniform(0.45, 1)
    print_strength = 1.0 if plain or rng.random() < 0.6 else rng.uniform(0.4, 1)
    rule_strength = 1.0 if plain or rng.random() < 0.5 else rng.uniform(0.3, 1)
    height, width = hand.shape
    cover = hand.astype(np.float32) * np.float32(strength / 255)
    if not plain and rng.random() < 0.25:  # a pen that writes unevenly
        n = int(rng.integers(20, 120))
        cover *= np.clip(0.8 + 0.25 * clouds(height, width, (n, n), rng), 0.25, 1)
    print_cover = cv2.max(printed, other_print).astype(np.float32)
    cover = np.maximum(cover, print_cover * np.float32(print_strength / 255))
    cover = np.maximum(cover, rule.astype(np.float32) * np.float32(rule_strength / 255))
    image: np.ndarray = ground.astype(np.float32)
    image += (colour.astype(np.float32) - image) * cover[..., None]
    if plain:
        return np.clip(image, 0, 255).astype(np.uint8)
    if sheet.min() < 255:
        on = (sheet.astype(np.float32) / 255)[..., None]
        image = image * on + desk(height, width, rng) * (1 - on)
        if finger is not None:
            over = (finger.astype(np.float32) / 255)[..., None]
            image = image * (1 - over) + skin(height, width, rng) * over
    elif rng.random() < 0.01:  # written on no paper
        image = desk(height, width, rng) * (1 - cover[..., None]) + colour * cover[..., None]
    return sensor(light(image.astype(np.float32), rng), rng)


def _labels(classes: dict[int, np.ndarray]) -> np.ndarray:
    """Return the class of each pixel of the maps, handwriting over print: (h, w) -> (h/2, w/2)."""
    height, width = classes[DIGIT].shape
    half = (width // LABEL_STRIDE, height // LABEL_STRIDE)
    small = {k: cv2.resize(v, half, interpolation=cv2.INTER_AREA) for k, v in classes.items()}
    labels = np.zeros(half[::-1], np.uint8)
    limit = INKED * 255
    for kind in (RULE, PRINT, PRINTED_DIGIT):
        labels[small[kind] > limit] = kind
    written = np.stack([small[kind] for kind in HANDWRITTEN])
    inked = written.max(axis=0) > limit
    labels[inked] = np.array(HANDWRITTEN, np.uint8)[written.argmax(axis=0)][inked]
    return labels


def _moved(
    canvas: Canvas, matrix: np.ndarray
) -> tuple[tuple[TrueNumber, ...], tuple[TrueCell, ...]]:
    """Return numbers and cells in coordinates of the photograph."""

    def seen(box: Rectangle) -> Rectangle:
        left, top, right, bottom = box
        corners = to_array([[[left, top], [right, top], [right, bottom], [left, bottom]]])
        placed = cv2.perspectiveTransform(corners, matrix)[0]
        (x0, y0), (x1, y1) = placed.min(axis=0), placed.max(axis=0)
        return float(x0), float(y0), float(x1), float(y1)

    return (
        tuple(replace(number, box=seen(number.box)) for number in canvas.numbers),
        tuple(replace(cell, box=seen(cell.box)) for cell in canvas.cells),
    )
