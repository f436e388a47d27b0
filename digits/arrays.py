"""Array annotations with element type and shape, such as ``Float32[np.ndarray, "h w"]``.

They are those of jaxtyping where it is loaded, as in the tests, whose import hook checks every
call. Elsewhere they mean an array of any shape, and cost no import.
"""

import sys
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING or "jaxtyping" in sys.modules:
    from jaxtyping import (
        Bool,
        Float,
        Float16,
        Float32,
        Float64,
        Int,
        Int32,
        Num,
        UInt8,
    )
else:

    class AnyArray:
        """An annotation that means an array, whatever shape it names."""

        def __class_getitem__(cls, _: object) -> type[np.ndarray]:
            """Return the type without its shape."""
            return np.ndarray

    Bool = Float = Float16 = Float32 = Float64 = Int = Int32 = Num = UInt8 = AnyArray

__all__ = ["Bool", "Float", "Float16", "Float32", "Float64", "Int", "Int32", "Num", "UInt8"]
