"""What is on disk: the course directory, a lesson's files, the private folder; knows no nbgrader."""
