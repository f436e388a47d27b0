"""Photographs composed of a sheet, what lies round it, and light: where the sheet is, is known."""

import cv2
import numpy as np

GRAIN = 2.0  # grey levels, standard deviation of a camera's noise


def flat(shape, level, rng):
    return np.full(shape, float(level))


def wood(shape, level, rng):
    """Grain that runs along the desk, with knots of darker streaks and joints between planks."""
    height, width = shape
    streaks = cv2.GaussianBlur(rng.normal(0, 1, (height, 8)), (1, 9), 0, sigmaY=2.0)
    rings = cv2.resize(streaks, (width, height), interpolation=cv2.INTER_CUBIC)
    rings += cv2.GaussianBlur(rng.normal(0, 3, shape), (0, 0), sigmaX=25, sigmaY=0.8)
    grain = 1 + 0.12 * rings / rings.std()
    plank = max(60, height // 4)
    for y in range(int(rng.integers(plank)), height, plank):
        grain[y : y + 3] *= 0.6
    return level * np.clip(grain, 0.3, 1.6)


def cloth(shape, level, rng):
    """A woven table cloth with coloured stripes both ways."""
    down, across = np.mgrid[: shape[0], : shape[1]]
    weave = 1 + 0.06 * np.sin(down * 2 * np.pi / 5) * np.sin(across * 2 * np.pi / 5)
    stripes = 1 - 0.2 * ((down // 40) % 3 == 0) - 0.2 * ((across // 40) % 3 == 0)
    return level * weave * stripes


def terrazzo(shape, level, rng):
    """Speckled stone."""
    specks = cv2.GaussianBlur(rng.normal(0, 1, shape), (0, 0), 3)
    return level * np.clip(1 + 0.15 * specks / specks.std(), 0.4, 1.5)


DESKS = {"flat": flat, "wood": wood, "cloth": cloth, "stone": terrazzo}


def corners_of(shape, *, left=0.0, top=0.0, right=0.0, bottom=0.0):
    """Return the corners of a sheet of `shape` in a scene with such borders, and its shape.

    The borders are shares of the sheet's width.
    """
    height, width = shape
    x, y = left * width, top * width
    corners = np.array([[x, y], [x + width, y], [x + width, y + height], [x, y + height]])
    scene = round(y + height + bottom * width), round(x + width + right * width)
    return corners, scene


def leaning(corners, angle=0.0, tilt=0.0):
    """Turn a sheet about its middle by degrees, and let its top recede by a share of its width."""
    corners = np.array(corners, float)
    middle = corners.mean(axis=0)
    width = corners[1, 0] - corners[0, 0]
    corners[0, 0] += tilt * width / 2
    corners[1, 0] -= tilt * width / 2
    c, s = np.cos(np.radians(angle)), np.sin(np.radians(angle))
    return (corners - middle) @ np.array([[c, s], [-s, c]]) + middle


def lay(desk, page, corners):
    """Lay a page on a desk with its corners there: grey levels, float (h, w) of the desk."""
    height, width = page.shape
    whole = np.float32([[0, 0], [width, 0], [width, height], [0, height]]) - 0.5
    matrix = cv2.getPerspectiveTransform(whole, np.float32(corners) - 0.5)
    size = desk.shape[::-1]
    drawn = cv2.warpPerspective(
        page.astype(np.float32),
        matrix,
        size,
        flags=cv2.INTER_LINEAR,
        borderMode=cv2.BORDER_REPLICATE,
    )
    fine = cv2.warpPerspective(
        np.ones((height, width), np.float32), matrix, size, flags=cv2.INTER_LINEAR
    )
    return desk * (1 - fine) + drawn * fine


def finger(scene, tip, root, thick, level=150.0):
    """Hold the sheet with a finger that comes from `root` and ends at `tip`, px (x, y)."""
    mask = np.zeros(scene.shape, np.float32)
    ends = [tuple(round(float(c)) for c in point) for point in (tip, root)]
    cv2.line(mask, *ends, 1.0, int(thick))
    shade = cv2.GaussianBlur(mask, (0, 0), thick / 6)
    skin = level * (0.75 + 0.25 * shade)
    mask = cv2.GaussianBlur(mask, (0, 0), 1.0)
    return scene * (1 - mask) + skin * mask


def shadow(scene, angle=80.0, where=0.6, depth=0.45, soft=2.0):
    """Let a shadow fall on one side of a line across the scene, to the right of it."""
    height, width = scene.shape
    down, across = np.mgrid[:height, :width]
    normal = np.radians(angle - 90)
    away = (across - where * width) * np.cos(normal) + (down - height / 2) * np.sin(normal)
    return scene * (1 - depth / (1 + np.exp(-away / soft)))


def lamp(scene, darkest=0.5):
    """Light that falls off from the upper left."""
    height, width = scene.shape
    down, across = np.mgrid[:height, :width]
    far = np.hypot(down / height, across / width) / np.sqrt(2)
    return scene * (1 - (1 - darkest) * far)


def photographed(scene, rng, grain=GRAIN):
    """Return what a camera makes of a scene: uint8."""
    return np.clip(np.rint(scene + rng.normal(0, grain, scene.shape)), 0, 255).astype(np.uint8)
