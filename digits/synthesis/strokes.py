"""Frames of digits in forms that MNIST's writers did not use."""

import numpy as np

from digits.image.mnist_normalize import to_frame
from digits.synthesis import allographs
from digits.types import Box, Frame

HEIGHT = 40  # px at which a digit is drawn, of which 20 are left in the frame
PEN = (2.5, 9.0)  # px at that height: MNIST's pens and somewhat finer and broader ones


def draw_frame(digit: int, rng: np.random.Generator) -> Frame:
    """Return a digit drawn in one of the world's forms, as MNIST would show it: (28, 28)."""
    ink = allographs.draw(allographs.write(digit, rng), HEIGHT, rng.uniform(*PEN), rng)
    return to_frame(ink, Box(0, 0, ink.shape[1], ink.shape[0]))
