"""What runs in the trusted process: kernels, calls into them, limits on them."""
