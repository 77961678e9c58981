"""Modules that run in the kernel's process, beside the submission."""
