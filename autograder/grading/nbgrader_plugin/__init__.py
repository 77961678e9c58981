"""What plugs into nbgrader's own commands."""
