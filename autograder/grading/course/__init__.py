"""The files of a course: its directory, lessons, private folder; knows no nbgrader."""
