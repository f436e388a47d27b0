"""The sheet in a photograph, cut out and rectified for display."""

import io
from dataclasses import dataclass, field

import numpy as np
from PIL import Image

from digits.image.rectify import flatten
from digits.types import Box, Paper
from digits.ui.read_session import QUALITY, Preview

MIN_DETERMINANT = 0.2  # of a box's slanted sides; at 45 degrees they are ambiguous

STEPS = 6  # of Newton's method; accurate to a fraction of a pixel
SIGNS = np.array([(-1, -1), (-1, 1), (1, -1), (1, 1)])  # of a rectangle's corners
MIN_SHARE = 0.1  # of a box's sides; only boxes that are not rectangles on the sheet have less


@dataclass(frozen=True, slots=True, eq=False)
class FlatView:
    """A straightened sheet, and where its pixels lie in the photograph."""

    jpeg: bytes = field(repr=False)
    width: int  # px
    height: int  # px
    to_photograph: np.ndarray  # (3, 3), homography from px of the sheet to px of the photograph

    def to_sheet(self, box: Box) -> Box:
        """Return a box of the photograph on the sheet.

        A box round slanted writing is larger than the writing. On the sheet it stands upright, so
        its sides are those that, slanted, fill the box.
        """
        to_sheet = np.linalg.inv(self.to_photograph)
        corners = _move(to_sheet, _corners(box))
        low, high = _ends(_corners(box))
        size, middle = high - low, (low + high) / 2
        centre = _move(to_sheet, middle[None])[0]
        origin, right, down = _move(self.to_photograph, centre + np.eye(3, 2, -1))
        steps = np.stack([right - origin, down - origin], axis=1)  # px of the photograph a px
        slanted = np.abs(steps)
        if np.linalg.det(slanted) <= MIN_DETERMINANT * slanted.sum(axis=0).prod():
            return _around(*_ends(corners))
        half = np.zeros(2)
        for _ in range(STEPS):
            low, high = _ends(_move(self.to_photograph, centre + half * SIGNS))
            half += np.linalg.solve(slanted, size - (high - low)) / 2
            centre += np.linalg.solve(steps, middle - (low + high) / 2)
        if (half < MIN_SHARE * size / 2 / slanted.sum(axis=1)).any():
            return _around(*_ends(corners))
        return _around(centre - half, centre + half)

    def to_picture(self, box: Box) -> Box:
        """Return the smallest box of the photograph that holds a box of the sheet."""
        return _around(*_ends(_move(self.to_photograph, _corners(box))))


def flatten_preview(preview: Preview, paper: Paper) -> FlatView:
    """Cut a sheet out of what the browser was shown."""
    with Image.open(io.BytesIO(preview.jpeg), formats=["JPEG"]) as image:
        pixels = np.asarray(image.convert("RGB"))
    scale = np.array([preview.width, preview.height]) / pixels.shape[1::-1]
    flat, to_preview = flatten(pixels, np.array(paper.corners) / scale)
    file = io.BytesIO()
    Image.fromarray(flat).save(file, "JPEG", quality=QUALITY)
    matrix = np.diag([*scale, 1.0]) @ to_preview
    return FlatView(file.getvalue(), flat.shape[1], flat.shape[0], matrix)


def _move(matrix: np.ndarray, points: np.ndarray) -> np.ndarray:
    """Apply a homography: (n, 2) -> (n, 2)."""
    moved = np.column_stack([points, np.ones(len(points))]) @ matrix.T
    return np.asarray(moved[:, :2] / moved[:, 2:])


def _corners(box: Box) -> np.ndarray:
    ends = (box.x, box.right), (box.y, box.bottom)
    return np.array([(x, y) for x in ends[0] for y in ends[1]], np.float64)


def _ends(points: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return the least and the greatest x and y: (n, 2) -> (2,), (2,)."""
    return points.min(axis=0), points.max(axis=0)


def _around(low: np.ndarray, high: np.ndarray) -> Box:
    """Return the box between two corners, at least one pixel large."""
    left, top = np.floor(low).astype(int).tolist()
    right, bottom = np.ceil(high).astype(int).tolist()
    return Box(left, top, max(1, right - left), max(1, bottom - top))
