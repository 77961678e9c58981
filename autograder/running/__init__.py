"""Run a submission in a sandboxed kernel and call its functions from the judge's process."""
