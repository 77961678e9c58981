"""The parts that plug into nbgrader's own commands."""
