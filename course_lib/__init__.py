"""Reference NumPy implementation of *Keep the Signal Alive*: the maths each lesson teaches, and what lessons use.

One subject a module: `activations`, `saturation`, `dense`, `losses`, `gradients` hold what students
implement; `data`, `networks`, `training`, `diagnostics` and `plots` carry the experiments.
Everything except `plots` and `experiments` needs NumPy alone.
"""

__version__ = "0.1.0"
