"""Pages composed from MNIST digits, whose text is known."""

import cv2
import numpy as np

SIDE = 56  # px, MNIST's frames drawn twice as large


class Page:
    """Ink on which MNIST digits are written one by one, and what they are."""

    def __init__(self, digits, seed, shape=(900, 1200)):
        self.digits, self.rng = digits, np.random.default_rng(seed)
        self.ink = np.zeros(shape, np.float32)

    def digit(self, x, y, value=None):
        """Write a digit with its frame's corner at (x, y); say which it is."""
        every = np.arange(len(self.digits))
        chosen = every if value is None else every[self.digits.labels == value]
        index = int(self.rng.choice(chosen))
        large = cv2.resize(self.digits.pictures[index], (SIDE, SIDE), interpolation=cv2.INTER_CUBIC)
        place = self.ink[y : y + SIDE, x : x + SIDE]
        np.maximum(place, large / np.float32(255), out=place)
        return str(self.digits.labels[index])

    def number(self, x, y, length, pitch=52):
        return "".join(self.digit(x + i * pitch, y) for i in range(length))

    def lines(self, lengths, pitch=52):
        return [self.number(150, 150 + 120 * i, n, pitch) for i, n in enumerate(lengths)]


def paper(ink, light=230.0):
    return np.clip(light * (1 - 0.85 * ink), 0, 255)


def turned(grey, angle):
    height, width = grey.shape
    turn = cv2.getRotationMatrix2D((width / 2, height / 2), angle, 1)
    return cv2.warpAffine(grey, turn, (width, height), borderMode=cv2.BORDER_REPLICATE)


def shadowed(grey):
    across = np.linspace(0.45, 1.0, grey.shape[1])
    return grey * across[None, :]


def noisy(grey):
    return grey + np.random.default_rng(0).normal(0, 5, grey.shape)


def ruled(grey):
    grey = grey.copy()
    for y in range(96, grey.shape[0], 40):
        grey[y : y + 2] = np.minimum(grey[y : y + 2], 150)
    return grey


def squared(grey):
    grey = ruled(grey)
    for x in range(60, grey.shape[1], 90):
        grey[:, x : x + 2] = np.minimum(grey[:, x : x + 2], 170)
    return grey
