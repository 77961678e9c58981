"""Cases and wrong answers that several exercises of lesson 07 share."""

from __future__ import annotations

from typing import Any

import numpy as np

Array = np.ndarray[Any, Any]
