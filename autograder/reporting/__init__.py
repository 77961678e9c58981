"""Reports on a graded class: tables and JSON."""
