"""How a class is graded: the course directory, nbgrader's pipeline, the gradebook."""
