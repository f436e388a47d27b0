"""A page to maps: what each pixel is, how tall its digits are, and how the page lies."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import Protocol, runtime_checkable

import cv2
import numpy as np

from digits.arrays import Float32, Float64, UInt8
from digits.inference.classifier import LazySession, load_card, open_session
from digits.types import PIXEL_CLASSES, ModelName

NEIGHBOURHOOD = 97  # px, side of the box whose light and contrast a pixel is compared with
EVEN = 6.0  # grey levels: deviation of paper that is quite even
USUAL = 2.5  # logarithm of the usual deviation
CHANNELS = 4  # three colours less their local mean, and the logarithm of the local contrast
STRIDE = 2  # px of the page for each pixel of its maps
COARSE = 32  # px of the page for each pixel of the coarse maps
CLASSES = len(PIXEL_CLASSES)
CORE, TALL, SHEET = CLASSES, CLASSES + 1, CLASSES + 2  # further channels of the maps
N_MAPS = CLASSES + 3
QUARTERS = 4  # channels of the coarse maps; after them the angle
N_COARSE = QUARTERS + 1
TALL_BASE = 32.0  # px: height whose value in the map is 0; each 1.0 more is a doubling
DOUBLINGS = (-3.0, 4.0)  # lowest and highest value of that map that is believed
FIRST_LOOK = 600_000  # px of the first look at a page
MOST_PIXELS = 1_500_000  # px of any later look
LEAST_SIDE = 64  # px: a smaller picture is enlarged
MOST_ENLARGED = 3.0  # times
TARGET = 34.0  # px: height of digits that the network saw most of in training
NEAR_ENOUGH = 0.35  # doublings of the scale that make no difference
LEVEL = 1.5  # degrees: lines that fall by less are level
ENOUGH_INK = 40  # px of the maps from which a class tells the height of digits
LEAST_WRITTEN = 0.02  # of a coarse pixel that is written, for it to tell how the page lies
SURE_TURN = 0.6  # mean probability of a quarter turn from which the page is turned
ANGLE_UNIT = 20.0  # degrees for each 1.0 of the coarse map


@dataclass(frozen=True)
class Segmentation:
    """What the network makes of one page, at half its resolution."""

    probabilities: Float32[np.ndarray, "h w 7"]  # of each class
    core: Float32[np.ndarray, "h w"]  # probability of a number's middle
    tall: Float32[np.ndarray, "h w"]  # px of the page: height of the digits here
    sheet: Float32[np.ndarray, "h w"]  # probability of paper rather than what lies around it
    quarters: Float32[np.ndarray, "hc wc 4"]  # probability of each quarter turn to the left
    angle: Float32[np.ndarray, "hc wc"]  # degrees by which lines fall to the right

    @cached_property
    def classes(self) -> UInt8[np.ndarray, "h w"]:
        """The likeliest class of each pixel."""
        return self.probabilities.argmax(axis=-1).astype(np.uint8)


@runtime_checkable
class PageNetwork(Protocol):
    """Anything that answers for a normalised page."""

    def __call__(
        self, page: Float32[np.ndarray, "1 h w 4"]
    ) -> tuple[Float32[np.ndarray, "1 h2 w2 10"], Float32[np.ndarray, "1 hc wc 5"]]:
        """Return the maps at half resolution, and the coarse maps at a thirty-second.

        Classes, core, sheet and quarter turns are probabilities.
        """


@dataclass(frozen=True)
class Segmenter:
    """A network that segments pages, and its name."""

    name: ModelName
    network: PageNetwork

    def __call__(self, rgb: UInt8[np.ndarray, "h w 3"]) -> Segmentation:
        """Segment a page whose digits are some 20 to 60 px high."""
        height, width = rgb.shape[:2]
        down, across = -height % COARSE, -width % COARSE
        padded = cv2.copyMakeBorder(rgb, 0, down, 0, across, cv2.BORDER_REPLICATE)
        maps, coarse = (out[0] for out in self.network(normalise(padded)[None]))
        maps = maps[: -(-height // STRIDE), : -(-width // STRIDE)]
        return Segmentation(
            probabilities=maps[..., :CLASSES],
            core=maps[..., CORE],
            tall=np.float32(TALL_BASE) * np.exp2(np.clip(maps[..., TALL], *DOUBLINGS)),
            sheet=maps[..., SHEET],
            quarters=coarse[..., :QUARTERS],
            angle=coarse[..., QUARTERS] * np.float32(ANGLE_UNIT),
        )


@dataclass(frozen=True, slots=True)
class PageView:
    """A page's segmentation at the scale and orientation at which the network saw it best."""

    segmentation: Segmentation
    to_picture: Float64[np.ndarray, "3 3"]  # homography from px of the maps to px of the picture
    scale: float  # px that the network saw for each px of the picture
    quarters: int  # by which the picture was turned to the left
    angle: float  # degrees by which its lines fell to the right after that
    passes: int  # times that the network ran

    @property
    def classes(self) -> UInt8[np.ndarray, "h w"]:
        """The likeliest class of each pixel of the maps."""
        return self.segmentation.classes


def segment_page(
    segmenter: Callable[[np.ndarray], Segmentation], rgb: UInt8[np.ndarray, "h w 3"]
) -> PageView:
    """Segment a picture of any size: find its scale and how it lies, then look again.

    The first look is at the whole picture at a moderate size. Its height map says at which scale
    digits are `TARGET` px high; its coarse maps say by which quarter turn and angle the page lies.
    """
    height, width = rgb.shape[:2]
    scale = min(1.0, float(np.sqrt(FIRST_LOOK / (height * width))))
    if min(height, width) * scale < LEAST_SIDE:
        scale = min(MOST_ENLARGED, LEAST_SIDE / min(height, width))
    view = _look(segmenter, rgb, scale, 0, 0.0)
    for passes in (2, 3):
        quarters, angle = _lies(view.segmentation)
        quarters = (view.quarters + quarters) % 4
        angle = view.angle + angle if quarters == view.quarters else 0.0
        tall = _tall(view.segmentation)
        wanted = view.scale if tall is None else view.scale * TARGET / tall
        wanted = min(wanted, MOST_ENLARGED, float(np.sqrt(MOST_PIXELS / (height * width))))
        wanted = max(wanted, min(1.0, LEAST_SIDE / min(height, width)))
        if (
            abs(np.log2(wanted / view.scale)) < NEAR_ENOUGH
            and quarters == view.quarters
            and abs(angle - view.angle) < LEVEL
        ):
            break
        seen = _look(segmenter, rgb, wanted, quarters, angle)
        view = replace(seen, passes=passes)
    return view


def _look(
    segmenter: Callable[[np.ndarray], Segmentation],
    rgb: np.ndarray,
    scale: float,
    quarters: int,
    angle: float,
) -> PageView:
    """Segment a picture at one scale, turned upright by quarters and an angle."""
    height, width = rgb.shape[:2]
    turned = np.ascontiguousarray(np.rot90(rgb, -quarters))
    # Where a point of the turned picture lies in the picture: it was turned to the right.
    back = np.array(
        (
            [[1, 0, 0], [0, 1, 0], [0, 0, 1]],
            [[0, 1, 0], [-1, 0, height], [0, 0, 1]],
            [[-1, 0, width], [0, -1, height], [0, 0, 1]],
            [[0, -1, width], [1, 0, 0], [0, 0, 1]],
        )[quarters],
        np.float64,
    )
    size = max(1, round(turned.shape[1] * scale)), max(1, round(turned.shape[0] * scale))
    ratio = np.diag([turned.shape[1] / size[0], turned.shape[0] / size[1], 1.0])
    method = cv2.INTER_AREA if scale < 1 else cv2.INTER_CUBIC
    seen = turned if size == turned.shape[1::-1] else cv2.resize(turned, size, interpolation=method)
    level = np.eye(3)
    if abs(angle) >= LEVEL:
        seen, level = _levelled(seen, angle)
    to_picture = back @ ratio @ level @ np.diag([STRIDE, STRIDE, 1.0])
    return PageView(segmenter(seen), to_picture, scale, quarters, angle, 1)


def _levelled(rgb: np.ndarray, angle: float) -> tuple[np.ndarray, np.ndarray]:
    """Turn a picture so that lines that fall by `angle` degrees are level; keep all of it."""
    height, width = rgb.shape[:2]
    turn = cv2.getRotationMatrix2D((0.0, 0.0), angle, 1.0)
    corners = np.array([(0, 0), (width, 0), (width, height), (0, height)]) @ turn[:, :2].T
    turn[:, 2] = -corners.min(axis=0)
    wide, high = (int(np.ceil(side)) for side in np.ptp(corners, axis=0))
    level = cv2.warpAffine(
        rgb, turn, (wide, high), flags=cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE
    )
    return level, np.vstack([cv2.invertAffineTransform(turn), [0, 0, 1]])


def _tall(maps: Segmentation) -> float | None:
    """Return the usual height of handwritten digits in px of the page as it was seen."""
    kinds = maps.classes
    for wanted in ((1,), (5,), (2, 4)):
        chosen = np.isin(kinds, wanted)
        if int(chosen.sum()) >= ENOUGH_INK:
            return float(np.median(maps.tall[chosen]))
    return None


def _lies(maps: Segmentation) -> tuple[int, float]:
    """Return by which quarter turn and angle the page lies, as its writing says."""
    written = 1 - maps.probabilities[..., 0] - maps.probabilities[..., 3]
    high, wide = maps.angle.shape
    weight = cv2.resize(written, (wide, high), interpolation=cv2.INTER_AREA)
    weight = np.where(weight > LEAST_WRITTEN, weight, 0)
    if not weight.any():
        return 0, 0.0
    shares = (maps.quarters * weight[..., None]).sum(axis=(0, 1)) / weight.sum()
    quarters = int(shares.argmax()) if shares.max() > SURE_TURN else 0
    if quarters:
        return quarters, 0.0
    angle = float((maps.angle * weight).sum() / weight.sum())
    return 0, angle


@dataclass(frozen=True)
class OnnxPage:
    """A page network that ONNX Runtime runs."""

    session: object

    def __call__(self, page: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Return the maps and the coarse maps of one page."""
        maps, coarse = self.session.run(["maps", "coarse"], {"page": page})  # type: ignore[attr-defined]
        return maps, coarse


def open_segmenter(path: Path) -> Segmenter | None:
    """Return the page network at `path`, to be opened when a page needs it; None without one."""
    if not path.exists():
        return None
    card = load_card(path)
    return Segmenter(
        ModelName(card["name"], card["sha256"]), OnnxPage(LazySession(path, "page", gives="maps"))
    )


def load_segmenter(path: Path) -> Segmenter:
    """Open the page network's `.onnx` after comparing it with the card beside it.

    Raises
    ------
    ModelError
        As `digits.inference.classifier.load_classifier`.
    """
    session, name = open_session(path, "page", gives="maps")
    return Segmenter(name, OnnxPage(session))


def normalise(rgb: UInt8[np.ndarray, "h w 3"]) -> Float32[np.ndarray, "h w 4"]:
    """Make a page independent of its light: colours less the local mean over the local deviation.

    The fourth channel is the logarithm of the local deviation. Box filters of OpenCV keep it
    below the time that the network takes.
    """
    grey = cv2.cvtColor(rgb, cv2.COLOR_RGB2GRAY)
    box = (NEIGHBOURHOOD, NEIGHBOURHOOD)
    mean = cv2.boxFilter(grey, cv2.CV_32F, box, borderType=cv2.BORDER_REPLICATE)
    square = cv2.sqrBoxFilter(grey, cv2.CV_32F, box, borderType=cv2.BORDER_REPLICATE)
    spread = cv2.sqrt(cv2.max(cv2.subtract(square, cv2.multiply(mean, mean)), 0))
    gain = cv2.divide(1.0, cv2.add(spread, EVEN))
    channels = [
        cv2.multiply(cv2.subtract(colour, mean, dtype=cv2.CV_32F), gain)
        for colour in cv2.split(rgb)
    ]
    contrast = cv2.subtract(cv2.log(cv2.add(spread, 1.0)), USUAL)
    return cv2.merge([*channels, contrast])
