"""Grade a class: coordinator, worker processes, Dask cluster."""
