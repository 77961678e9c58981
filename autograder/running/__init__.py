"""How a submission runs."""
