"""Figures in one style: colours for colour-blind readers, and line styles that differ in a grey printout."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import matplotlib as mpl
import matplotlib.pyplot as plt
import numpy as np
from cycler import cycler
from numpy.typing import ArrayLike

from course_lib.arrays import Array, Labels

if TYPE_CHECKING:
    from matplotlib.axes import Axes

# Okabe and Ito (2008), Color Universal Design; without the yellow, which is too pale on white.
BLUE, ORANGE, GREEN, PINK, SKY, RED = "#0072B2", "#E69F00", "#009E73", "#CC79A7", "#56B4E9", "#D55E00"
LINES = ["-", "--", "-.", ":", (0, (5, 1, 1, 1, 1, 1)), (0, (1, 1))]


def use_course_style() -> None:
    """Set matplotlib's defaults to the course's style; every lesson calls this first."""
    mpl.rcParams.update(
        {
            "axes.prop_cycle": cycler(color=[BLUE, ORANGE, GREEN, PINK, SKY, RED], linestyle=LINES),
            "axes.grid": True,
            "axes.spines.top": False,
            "axes.spines.right": False,
            "figure.figsize": (6.4, 3.4),
            "figure.constrained_layout.use": True,
            "figure.facecolor": "white",
            "font.size": 10,
            "grid.alpha": 0.25,
            "legend.frameon": False,
            "lines.linewidth": 2.0,
        }
    )


def plot_layers(ax: Axes, values: ArrayLike, label: str, *, log: bool = True) -> None:
    """Draw one number per layer, first layer on the left.

    Parameters
    ----------
    ax : matplotlib Axes
    values : array_like, shape (L,) or (S, L)
        With S rows (seeds), the line is the median and the band runs from the smallest to the largest.
    label : str
        Name of the line in the legend.
    log : bool
        Whether the vertical axis is logarithmic.
    """
    rows = np.atleast_2d(values)
    layers = np.arange(1, rows.shape[1] + 1)
    (line,) = ax.plot(layers, np.median(rows, axis=0), marker="o", markersize=4, label=label)
    if len(rows) > 1:
        ax.fill_between(layers, rows.min(axis=0), rows.max(axis=0), color=line.get_color(), alpha=0.15, lw=0)
    if log:
        ax.set_yscale("log")
    ax.set_xticks(layers)
    ax.set_xlabel("layer (1 is next to the input)")


def plot_runs(ax: Axes, curves: ArrayLike, label: str) -> None:
    """Draw a quantity over training: the median of several runs, and a band from the smallest to the largest.

    Parameters
    ----------
    ax : matplotlib Axes
    curves : array_like, shape (S, T)
        One row per seed, one column per time step.
    label : str
        Name of the line in the legend.
    """
    rows = np.atleast_2d(curves)
    time = np.arange(rows.shape[1])
    (line,) = ax.plot(time, np.median(rows, axis=0), label=label)
    ax.fill_between(time, rows.min(axis=0), rows.max(axis=0), color=line.get_color(), alpha=0.15, lw=0)


def plot_percentiles(ax: Axes, time: ArrayLike, percentiles: ArrayLike, label: str) -> None:
    """Draw how a distribution changes during training: its median, and a band between two percentiles.

    Parameters
    ----------
    ax : matplotlib Axes
    time : array_like, shape (T,)
    percentiles : array_like, shape (T, 3)
        Low, middle and high: the 15th, 50th and 85th in Ioffe and Szegedy (2015), figure 1.
    label : str
        Name of the line in the legend.
    """
    low, middle, high = np.transpose(percentiles)
    (line,) = ax.plot(time, middle, label=label)
    ax.fill_between(time, low, high, color=line.get_color(), alpha=0.15, lw=0)


def plot_matrix(ax: Axes, M: ArrayLike, title: str) -> None:
    """Draw a matrix as a heat map, row 0 on top: 0 is white, and each sign has one colour.

    Parameters
    ----------
    ax : matplotlib Axes
    M : array_like, shape (R, C)
    title : str
    """
    M = np.asarray(M)
    # From orange to purple: colour-blind readers can distinguish these two colours.
    most = float(np.max(np.abs(M))) or 1.0
    image = ax.imshow(M, cmap="PuOr_r", vmin=-most, vmax=most)
    ax.set_title(title, fontsize=9)
    ax.grid(False)
    ax.figure.colorbar(image, ax=ax, shrink=0.8)


def plot_cloud(ax: Axes, points: Array, title: str) -> None:
    """Draw points in the plane with equal scales on both axes, so that a round cloud looks round.

    Parameters
    ----------
    ax : matplotlib Axes
    points : ndarray, shape (N, 2)
    title : str
    """
    ax.scatter(points[:, 0], points[:, 1], s=9, alpha=0.5, color=BLUE, lw=0)
    ax.set_aspect("equal", adjustable="datalim")
    ax.set_title(title, fontsize=9)


def show_digits(images: Array, labels: Labels, rows: int = 2) -> None:
    """Show images of 64 pixels in a grid, each below its label.

    Parameters
    ----------
    images : ndarray, shape (N, 64)
    labels : ndarray, shape (N,)
    rows : int
        Number of rows of the grid, at least 1.
    """
    columns = -(-len(images) // rows)
    _, axes = plt.subplots(rows, columns, figsize=(0.75 * columns, 0.95 * rows), squeeze=False)
    for ax, image, label in zip(axes.flat, images, labels, strict=False):
        ax.imshow(image.reshape(8, 8), cmap="gray_r")
        ax.set_title(str(label), fontsize=9)
    for ax in axes.flat:
        ax.axis("off")
    plt.show()


def plot_histograms(arrays: Sequence[Array], titles: Sequence[str], *, span: tuple[float, float], label: str) -> None:
    """Draw histograms of several arrays side by side, with the same horizontal axis.

    Parameters
    ----------
    arrays : sequence of ndarray
        Any shapes. Entries outside of `span` are not drawn, but they count in the shares.
    titles : sequence of str
        One for each array; another number raises `ValueError`.
    span : (float, float)
        Ends of the horizontal axis.
    label : str
        Label of the horizontal axis.
    """
    figure, axes = plt.subplots(1, len(arrays), figsize=(1.9 * len(arrays), 2.3), sharey=True, squeeze=False)
    for ax, array, title in zip(axes.flat, arrays, titles, strict=True):
        weights = np.full(array.size, 1 / array.size)
        ax.hist(array.ravel(), bins=40, range=span, weights=weights, color=BLUE)
        ax.set_title(title, fontsize=9)
    axes[0, 0].set_ylabel("share of entries")
    figure.supxlabel(label, fontsize=10)
    plt.show()
