"""Names for the arrays that the modules hand each other."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

__all__ = ["Bytes", "Doubles", "Flags", "Ints"]

Bytes = npt.NDArray[np.uint8]
Doubles = npt.NDArray[np.float64]
Flags = npt.NDArray[np.bool_]
Ints = npt.NDArray[np.int64]
