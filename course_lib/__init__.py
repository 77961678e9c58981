"""Reference NumPy implementation of *Keep the Signal Alive*: the mathematics of each lesson, and tools for experiments.

Each module has one subject. Students implement the functions of `dense`, `losses`, `gradients`, `activations`,
`saturation`, `backpropagation`, `unit_activity`, `initialization`, `normalization`, `batchnorm` and `comparing_runs`.
Lessons use `data`, `networks`, `engine`, `training`, `diagnostics`, `plots` and `experiments` for their measurements.
All modules except `plots` need only NumPy.
"""

__version__ = "0.3.0"
