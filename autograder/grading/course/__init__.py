"""Read and write the files of a course: its directory, lessons and private folder; without nbgrader."""
