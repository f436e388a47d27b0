"""A page to maps: what each pixel is, how tall its digits are, and how the page lies."""

from dataclasses import dataclass
from pathlib import Path
from typing import Protocol, runtime_checkable

import cv2
import numpy as np
from jaxtyping import Float32, UInt8

from digits.inference.classifier import open_session
from digits.types import ModelName

NEIGHBOURHOOD = 97  # px, side of the box whose light and contrast a pixel is compared with
EVEN = 6.0  # grey levels: deviation of paper that is quite even
USUAL = 2.5  # logarithm of the usual deviation
CHANNELS = 4  # three colours less their local mean, and the logarithm of the local contrast
STRIDE = 2  # px of the page for each pixel of its maps
COARSE = 32  # px of the page for each pixel of the coarse maps
CLASSES = 6  # background, digit, other writing, rule, print, printed digit
CORE, TALL, SHEET = CLASSES, CLASSES + 1, CLASSES + 2  # further channels of the maps
N_MAPS = CLASSES + 3
QUARTERS = 4  # channels of the coarse maps; after them the angle
N_COARSE = QUARTERS + 1
TALL_BASE = 32.0  # px: height whose value in the map is 0; each 1.0 more is a doubling
DOUBLINGS = (-3.0, 4.0)  # lowest and highest value of that map that is believed
ANGLE_UNIT = 20.0  # degrees for each 1.0 of the coarse map


@dataclass(frozen=True, slots=True)
class Segmentation:
    """What the network makes of one page, at half its resolution."""

    probabilities: Float32[np.ndarray, "h w 6"]  # of each class
    core: Float32[np.ndarray, "h w"]  # probability of a number's middle
    tall: Float32[np.ndarray, "h w"]  # px of the page: height of the digits here
    sheet: Float32[np.ndarray, "h w"]  # probability of paper rather than what lies around it
    quarters: Float32[np.ndarray, "hc wc 4"]  # probability of each quarter turn to the left
    angle: Float32[np.ndarray, "hc wc"]  # degrees by which lines fall to the right


@runtime_checkable
class PageNetwork(Protocol):
    """Anything that answers for a normalised page."""

    def __call__(
        self, page: Float32[np.ndarray, "1 h w 4"]
    ) -> tuple[Float32[np.ndarray, "1 h2 w2 9"], Float32[np.ndarray, "1 hc wc 5"]]:
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


@dataclass(frozen=True)
class OnnxPage:
    """A page network that ONNX Runtime runs."""

    session: object

    def __call__(self, page: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Return the maps and the coarse maps of one page."""
        maps, coarse = self.session.run(["maps", "coarse"], {"page": page})  # type: ignore[attr-defined]
        return maps, coarse


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
