"""Start kernels, call functions in them and limit them, from the trusted process."""
