"""Read and write marks: gradebook, journal, notebooks and feedback pages."""
