"""Grading of a class: the course directory, submissions, kernels, marks, nbgrader, workers."""
