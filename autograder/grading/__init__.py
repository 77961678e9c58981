"""How a class is graded: the course directory, nbgrader's pipeline, the gradebook."""

import sys

# nbformat's schema checker offers to check internationalized web addresses, of which a notebook has none, and builds a
# grammar for that whenever it is imported: a second of every command. Without the grammar it leaves these out.
sys.modules.setdefault("rfc3987_syntax", None)  # type: ignore[arg-type]  # what marks a module as absent
