"""Provide the functions that a student calls in a notebook."""
