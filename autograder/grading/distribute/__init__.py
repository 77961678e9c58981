"""Grade a class with a coordinator and worker processes or a Dask cluster."""
