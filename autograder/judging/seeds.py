"""The range from which seeds are drawn."""

from __future__ import annotations

import secrets

# JavaScript reads notebooks and cards too, and its integers are exact below 2**53 only. Courses released earlier have
# larger seeds: they are used unchanged, since a new seed would change marks.
_BITS = 53


def draw_seed() -> int:
    """Return a secret random seed that every reader of JSON reads exactly: from 0 to 2**53 - 1."""
    return secrets.randbits(_BITS)
