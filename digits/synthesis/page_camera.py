"""Photograph a synthetic page: paper on a desk, light, lens, sensor and file format."""

import cv2
import numpy as np

Image = np.ndarray  # float32, (h, w, 3), 0 to 255


def paper_ground(height: int, width: int, rng: np.random.Generator) -> np.ndarray:
    """Return bare paper: uint8, (h, w, 3)."""
    kind = rng.random()
    if kind < 0.55:
        colour = rng.normal([243, 241, 236], 8)
    elif kind < 0.75:
        colour = np.full(3, 255.0)
    elif kind < 0.92:
        colour = rng.normal([215, 210, 195], 25)
    else:
        colours = ([250, 210, 215], [190, 215, 245], [245, 235, 170], [205, 235, 205])
        colour = rng.normal(colours[rng.integers(4)], 8)
    ground = np.empty((height, width, 3), np.uint8)
    ground[:] = np.clip(colour, 70, 255)
    if rng.random() < 0.06:
        _security_print(ground, rng)
    return ground


def _security_print(ground: np.ndarray, rng: np.random.Generator) -> None:
    """Print thin waves on the paper, as on cheques, in place."""
    height, width = ground.shape[:2]
    y, x = np.mgrid[:height, :width].astype(np.float32)
    angle = rng.uniform(0, np.pi)
    along, across = x * np.cos(angle) + y * np.sin(angle), y * np.cos(angle) - x * np.sin(angle)
    bend = rng.uniform(0, 9) * np.sin(along * rng.uniform(0.02, 0.2))
    wave = np.abs(np.sin((across + bend) * np.pi / rng.uniform(4, 12)))
    strength = rng.uniform(0.1, 0.45)
    share = np.clip(1 - wave / rng.uniform(0.2, 0.6), 0, 1)[..., None] * strength
    colour = rng.uniform(60, 200, 3).astype(np.float32)
    ground[:] = (ground * (1 - share) + colour * share).astype(np.uint8)


def clouds(height: int, width: int, cells: tuple[int, int], rng: np.random.Generator) -> np.ndarray:
    """Return smooth noise of deviation 1: float32, (h, w)."""
    coarse = rng.standard_normal(cells, np.float32)
    return cv2.resize(coarse, (width, height), interpolation=cv2.INTER_LINEAR)


def desk(height: int, width: int, rng: np.random.Generator) -> Image:
    """Return the surface under the paper: plain, wood or cloth."""
    bases = (
        [110, 70, 40],
        [60, 40, 25],
        [160, 120, 80],
        [70, 70, 75],
        [190, 185, 180],
        [40, 60, 90],
        [30, 30, 32],
        [225, 222, 215],
    )
    base = np.clip(rng.normal(bases[rng.integers(len(bases))], 12), 5, 250).astype(np.float32)
    kind = rng.random()
    few, many = int(rng.integers(2, 8)), int(rng.integers(30, 120))
    if kind < 0.2:
        texture = np.zeros((height, width), np.float32)
    elif kind < 0.65:  # wood, with its grain either way
        cells = (few, many) if rng.random() < 0.5 else (many, few)
        texture = clouds(height, width, cells, rng)
        texture += 0.7 * clouds(height, width, (max(2, cells[0] // 3), max(2, cells[1] // 3)), rng)
    elif kind < 0.85:  # cloth
        y, x = np.mgrid[:height, :width].astype(np.float32)
        period = rng.uniform(3, 16)
        texture = np.sin(x * 6.28 / period) + np.sin(y * 6.28 / period)
        if rng.random() < 0.5:
            texture = np.sign(texture) * 1.2
    else:
        texture = clouds(height, width, (many, many), rng)
    return base + (texture * np.float32(rng.uniform(2, 22)))[..., None]


def draw_fingers(height: int, width: int, rng: np.random.Generator) -> np.ndarray:
    """Return a mask of fingers that hold the page: uint8, 0 to 255."""
    mask = np.zeros((height, width), np.uint8)
    side = min(height, width)
    thick = side * rng.uniform(0.12, 0.3)
    at = rng.uniform(0.1, 0.9) * side
    for k in range(int(rng.integers(1, 4))):
        reach = side * rng.uniform(0.08, 0.35)
        along = at + 1.1 * k * thick
        slope = rng.normal(0, 0.3)
        start, tip = (-thick, along), (reach, along + slope * reach)
        points = np.round(np.array([start, tip]) * 16).astype(np.int32)
        cv2.polylines(mask, [points], False, 255, max(2, int(thick)), cv2.LINE_AA, 4)
    turned = np.rot90(mask, int(rng.integers(4)))
    return np.ascontiguousarray(cv2.resize(turned, (width, height)))


def skin(height: int, width: int, rng: np.random.Generator) -> Image:
    """Return skin of any tone, evenly lit or not."""
    tones = ([240, 205, 180], [215, 165, 130], [165, 115, 85], [95, 65, 50])
    base = rng.normal(tones[rng.integers(len(tones))], 10).astype(np.float32)
    return base * (1 + np.float32(0.08) * clouds(height, width, (4, 4), rng))[..., None]


def light(image: Image, rng: np.random.Generator) -> Image:
    """Add uneven light and shadows."""
    height, width = image.shape[:2]
    if rng.random() > 0.6:
        return image
    n = int(rng.integers(2, 5))
    level: np.ndarray = 1 + clouds(height, width, (n, n), rng) * np.float32(rng.uniform(0.02, 0.16))
    if rng.random() < 0.35:  # a shadow with an edge
        edge = _across(height, width, rng) + 6 * clouds(height, width, (4, 4), rng)
        soft = rng.uniform(0.7, 20)
        shade = 1 / (1 + np.exp(-np.clip(edge / soft, -30, 30)))
        level = level * (1 - np.float32(rng.uniform(0.1, 0.65)) * shade)
    if rng.random() < 0.07:  # a fold
        level = level * (1 - 0.2 * np.exp(-((_across(height, width, rng) / 3) ** 2)))
    return image * np.clip(level, 0.12, 1.3).astype(np.float32)[..., None]


def _across(height: int, width: int, rng: np.random.Generator) -> np.ndarray:
    """Return the distance of each pixel from a random line: (h, w)."""
    angle = rng.uniform(0, 2 * np.pi)
    y = np.arange(height, dtype=np.float32)[:, None] - height * rng.uniform(0.1, 0.9)
    x = np.arange(width, dtype=np.float32)[None, :] - width * rng.uniform(0.1, 0.9)
    return x * np.float32(np.cos(angle)) + y * np.float32(np.sin(angle))


def sensor(image: Image, rng: np.random.Generator) -> np.ndarray:
    """Return the page as a camera, scanner or screen shows it: uint8, (h, w, 3), RGB."""
    pixels = np.clip(_exposed(_blurred(image, rng), rng), 0, 255).astype(np.uint8)
    if rng.random() < 0.3:
        grey = cv2.cvtColor(pixels, cv2.COLOR_RGB2GRAY)
        if rng.random() < 0.3:
            grey = _binary(grey, rng)
        return cv2.cvtColor(grey, cv2.COLOR_GRAY2RGB)
    if rng.random() < 0.6:
        quality = [cv2.IMWRITE_JPEG_QUALITY, int(rng.integers(30, 96))]
        pixels = cv2.imdecode(cv2.imencode(".jpg", pixels, quality)[1], cv2.IMREAD_COLOR)
    return pixels


def _blurred(image: Image, rng: np.random.Generator) -> Image:
    """Add the grain of the paper, and blur it as a lens or a coarse picture does."""
    height, width = image.shape[:2]
    if rng.random() < 0.3:
        cells = (height, width) if rng.random() < 0.6 else (height // 3 + 2, width // 3 + 2)
        grain = clouds(height, width, cells, rng) * np.float32(rng.uniform(1, 12))
        image = image + grain[..., None]
    if rng.random() < 0.5:
        image = cv2.GaussianBlur(image, (0, 0), rng.uniform(0.4, 1.5))
    if rng.random() < 0.13:
        scale = rng.uniform(0.4, 0.85)
        small = cv2.resize(image, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)
        image = cv2.resize(small, (width, height), interpolation=cv2.INTER_LINEAR)
    return image


def _exposed(image: Image, rng: np.random.Generator) -> Image:
    """Randomly invert, flatten, darken or disturb the picture."""
    height, width = image.shape[:2]
    if rng.random() < 0.05:
        image = 255 - image if rng.random() < 0.6 else 40 + (255 - image) * 0.7
    if rng.random() < 0.4:
        middle = np.float32(128 + rng.uniform(-60, 40))
        image = (image - 128) * np.float32(rng.uniform(0.35, 1)) + middle
    if rng.random() < 0.06:
        image = image * np.float32(rng.uniform(0.15, 0.5))
    if rng.random() < 0.5:
        noise = rng.standard_normal((height, width, 1), np.float32)
        image = image + noise * np.float32(rng.uniform(1, 9))
    if rng.random() < 0.05:  # a screen's lines
        rows = np.arange(height, dtype=np.float32)[:, None, None]
        image = image + np.float32(rng.uniform(3, 12)) * np.sin(rows / rng.uniform(0.8, 3))
    return image


def _binary(grey: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Return the page in black and white, as from a fax or scanner."""
    if rng.random() < 0.5:
        return cv2.threshold(grey, 0, 255, cv2.THRESH_BINARY + cv2.THRESH_OTSU)[1]
    block = int(rng.integers(8, 25)) * 2 + 1
    return cv2.adaptiveThreshold(
        grey, 255, cv2.ADAPTIVE_THRESH_MEAN_C, cv2.THRESH_BINARY, block, rng.uniform(8, 20)
    )
