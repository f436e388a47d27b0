"""The print of a form: what all of its pages share."""

from dataclasses import dataclass

import numpy as np

from digits.arrays import Bool, Float32, Float64, Int32
from digits.types import (
    Box,
)


@dataclass(frozen=True)
class FormPrint:
    """The print of a form: located on each page, and removed before the fields are read."""

    view: Float32[np.ndarray, "h w"]  # contrast, smoothed, without the fields' insides
    hidden: Bool[np.ndarray, "h w"]  # insides of fields
    erased: Bool[np.ndarray, "h w"]  # print that is removed before a field is read
    points: Float32[np.ndarray, "n 2"]  # px, features
    descriptors: Float32[np.ndarray, "n 128"]  # unit length
    tiles: Int32[np.ndarray, "m 2"]  # px, left and top of each tile
    n_page: int  # tiles chosen for the page; the others are for fields
    sides: tuple[tuple[Box, bool], ...]  # px, strips along fields' printed sides; True: level ones
    light_on_dark: bool  # print is lighter than its paper
    grid: Float64[np.ndarray, "r c 4 2"]  # px, corners of the cells of a table; empty where none is
