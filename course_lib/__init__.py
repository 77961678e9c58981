"""Reference NumPy implementation of *Keep the Signal Alive*: the maths each lesson teaches, and what lessons use.

One subject a module: `dense`, `losses`, `gradients`, `activations`, `saturation`, `backpropagation`, `units`,
`initialization`, `normalization`, `batchnorm` and `evidence` hold what students implement; `data`, `networks`,
`engine`, `training`, `diagnostics`, `plots` and `experiments` carry what lessons measure. Everything except `plots`
needs NumPy alone.
"""

__version__ = "0.3.0"
