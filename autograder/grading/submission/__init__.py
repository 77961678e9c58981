"""The submission of a student: read, parsed, restored around the released cells."""
