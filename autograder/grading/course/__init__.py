"""What is on disk: the course directory and its lessons; knows no nbgrader."""
