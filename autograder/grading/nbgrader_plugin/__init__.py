"""Extend nbgrader's own commands, and use nbgrader to release lessons."""
