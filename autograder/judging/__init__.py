"""The judge: exercises, comparison, verdict, card. It needs NumPy only, so it also runs in a browser."""
