"""Read, parse and restore the submission of a student."""
