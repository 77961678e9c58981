"""Run and judge one submission: a pure task, on any machine."""
