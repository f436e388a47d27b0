"""Photograph a page: tilted, bent, in shadow, blurred."""

from dataclasses import dataclass

import cv2
import numpy as np

from digits.arrays import Float64, UInt8
from digits.synthesis.page_camera import clouds, desk

AWAY = 2.2  # page heights: distance of the camera


@dataclass(frozen=True, slots=True)
class Photo:
    """A photograph of a page, and the homography of its points."""

    pixels: UInt8[np.ndarray, "h w"]
    to_photo: Float64[np.ndarray, "3 3"]  # homography from px of the page to px of the photo
    quarters: int  # by which the page was turned to the right
    bend: "Bend | None" = None  # of the paper; None: it lies flat

    def place(self, points: np.ndarray) -> np.ndarray:
        """Return where points of the page, in px of it, lie on the photo: (n, 2) -> (n, 2)."""
        flat = points if self.bend is None else self.bend.move(points)
        x, y, scale = self.to_photo @ np.column_stack([flat, np.ones(len(flat))]).T
        return np.stack([x / scale, y / scale], axis=1)


@dataclass(frozen=True, slots=True)
class Bend:
    """Waves of a paper that does not lie flat: what stands at x, y is seen a little beside it."""

    size: tuple[int, int]  # px of the page
    by: tuple[float, float]  # px by which points move across and down
    waves: tuple[float, float]  # half waves over the page's height, and over its width
    phases: tuple[float, float]

    def shift(self, points: np.ndarray) -> np.ndarray:
        """Return what is seen at points, less the points: (..., 2) -> (..., 2)."""
        width, height = self.size
        turns = points[..., ::-1] / np.array([height, width]) * np.pi * np.array(self.waves)
        return np.array(self.by) * np.sin(turns + np.array(self.phases))

    def move(self, points: np.ndarray) -> np.ndarray:
        """Return where points of the flat page are seen: (n, 2) -> (n, 2)."""
        seen = points.astype(np.float64)
        for _ in range(4):  # a fixed point; the waves are long
            seen = points - self.shift(seen)
        return seen


@dataclass(frozen=True, slots=True)
class Shot:
    """Parameters of a photograph."""

    tilt: float = 0.0  # degrees, at most, in any direction
    lean: float = 0.0  # degrees by which the page is turned, at most
    quarters: int = 0  # further quarter turns to the right
    pixels: int = 2_000_000  # px of the photograph
    crop: float = 0.0  # of a side, at most, that is cut off
    bend: float = 0.0  # of the page's height by which waves in the paper move its points
    shadow: bool = False
    blur: float = 0.0  # px of the photograph
    noise: float = 0.0  # grey levels


def random_shot(rng: np.random.Generator, pixels: int = 2_000_000, bend: float = 0.0) -> Shot:
    """Return random parameters of a phone photograph."""
    return Shot(
        tilt=25.0,
        lean=8.0,
        quarters=int(rng.integers(0, 4)),
        pixels=pixels,
        crop=0.04 if rng.random() < 0.3 else 0.0,
        shadow=bool(rng.random() < 0.5),
        blur=float(rng.uniform(0.3, 1.1)),
        noise=float(rng.uniform(0, 5)),
        bend=bend,
    )


def photograph(page: np.ndarray, shot: Shot, rng: np.random.Generator) -> Photo:
    """Photograph a page on a desk."""
    height, width = page.shape
    bend = _bend(shot.bend, (width, height), rng) if shot.bend else None
    if bend is not None:
        page = _bent(page, bend)
    corners = _seen(width, height, shot, rng)
    matrix = cv2.getPerspectiveTransform(
        np.array([[0, 0], [width, 0], [width, height], [0, height]], np.float32),
        corners.astype(np.float32),
    )
    low, high = corners.min(axis=0), corners.max(axis=0)
    room = (high - low) * (-shot.crop if shot.crop else rng.uniform(0.02, 0.08))
    low, high = low - room, high + room
    scale = float(np.sqrt(shot.pixels / np.prod(high - low)))
    place = np.array([[scale, 0, -scale * low[0]], [0, scale, -scale * low[1]], [0, 0, 1]])
    matrix = place @ matrix
    size = round((high - low)[0] * scale), round((high - low)[1] * scale)
    surface = desk(size[1], size[0], rng).mean(axis=2)
    flags = cv2.INTER_AREA if scale < 1 else cv2.INTER_LINEAR
    source = page if scale >= 0.7 else cv2.GaussianBlur(page, (0, 0), 0.4 / scale)
    seen = cv2.warpPerspective(source, matrix, size, flags=flags).astype(np.float32)
    on = cv2.warpPerspective(np.full(page.shape, 255, np.uint8), matrix, size) / 255.0
    image = seen * on + surface * (1 - on)
    if shot.shadow:
        image *= _shade(size, rng)
    if shot.blur:
        image = cv2.GaussianBlur(image, (0, 0), shot.blur)
    if shot.noise:
        image = image + rng.normal(0, shot.noise, image.shape)
    # OpenCV's coordinates are those of pixel centres, boxes' those of pixel corners.
    half = np.array([[1, 0, 0.5], [0, 1, 0.5], [0, 0, 1]])
    to_photo = half @ matrix @ np.linalg.inv(half)
    return Photo(np.clip(image, 0, 255).astype(np.uint8), to_photo, shot.quarters, bend)


def _seen(width: int, height: int, shot: Shot, rng: np.random.Generator) -> np.ndarray:
    """Return the corners of a page in the picture of a tilted camera: (4, 2)."""
    tilt, way = np.radians(rng.uniform(0, shot.tilt)), rng.uniform(0, 2 * np.pi)
    flat = np.array([[-width, -height], [width, -height], [width, height], [-width, height]]) / 2
    around = np.array([[np.cos(way), -np.sin(way)], [np.sin(way), np.cos(way)]])
    points = flat @ around
    distance = AWAY * max(width, height)
    depth = distance + points[:, 1] * np.sin(tilt)
    points = np.stack([points[:, 0], points[:, 1] * np.cos(tilt)], axis=1)
    points = (points * (distance / depth)[:, None]) @ around.T
    lean = np.radians(rng.uniform(-shot.lean, shot.lean) + 90 * shot.quarters)
    turn = np.array([[np.cos(lean), np.sin(lean)], [-np.sin(lean), np.cos(lean)]])
    return points @ turn


def _bend(share: float, size: tuple[int, int], rng: np.random.Generator) -> Bend:
    """Return waves that move points by up to a share of the page's height, mostly downwards."""
    by = share * size[1]
    across, down = rng.uniform(0.0, 0.4) * by, by
    waves = rng.uniform(1, 2, 2)
    phases = rng.uniform(0, 2 * np.pi, 2)
    return Bend(
        size, (float(across), float(down)), (waves[0], waves[1]), (float(phases[0]), phases[1])
    )


def _bent(page: np.ndarray, bend: Bend) -> np.ndarray:
    """Bend the paper: (h, w) -> (h, w)."""
    height, width = page.shape
    places = np.stack(np.meshgrid(np.arange(width), np.arange(height)), axis=-1)
    x, y = np.moveaxis((places + bend.shift(places)).astype(np.float32), -1, 0)
    return cv2.remap(page, x, y, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)


def _shade(size: tuple[int, int], rng: np.random.Generator) -> np.ndarray:
    """Return uneven light with the edge of a shadow: float32, (h, w)."""
    width, height = size
    level = 1 + 0.08 * clouds(height, width, (3, 3), rng)
    angle = rng.uniform(0, 2 * np.pi)
    y = np.arange(height, dtype=np.float32)[:, None] - height * rng.uniform(0.3, 0.7)
    x = np.arange(width, dtype=np.float32)[None, :] - width * rng.uniform(0.3, 0.7)
    edge = (x * np.cos(angle) + y * np.sin(angle)) / rng.uniform(5, 40)
    shade = 1 / (1 + np.exp(-np.clip(edge, -30, 30)))
    return (level * (1 - rng.uniform(0.2, 0.5) * shade)).astype(np.float32)
