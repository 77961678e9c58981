"""Tables and files that people read after grading."""
