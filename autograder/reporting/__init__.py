"""Write the tables and files that people read after grading."""
