"""What is right: exercises, comparison, verdict, card. Runs wherever NumPy runs."""
