"""How a class is graded: the course directory, submissions, kernels, marks, nbgrader, workers."""
