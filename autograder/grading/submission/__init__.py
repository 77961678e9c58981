"""What a student handed in: read, parsed, restored around the released cells."""
