"""Grade a class: course directory, submissions, kernels, marks, nbgrader and workers."""
