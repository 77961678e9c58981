"""Time of one training step, compared with PyTorch on the same processor and with the matrix products alone."""

from __future__ import annotations

import argparse
import os
import resource
import statistics
import sys
import time
import tracemalloc
from collections.abc import Callable
from itertools import pairwise

# Both libraries read this only when they are imported.
os.environ["OPENBLAS_NUM_THREADS"] = os.environ["OMP_NUM_THREADS"] = "1"

import numpy as np

from course_lib.activations import relu, relu_derivative
from course_lib.engine import Engine
from course_lib.initialization import he_init
from course_lib.networks import Network, network_of

try:
    import torch
    from torch import nn
except ImportError:
    torch = None  # type: ignore[assignment]

CONFIGURATIONS = [(10, 256, 128), (3, 100, 60), (10, 64, 64)]  # hidden layers, units a layer, batch size
PIXELS, CLASSES = 64, 10
RATE = 1e-4
Step = Callable[[], object]


def engine_step(network: Network, x: np.ndarray, labels: np.ndarray) -> Step:
    """Return a function that runs one step of the course's engine."""
    engine = Engine(network, len(x))
    return lambda: engine.step(x, labels, RATE)


def torch_module(network: Network) -> nn.Sequential:
    """Build the same network from PyTorch's layers."""
    layers: list[nn.Module] = []
    for W in network.weights[:-1]:
        layers.append(nn.Linear(*W.shape, bias=not network.norms))
        if network.norms:
            layers.append(nn.BatchNorm1d(W.shape[1]))
        layers.append(nn.ReLU())
    module = nn.Sequential(*layers, nn.Linear(*network.weights[-1].shape))
    with torch.no_grad():
        linear = [layer for layer in module if isinstance(layer, nn.Linear)]
        for layer, W in zip(linear, network.weights, strict=True):
            layer.weight.copy_(torch.from_numpy(W.T))
    return module


def torch_optimizer_step(network: Network, x: np.ndarray, labels: np.ndarray) -> Step:
    """Return a function that runs one step of PyTorch with its optimizer."""
    module, inputs, classes = torch_module(network), torch.from_numpy(x), torch.from_numpy(labels)
    optimizer = torch.optim.SGD(module.parameters(), lr=RATE)

    def step() -> float:
        optimizer.zero_grad()
        loss = nn.functional.cross_entropy(module(inputs), classes)
        loss.backward()
        optimizer.step()
        return loss.item()

    return step


def torch_plain_step(network: Network, x: np.ndarray, labels: np.ndarray) -> Step:
    """Return a function that runs one step of PyTorch with the update written out."""
    module, inputs, classes = torch_module(network), torch.from_numpy(x), torch.from_numpy(labels)
    parameters = list(module.parameters())

    def step() -> float:
        loss = nn.functional.cross_entropy(module(inputs), classes)
        loss.backward()
        with torch.no_grad():
            for p in parameters:
                p.sub_(p.grad, alpha=RATE)
                p.grad = None
        return loss.item()

    return step


def products_step(network: Network, x: np.ndarray, labels: np.ndarray) -> Step:
    """Return a function that runs only the matrix products of a step: h·W, hᵀ·δ and, except in layer 1, δ·Wᵀ."""
    sizes = [PIXELS, *(W.shape[1] for W in network.weights)]
    rows = [np.ones((len(x), size), np.float32) for size in sizes]
    weights = [np.ones(shape, np.float32) for shape in pairwise(sizes)]
    spare_rows, spare_weights = [h.copy() for h in rows], [W.copy() for W in weights]

    def step() -> None:
        for layer, W in enumerate(weights):
            np.dot(rows[layer], W, spare_rows[layer + 1])
        for layer in reversed(range(len(weights))):
            np.dot(rows[layer].T, rows[layer + 1], spare_weights[layer])
            if layer:
                np.dot(rows[layer + 1], weights[layer].T, spare_rows[layer])

    return step


def measure(steps: dict[str, Step], budget: float) -> tuple[dict[str, float], dict[str, float]]:
    """Measure median and minimum of each step in microseconds; the steps take turns for `budget` seconds."""
    times: dict[str, list[float]] = {name: [] for name in steps}
    start = time.perf_counter()
    while time.perf_counter() < start + budget:
        for name, step in steps.items():
            step()  # warms the caches, which contain the data of the previous step
            begin = time.perf_counter()
            step()
            times[name].append(1e6 * (time.perf_counter() - begin))
    settled = {name: values[len(values) // 10 :] for name, values in times.items()}
    medians = {name: statistics.median(values) for name, values in settled.items()}
    return medians, {name: min(values) for name, values in settled.items()}


def memory_growth(network: Network, x: np.ndarray, labels: np.ndarray, steps: int = 1000) -> tuple[float, float]:
    """Measure by how many kilobytes Python's allocator and the process's peak grow over `steps` steps."""
    step = engine_step(network, x, labels)
    for _ in range(20):
        step()
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    tracemalloc.start()
    step()
    before, _ = tracemalloc.get_traced_memory()
    for _ in range(steps):
        step()
    after, _ = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    return (after - before) / 1024, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - peak


def main() -> int:
    """Print a table of medians and ratios."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=4.0, help="time for each row of the table (default: 4)")
    seconds = parser.parse_args().seconds
    if torch is None:
        print("This benchmark compares with PyTorch, which is not installed: pip install torch", file=sys.stderr)
        return 2
    torch.set_num_threads(1)
    print("One step (forward, backward, update) of a ReLU network on 64 inputs and 10 classes, float32, one thread:")
    print("medians in microseconds; PyTorch is the faster of torch.optim.SGD and p.sub_(p.grad).")
    print("least: the ratio to PyTorch of the shortest times, which a busy machine disturbs least.")
    print(" network batch norm   engine PyTorch products  /PyTorch  least  /products")
    rng = np.random.default_rng(0)
    for hidden, width, batch_size in CONFIGURATIONS:
        for batch_norm in (False, True):
            sizes = [PIXELS, *[width] * hidden, CLASSES]
            weights = [he_init(rng, *shape).astype(np.float32) for shape in pairwise(sizes)]
            network = network_of(weights, relu, relu_derivative, batch_norm=batch_norm)
            x = rng.normal(size=(batch_size, PIXELS)).astype(np.float32)
            problem = network, x, rng.integers(0, CLASSES, size=batch_size)
            steps = {
                "engine": engine_step(*problem),
                "optimizer": torch_optimizer_step(*problem),
                "products": products_step(*problem),
                "plain": torch_plain_step(*problem),
            }
            took, best = measure(steps, seconds)
            pytorch = min(took["optimizer"], took["plain"])
            quiet = best["engine"] / min(best["optimizer"], best["plain"])
            print(
                f"{f'{hidden}x{width}':>8} {batch_size:>5} {'yes' if batch_norm else 'no':>4}  {took['engine']:>7.0f} "
                f"{pytorch:>7.0f} {took['products']:>8.0f}  {took['engine'] / pytorch:>8.2f}  {quiet:>5.2f}  "
                f"{took['engine'] / took['products']:>9.2f}"
            )
    traced, peak = memory_growth(*problem)
    print(f"memory after 1000 more steps of the last row: {traced:+.1f} kB in use, {peak:+.0f} kB at the peak")
    return 0


if __name__ == "__main__":
    sys.exit(main())
