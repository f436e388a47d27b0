"""Draw digits in the forms of writers all over the world, as pen strokes from a table.

Each form, or allograph, is given by two extreme drawings with equally many points. A writer's digit
lies between the two, with a random error of each point. Points are "x,y" in hundredths of the
digit's height, x to the right and y down; "x,y!" is a corner, other points are smooth; the pen is
lifted at "|".

>>> rng = np.random.default_rng(0)
>>> ink = draw(write(7, rng), height=28, pen=2.5)
>>> ink.shape[0], ink.dtype.name
(28, 'float32')
"""

from dataclasses import dataclass
from functools import cache
from itertools import pairwise

import numpy as np

from digits.image.mnist_normalize import to_frame
from digits.synthesis.strokes import Stroke, draw
from digits.types import Box, Frame

HEIGHT = 40  # px, height at which a digit is drawn before it is reduced to a frame
PEN = (2.5, 9.0)  # px at that height: as in MNIST, and somewhat finer and broader

BEYOND = 0.15  # how far a digit may exceed the extremes, as a share of their distance
JITTER = (0.01, 0.04)  # heights, standard deviation of control points: careful and careless writers
TREND = 0.5  # correlation of the jitter of successive control points, which keeps arcs round
PROPORTION = 0.15  # standard deviation of the logarithm of head over foot
LEAN = 0.08  # standard deviation of the slant, px sideways for each px of height
STRETCH = 0.12  # standard deviation of the logarithm of the width
SMOOTH = 6  # points drawn for each control point


@dataclass(frozen=True, slots=True)
class Allograph:
    """One way to write one digit."""

    digit: int
    name: str
    share: float  # share of the drawn digits of this value
    drawings: tuple[str, str]  # the extremes
    in_mnist: bool = False  # whether MNIST contains it


FORMS: tuple[Allograph, ...] = (
    Allograph(0, "round", 0.38, (
        "35,2 10,25 2,55 13,88 35,100 58,85 66,50 57,14 36,2",
        "28,2 9,25 4,55 11,88 27,100 42,85 47,50 40,15 29,2",
    ), in_mnist=True),
    Allograph(0, "flat", 0.13, (
        "45,3 16,18 3,55 18,90 45,100 72,84 80,48 68,12 44,3",
        "54,5 18,16 2,55 20,90 54,100 90,82 100,45 84,12 53,2",
    )),
    Allograph(0, "narrow", 0.1, (
        "24,0 9,25 3,55 9,88 22,100 36,85 41,50 36,15 23,0",
        "30,0 13,25 3,58 5,90 15,100 29,86 39,50 40,15 29,0",
    )),
    Allograph(0, "open top", 0.12, (
        "26,4 8,28 3,58 14,90 34,100 56,86 64,52 56,16 36,0",
        "14,8 4,32 3,62 16,93 38,100 60,84 66,50 58,18 38,0",
    )),
    Allograph(0, "overlapped", 0.13, (
        "48,12 26,4 7,30 3,60 15,92 36,100 58,84 64,48 50,12 30,0 18,2",
        "56,26 34,6 10,26 3,58 15,92 36,100 60,84 66,48 52,10 26,0 6,8",
    )),
    Allograph(0, "tailed", 0.1, (
        "42,4 14,20 3,58 15,92 35,100 58,84 62,46 46,10 34,12 44,20 72,12",
        "40,4 13,22 3,58 15,92 35,100 57,84 60,44 42,8 28,14 44,26 92,12",
    )),
    Allograph(0, "slashed", 0.04, (
        "35,3 10,25 3,55 13,88 35,98 58,85 64,50 57,14 36,3 | 60,12 10,88",
        "30,6 10,25 4,55 12,86 30,96 50,84 56,50 48,16 31,6 | 72,-2 -10,102",
    )),

    Allograph(1, "stem", 0.2, (
        "10,0 9,50 8,100",
        "48,0 26,50 2,100",
    ), in_mnist=True),
    Allograph(1, "flagged", 0.29, (
        "6,28 20,0! 19,50 18,100",
        "4,44 28,0! 26,50 24,100",
    )),
    Allograph(1, "long flag", 0.18, (
        "4,46 30,0! 29,50 28,100",
        "2,68 38,0! 36,50 34,100",
    )),
    Allograph(1, "roof", 0.06, (
        "0,70 34,0! 35,50 36,100",
        "0,92 44,0! 46,50 47,100",
    )),
    Allograph(1, "flag and foot", 0.12, (
        "8,20 28,0! 28,50 28,99 | 8,100 48,99",
        "0,36 34,0! 33,50 32,98 | 2,100 66,96",
    )),
    Allograph(1, "foot", 0.06, (
        "26,0 26,50 26,99 | 8,100 46,99",
        "36,0 32,50 28,98 | 0,100 60,97",
    )),
    Allograph(1, "bent flag", 0.06, (
        "4,34 12,24 23,0! 22,50 20,100",
        "2,50 18,32 32,0! 28,50 23,100",
    )),
    Allograph(1, "round top", 0.03, (
        "6,46 19,14 27,0 28,14 24,50 20,100",
        "2,68 23,20 34,0 34,16 28,54 22,100",
    )),

    Allograph(2, "plain", 0.2, (
        "4,24 14,5 32,0 52,12 52,34 32,66 3,99! 35,98 64,97",
        "1,18 18,2 38,2 58,20 50,46 25,75 0,98! 30,99 74,94",
    ), in_mnist=True),
    Allograph(2, "wavy foot", 0.18, (
        "4,24 16,4 34,0 52,14 50,38 28,70 2,98! 20,90 40,97 64,92",
        "2,22 18,2 38,2 54,20 46,46 22,76 0,96! 20,84 44,100 76,84",
    )),
    Allograph(2, "looped foot", 0.18, (
        "4,22 18,3 38,2 52,18 46,46 26,76 10,96 2,92 8,84 28,92 46,99 66,92",
        "4,20 20,2 42,2 56,20 48,46 24,78 8,98 -6,90 6,76 34,90 52,99 80,88",
    )),
    Allograph(2, "curled head", 0.12, (
        "14,28 5,20 12,4 32,0 52,14 48,40 26,72 2,98! 30,97 64,95",
        "22,30 8,28 6,10 30,0 56,14 50,42 26,74 0,98! 34,98 76,92",
    )),
    Allograph(2, "curled both ends", 0.1, (
        "16,28 6,20 14,3 34,0 52,16 46,46 26,76 10,96 2,92 8,84 28,92 46,99 66,92",
        "24,32 8,28 8,8 34,0 56,16 48,48 24,78 8,98 -6,90 6,78 34,90 52,99 80,88",
    )),
    Allograph(2, "angular", 0.1, (
        "4,10 24,3 54,2! 30,48 2,98! 30,98 62,97",
        "4,18 22,1 56,6! 28,58 0,98! 30,98 70,94",
    )),
    Allograph(2, "swan", 0.06, (
        "4,24 16,4 34,0 44,18 34,44 12,68 6,97! 30,98 62,95",
        "6,26 16,6 30,0 40,16 32,40 8,66 2,97! 30,99 74,94",
    )),
    Allograph(2, "small foot", 0.06, (
        "4,22 16,3 32,0 48,14 46,40 28,74 6,97! 22,96 42,100",
        "2,26 14,4 30,0 44,16 42,44 26,76 0,96! 16,92 38,100",
    )),

    Allograph(3, "round", 0.28, (
        "4,12 26,0 48,12 46,34 22,46! 46,54 56,76 38,98 14,98 0,86",
        "2,18 24,0 52,10 46,36 18,46! 50,54 60,80 36,100 10,98 0,84",
    ), in_mnist=True),
    Allograph(3, "flat top", 0.22, (
        "4,4 28,2 52,2! 24,40! 46,46 56,72 40,98 14,99 0,88",
        "2,6 30,3 60,0! 20,38! 50,44 60,74 38,99 10,99 -4,86",
    )),
    Allograph(3, "looped middle", 0.2, (
        "4,14 26,0 48,12 44,34 26,48 16,46 26,42 48,54 56,78 36,99 10,97 0,86",
        "2,16 24,0 50,10 46,34 26,52 10,50 20,40 48,50 60,78 36,99 8,98 -4,84",
    )),
    Allograph(3, "pointed middle", 0.14, (
        "2,8 28,0 48,14 38,32 10,46! 42,54 54,74 40,96 14,99 0,92",
        "2,6 36,0 54,10 40,28 4,48! 40,52 58,70 42,94 16,100 -4,96",
    )),
    Allograph(3, "curled ends", 0.1, (
        "12,22 4,12 24,0 48,12 44,34 22,45! 46,52 56,76 36,100 8,96 4,82",
        "18,26 2,18 20,0 50,10 46,34 20,46! 50,52 60,78 34,100 4,96 12,80",
    )),
    Allograph(3, "like Z", 0.06, (
        "6,4 28,2 50,2! 34,22 18,42! 40,44 52,66 38,88 4,100",
        "2,2 32,2 58,0! 34,22 12,42! 44,44 52,68 34,90 -6,102",
    )),

    Allograph(4, "open", 0.3, (
        "10,3 3,54! 32,54 64,52 | 50,6 48,55 46,100",
        "16,2 2,60! 34,58 76,54 | 56,0 50,50 44,100",
    ), in_mnist=True),
    Allograph(4, "open and round", 0.14, (
        "8,4 4,40 14,55 34,52 54,44 | 52,2 50,50 48,100",
        "12,4 2,44 14,62 38,58 70,46 | 58,0 52,50 44,100",
    ), in_mnist=True),
    Allograph(4, "low stem", 0.14, (
        "18,0 3,60! 34,60 70,58 | 46,24 45,60 44,100",
        "30,0 2,58! 34,60 76,58 | 52,38 46,70 40,102",
    )),
    Allograph(4, "closed", 0.12, (
        "44,0! 22,34 2,66! 34,65 66,64 | 45,0 45,50 45,100",
        "52,0! 24,34 0,72! 36,70 78,66 | 51,2 48,50 46,100",
    )),
    Allograph(4, "sail", 0.12, (
        "44,100 45,50 46,0! 22,30 2,60! 34,60 66,60",
        "46,100 49,50 52,2! 20,38 0,74! 36,74 76,72",
    )),
    Allograph(4, "small sail", 0.04, (
        "42,100 44,50 44,2! 16,28 3,54! 34,54 66,52",
        "46,100 50,50 52,2! 22,28 1,52! 34,52 80,48",
    )),
    Allograph(4, "lightning", 0.04, (
        "22,0 12,26 3,52! 28,50 54,48! 49,74 44,100",
        "34,0 18,26 2,56! 30,52 60,44! 52,70 42,100",
    )),
    Allograph(4, "like h", 0.04, (
        "6,0 5,30 4,66! 18,50 36,46 44,62 44,100",
        "22,0 12,30 4,64! 22,50 42,46 46,64 42,100",
    )),
    Allograph(4, "like y", 0.06, (
        "6,4 4,34 14,48 32,46 48,30 52,4! 48,50 44,100",
        "2,10 2,38 14,54 34,48 52,28 58,0! 48,50 36,100",
    )),

    Allograph(5, "two strokes", 0.2, (
        "12,3 10,20 8,42! 32,37 54,54 52,84 28,100 2,92 | 12,3 34,2 58,1",
        "16,4 12,22 8,44! 36,38 58,58 52,86 26,100 0,94 | 14,4 40,2 66,0",
    ), in_mnist=True),
    Allograph(5, "one stroke", 0.16, (
        "56,2 36,3 14,4! 11,22 8,42! 32,37 54,54 52,84 28,100 2,92",
        "66,0 40,2 18,4! 12,22 6,46! 34,40 56,60 50,88 24,100 -2,92",
    ), in_mnist=True),
    Allograph(5, "bar apart", 0.16, (
        "12,10 10,26 8,46! 32,41 54,58 52,86 28,100 2,93 | 20,2 40,1 62,0",
        "14,16 11,30 8,48! 34,42 56,60 52,88 26,100 0,94 | 28,4 48,2 74,0",
    )),
    Allograph(5, "long bar", 0.16, (
        "12,6 10,22 8,44! 32,39 54,56 52,85 28,100 2,93 | 10,6 44,4 78,2",
        "14,8 10,26 6,46! 32,41 52,58 48,88 24,100 -2,94 | 8,8 60,4 112,0",
    )),
    Allograph(5, "round neck", 0.12, (
        "56,3 34,3 12,6 8,24 10,44 34,42 54,58 50,86 26,100 2,93",
        "62,2 34,2 12,10 6,28 12,44 34,42 56,60 50,88 26,100 0,95",
    )),
    Allograph(5, "S", 0.08, (
        "56,4 32,1 12,16 16,36 40,50 54,72 40,96 4,95",
        "60,6 34,0 8,16 14,36 42,52 56,76 36,99 -2,90",
    )),
    Allograph(5, "like r", 0.04, (
        "6,36 16,62 20,98 26,56 44,20 74,18",
        "0,30 12,60 14,100 24,50 44,12 92,10",
    )),
    Allograph(5, "small belly", 0.08, (
        "16,6 13,28 10,52! 26,50 40,66 34,88 18,100 2,96 | 16,5 36,4 58,2",
        "22,6 16,30 10,58! 26,56 36,72 30,92 16,100 0,96 | 22,4 50,3 80,0",
    )),

    Allograph(6, "large loop", 0.28, (
        "42,0 20,20 5,56 9,88 30,100 52,86 50,62 32,52 7,70",
        "52,0 22,20 3,60 9,92 32,100 56,84 52,56 30,48 6,68",
    ), in_mnist=True),
    Allograph(6, "small loop", 0.2, (
        "46,0 20,30 5,70 11,96 28,100 44,88 40,72 24,70 8,84",
        "56,0 22,36 4,78 12,98 26,100 40,90 35,79 21,77 7,88",
    )),
    Allograph(6, "straight stem", 0.2, (
        "36,0 21,32 6,66 8,94 28,100 48,88 46,68 28,60 7,74",
        "52,0 28,32 5,70 8,95 28,100 46,90 42,72 26,68 6,82",
    )),
    Allograph(6, "upright", 0.12, (
        "14,0 6,30 3,64 10,94 28,100 46,88 44,68 26,60 4,74",
        "6,0 3,34 2,70 10,96 30,100 50,88 46,66 26,58 3,74",
    )),
    Allograph(6, "open loop", 0.14, (
        "46,2 18,18 4,56 12,92 34,100 54,84 48,64 30,58 18,66",
        "54,6 22,10 3,54 16,94 42,98 58,80 48,62 32,62 22,74",
    )),
    Allograph(6, "like b", 0.06, (
        "10,0 6,40 6,80 14,98 34,98 44,82 34,70 18,78 8,90",
        "28,0 12,40 4,78 12,98 34,98 46,84 34,76 20,82 10,92",
    )),

    Allograph(7, "plain", 0.15, (
        "2,5 28,3 54,2! 40,45 24,100",
        "0,2 34,4 66,2! 40,50 12,100",
    ), in_mnist=True),
    Allograph(7, "crossed", 0.24, (
        "2,5 28,3 54,2! 40,45 24,100 | 18,52 36,50 56,48",
        "0,2 34,4 64,2! 38,50 14,100 | 6,56 36,52 70,46",
    )),
    Allograph(7, "long bar", 0.1, (
        "2,5 28,3 54,2! 38,45 24,100 | 4,54 36,51 68,48",
        "6,2 34,4 62,2! 38,50 18,100 | -16,56 36,50 86,44",
    )),
    Allograph(7, "hooked", 0.07, (
        "3,18 5,11 7,3! 32,4 56,2! 38,48 24,100",
        "0,28 2,16 5,2! 36,4 66,0! 38,50 16,100",
    )),
    Allograph(7, "hooked, crossed", 0.1, (
        "3,18 5,11 7,3! 32,4 56,2! 38,48 24,100 | 16,53 36,51 58,48",
        "0,28 2,16 5,2! 36,4 66,0! 38,50 16,100 | 4,57 38,52 74,46",
    )),
    Allograph(7, "wavy", 0.07, (
        "2,14 12,4 32,8 56,2! 38,48 24,100",
        "0,20 12,0 38,12 66,0! 38,50 16,100",
    )),
    Allograph(7, "wavy, crossed", 0.08, (
        "2,14 12,4 32,8 56,2! 38,48 24,100 | 16,53 36,50 58,48",
        "0,20 12,0 38,12 66,0! 38,50 16,100 | 4,57 38,51 74,46",
    )),
    Allograph(7, "like plus", 0.05, (
        "22,10 34,3 48,0! 40,46 32,100 | 2,46 36,46 72,42",
        "30,4 40,1 48,0! 42,46 36,100 | -8,50 38,48 80,40",
    )),
    Allograph(7, "bowed", 0.05, (
        "2,4 30,3 54,5 40,28 26,60 22,100",
        "0,4 36,2 60,8 38,30 20,58 18,100",
    )),
    Allograph(7, "crossed, small head", 0.09, (
        "10,5 24,4 40,2! 34,46 28,100 | 8,50 32,48 58,46",
        "14,6 26,4 40,0! 32,46 24,100 | -6,54 32,49 72,44",
    )),

    Allograph(8, "S start", 0.3, (
        "50,12 28,0 9,18 26,44 52,72 30,100 4,78 26,48 48,22 44,8",
        "56,14 34,0 10,18 28,44 54,74 28,100 2,80 28,50 56,22 50,8",
    ), in_mnist=True),
    Allograph(8, "two circles", 0.2, (
        "28,46 10,36 10,12 28,0 46,12 46,36 29,46 | 28,46 6,60 6,88 28,100 50,88 50,60 29,46",
        "28,42 14,34 13,10 30,0 46,10 45,34 28,42 | 28,43 2,56 2,88 30,100 58,88 56,56 30,44",
    )),
    Allograph(8, "open top", 0.18, (
        "42,6 24,2 10,20 26,44 52,72 30,100 4,78 26,48 50,26 58,6",
        "34,9 16,6 8,24 26,44 52,74 28,100 2,80 28,50 54,26 70,0",
    )),
    Allograph(8, "hourglass", 0.12, (
        "6,6 18,30 46,70 46,94 26,100 8,92 12,68 44,26 50,6 28,0 6,6",
        "2,8 20,34 52,74 46,96 24,100 4,92 8,70 48,26 54,4 28,0 2,8",
    )),
    Allograph(8, "large head", 0.12, (
        "48,14 28,0 4,14 8,40 28,56 44,78 28,100 12,80 28,56 50,38 50,12",
        "54,16 30,0 4,14 8,42 30,60 42,82 26,100 12,82 28,60 56,38 54,12",
    )),
    Allograph(8, "open waist", 0.08, (
        "48,12 28,0 10,16 24,38 50,68 32,100 6,84 16,62 38,42 52,22",
        "44,8 24,2 8,18 24,40 52,70 30,100 2,82 14,58 42,38 62,14",
    )),

    Allograph(9, "straight stem", 0.22, (
        "46,12 26,1 5,22 12,46 34,42 48,10! 47,55 45,100",
        "52,10 26,0 3,24 14,50 40,42 54,6! 49,50 42,100",
    ), in_mnist=True),
    Allograph(9, "curved stem", 0.16, (
        "46,14 26,1 5,22 12,46 32,44 46,16! 46,52 26,100",
        "54,16 28,0 3,22 14,50 40,42 54,14! 48,60 8,100",
    ), in_mnist=True),
    Allograph(9, "hooked like g", 0.16, (
        "44,12 26,1 5,20 12,42 32,38 46,8! 46,50 44,88 26,100 6,90",
        "50,12 26,0 3,20 14,42 38,34 52,4! 52,54 46,90 20,100 -8,84",
    )),
    Allograph(9, "open loop", 0.1, (
        "38,4 18,2 5,22 14,46 34,40 48,14! 47,55 45,100",
        "34,6 16,0 3,20 10,46 34,44 54,12! 50,52 44,100",
    )),
    Allograph(9, "capped", 0.08, (
        "62,3 38,0 8,14 10,32 32,36 50,22 46,50 40,100",
        "78,6 40,0 2,16 6,36 34,36 48,18 40,56 30,100",
    )),
    Allograph(9, "wide loop", 0.04, (
        "40,22 20,34 4,20 24,2 54,3 60,18 44,32 38,60 32,100",
        "44,20 16,36 -2,20 24,0 62,4 66,18 44,30 36,58 26,100",
    )),
    Allograph(9, "spiral", 0.1, (
        "44,34 24,48 6,28 18,2 42,6 50,32 40,68 20,100",
        "50,36 22,50 2,28 18,0 46,4 54,34 38,72 4,98",
    )),
    Allograph(9, "looped", 0.08, (
        "44,10 24,0 5,22 14,46 36,36 48,8 54,2 50,16 46,55 40,100",
        "46,10 22,2 3,24 14,50 38,36 52,6 60,-6 56,14 48,55 36,100",
    )),
    Allograph(9, "curled tail", 0.06, (
        "46,12 26,1 5,22 12,44 34,40 48,14! 48,60 36,96 18,98 14,86",
        "52,12 26,0 3,22 12,46 38,40 54,10! 50,60 34,98 10,98 8,78",
    )),
)  # fmt: skip


def choose(digit: int, rng: np.random.Generator) -> Allograph:
    """Choose a form of a digit by the shares of the forms."""
    forms = forms_of(digit)
    shares = np.cumsum([form.share for form in forms])
    return forms[int(np.searchsorted(shares[:-1], rng.random() * shares[-1], "right"))]


def forms_of(digit: int) -> tuple[Allograph, ...]:
    """Return the forms of one digit."""
    return tuple(form for form in FORMS if form.digit == digit)


def write(
    digit: int, rng: np.random.Generator, form: Allograph | None = None, slant: float = 0.0
) -> tuple[Stroke, ...]:
    """Return the strokes of one digit.

    Parameters
    ----------
    digit : 0 to 9
    rng : the same state gives the same strokes
    form : None chooses by the shares
    slant : of the writer, px to the right for each px upwards

    Returns
    -------
    tuple of float32, shape (points, 2)
        Each stroke as (x, y) in heights of the digit, y down from 0.0 to 1.0, x from 0.0; in
        the order of writing, from `strokes[0][0]` to `strokes[-1][-1]`.
    """
    form = form or choose(digit, rng)
    first, last, corner, lifted = _control_points(form)
    points = first + rng.uniform(-BEYOND, 1 + BEYOND, 2) * (last - first)
    points = points + _jitter(len(points), rng)
    points[:, 1] = points[:, 1].clip(0, None) ** np.exp(rng.normal(0, PROPORTION))
    points[:, 0] -= points[:, 1] * (slant + rng.normal(0, LEAN))
    points[:, 0] *= np.exp(rng.normal(0, STRETCH))
    ways = [_way(*part) for part in _split(points, corner, lifted)]
    every = np.concatenate(ways)
    origin, height = every.min(axis=0), np.ptp(every[:, 1])
    return tuple(((way - origin) / height).astype(np.float32) for way in ways)


def _jitter(n: int, rng: np.random.Generator) -> np.ndarray:
    """Return the random error of each control point: (n, 2)."""
    fresh = rng.normal(0, rng.uniform(*JITTER), (n + 1, 2))
    return TREND * fresh[:-1] + np.sqrt(1 - TREND**2) * fresh[1:]


@cache
def _control_points(form: Allograph) -> tuple[np.ndarray, np.ndarray, np.ndarray, tuple[int, ...]]:
    """Parse the drawings: points of both extremes, corners, and first points of strokes."""
    strokes = [[stroke.split() for stroke in drawing.split("|")] for drawing in form.drawings]
    words = [[word for stroke in drawing for word in stroke] for drawing in strokes]
    first, last = (
        np.array([[float(v) for v in word.rstrip("!").split(",")] for word in drawing]) / 100
        for drawing in words
    )
    corner = np.array([word.endswith("!") for word in words[0]])
    lifted = tuple(np.cumsum([len(stroke) for stroke in strokes[0][:-1]], dtype=int).tolist())
    return first, last, corner, lifted


def _split(
    points: np.ndarray, corner: np.ndarray, lifted: tuple[int, ...]
) -> list[tuple[np.ndarray, np.ndarray]]:
    """Split the control points into strokes."""
    return list(zip(np.split(points, lifted), np.split(corner, lifted), strict=True))


def _way(points: np.ndarray, corner: np.ndarray) -> np.ndarray:
    """Return the curve through control points, smooth except at corners."""
    cuts = [0, *(np.flatnonzero(corner[1:-1]) + 1).tolist(), len(points) - 1]
    parts = [_spline(points[a : b + 1]) for a, b in pairwise(cuts)]
    return np.concatenate([*parts, points[-1:]])


_STEPS = np.arange(SMOOTH)[:, None] / SMOOTH
_CATMULL_ROM = np.array([[0, 2, 0, 0], [-1, 0, 1, 0], [2, -5, 4, -1], [-1, 3, -3, 1]]) / 2
_BLEND = _STEPS ** np.arange(4) @ _CATMULL_ROM  # (steps, 4): weights of four neighbours


def _spline(points: np.ndarray) -> np.ndarray:
    """Return a Catmull-Rom spline through the points, without the last one."""
    padded = np.concatenate([2 * points[:1] - points[1:2], points, 2 * points[-1:] - points[-2:-1]])
    four = np.stack([padded[i : i + len(points) - 1] for i in range(4)])  # (4, segments, 2)
    return np.einsum("sk,kgc->gsc", _BLEND, four).reshape(-1, 2)


def draw_frame(digit: int, rng: np.random.Generator) -> Frame:
    """Return a drawn digit as a frame: (28, 28)."""
    ink = draw(write(digit, rng), HEIGHT, rng.uniform(*PEN), rng)
    return to_frame(ink, Box(0, 0, ink.shape[1], ink.shape[0]))
