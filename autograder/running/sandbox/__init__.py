"""Confine a kernel: namespaces, Landlock, seccomp, resource limits."""
