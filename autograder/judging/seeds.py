"""Draw secret seeds."""

from __future__ import annotations

import secrets

# JavaScript also reads notebooks and cards, and its integers are exact only below 2**53. Courses that were released
# earlier have larger seeds. They are used unchanged, as a new seed would change marks.
_BITS = 53


def draw_seed() -> int:
    """Return a secret random seed that every reader of JSON reads exactly: from 0 to 2**53 - 1."""
    return secrets.randbits(_BITS)
