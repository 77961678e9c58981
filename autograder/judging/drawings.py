"""Draw the pictures of cards: curve, difference of matrices, layers, entries, histogram, point cloud."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from autograder.judging import style

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

Array = np.ndarray[Any, Any]
_LARGEST = 40  # the number of rows and columns of a matrix that are drawn
_POINTS = 300


def curve(figure: Figure, x: Array, got: Array, want: Array, labels: tuple[str, str], logx: bool) -> str:
    """Draw the answer's curve on top of the expected one, and return a description."""
    low, high = float(np.min(want)), float(np.max(want))
    margin = 0.15 * (high - low or 1.0)
    far = 100 * margin  # outside of the picture; larger numbers could overflow when they are drawn
    ax = _axes(figure, 1)[0]
    ax.plot(x, want, color=style.BLUE, linewidth=5, alpha=0.6, label="expected")
    seen = np.clip(got, low - far, high + far)
    ax.plot(x, seen, color=style.ORANGE, linewidth=1.6, linestyle="--", label="yours")
    ax.set_ylim(low - margin, high + margin)
    ax.set(xlabel=labels[0], ylabel=labels[1], xscale="log" if logx else "linear")
    ax.minorticks_off()  # on a logarithmic axis they take longer to draw than the rest of the picture
    ax.legend(frameon=False, loc="best")
    same = np.allclose(got, want, rtol=1e-3, atol=1e-3 * float(np.max(np.abs(want))), equal_nan=True)
    return f"your curve {'lies on' if same else 'differs from'} the expected one"


def difference(figure: Figure, got: Array, want: Array) -> str:
    """Draw two matrices and, if their shapes are equal, their difference; return a description."""
    panels = [("expected", want), ("yours", got)]
    if got.shape == want.shape:
        panels.append(("yours − expected", _minus(got, want)))
    largest = [_largest(matrix) for _, matrix in panels]
    common = max(largest[0], min(largest[1], 3 * largest[0])) or 1.0
    scales = [common, common, *(min(entry, 1e300) or 1.0 for entry in largest[2:])]
    figure.subplots_adjust(left=0.02, right=0.98, bottom=0.04, top=0.78, wspace=0.15)
    for number, ((title, matrix), scale) in enumerate(zip(panels, scales, strict=True), start=1):
        ax = figure.add_subplot(1, len(panels), number)
        ax.axis("off")
        shown = np.ma.masked_invalid(matrix[:_LARGEST, :_LARGEST])
        ax.imshow(shown, cmap=_purple_to_orange(), vmin=-scale, vmax=scale)
        ax.set_title(f"{title}, {_shape(matrix)}\norange −{scale:.3g} … purple {scale:.3g}", fontsize=8)
    if got.shape != want.shape:
        return f"your matrix has shape {_shape(got)}, the expected one {_shape(want)}"
    rows, columns = np.nonzero(_differs(got, want))
    if not len(rows):
        return "your matrix is the expected one"
    return (
        f"your matrix of shape {_shape(got)} differs from the expected one in {len(rows)} of {got.size} entries, "
        f"by {largest[2]:.3g} at most; the first is in row {rows[0]}, column {columns[0]}"
    )


def layers(figure: Figure, got: list[Array], want: list[Array]) -> str:
    """Draw the root mean square of each layer, the answer's beside the expected one; return a description."""
    heights = [np.array([_rms(layer) for layer in arrays]) for arrays in (want, got)]
    ax = _axes(figure, 1, right=0.8)[0]
    _paired_bars(ax, heights, first=1)
    positive = np.concatenate(heights)[np.concatenate(heights) > 0]
    if positive.size and positive.max() > 100 * positive.min():
        ax.set_yscale("log")
    ax.set(xlabel="layer", ylabel="root mean square")
    if len(got) != len(want):
        return f"{len(got)} arrays instead of {len(want)}"
    wrong = [n for n, pair in enumerate(zip(got, want, strict=True), start=1) if _are_different(*pair)]
    return f"the values differ in layer {', '.join(map(str, wrong))}" if wrong else "the values agree in every layer"


def entries(figure: Figure, got: Array, want: Array) -> str:
    """Draw the entries of two short vectors side by side, and return a description."""
    ax = _axes(figure, 1, right=0.8)[0]
    seen = np.clip(np.nan_to_num(got.astype(float)), -5 * _largest(want) - 1, 5 * _largest(want) + 1)
    _paired_bars(ax, [want.astype(float), seen], first=0)
    ax.axhline(0, linewidth=0.8, color=ax.spines["left"].get_edgecolor())
    ax.set(xlabel="entry", ylabel="value")
    if got.shape != want.shape:
        return f"{got.size} entries instead of {want.size}"
    wrong = np.flatnonzero(_differs(got, want))
    return f"the values differ in entry {', '.join(map(str, wrong))}" if wrong.size else "the values agree everywhere"


def _paired_bars(ax: Axes, heights: list[Array], first: int) -> None:
    """Draw the expected values and the answer's as bars of different colour and hatching; number them from `first`."""
    for values, shift, colour, name, hatch in zip(
        heights, (-0.2, 0.2), (style.BLUE, style.ORANGE), ("expected", "yours"), (None, "//"), strict=True
    ):
        places = np.arange(len(values)) + first + shift
        ax.bar(places, values, width=0.38, color=colour, alpha=0.8, label=name, hatch=hatch, linewidth=0)
    ax.set_xticks(range(first, first + max(map(len, heights))))
    ax.legend(frameon=False, loc="center left", bbox_to_anchor=(1.0, 0.5))


def histogram(figure: Figure, got: Array, want: Array) -> str:
    """Draw a histogram of the entries over that of a right answer, and return a description."""
    reach = 1.2 * float(np.quantile(np.abs(want), 0.999) or 1.0)
    reach = max(reach, min(float(np.quantile(np.abs(got), 0.99)), 4 * reach))
    ax = _axes(figure, 1, right=0.8)[0]
    edges = np.linspace(-reach, reach, 61)
    for values, colour, name, filled in ((want, style.BLUE, "expected", True), (got, style.ORANGE, "yours", False)):
        share = np.histogram(np.clip(values, -reach, reach), bins=edges)[0] / values.size
        ax.stairs(share, edges, color=colour, alpha=0.6 if filled else 1.0, fill=filled, linewidth=1.6, label=name)
    ax.set(xlabel="entry", ylabel="share")
    ax.legend(frameon=False, loc="center left", bbox_to_anchor=(1.0, 0.5))
    return (
        f"your entries have mean {np.mean(got):.3g} and standard deviation {np.std(got):.3g}, "
        f"those of a right answer {np.mean(want):.3g} and {np.std(want):.3g}"
    )


def cloud(figure: Figure, got: Array, want: Array) -> str:
    """Draw the first two features of both point clouds, side by side at one scale; return a description."""
    reach = 1.1 * float(np.max(np.abs(want[:, :2]), initial=0.0)) or 1.0
    reach = max(reach, min(1.1 * float(np.quantile(np.abs(got[:, :2]), 0.98)), 5 * reach))
    panels = (("expected", want, style.BLUE, "o"), ("yours", got, style.ORANGE, "^"))
    for ax, (title, points, colour, marker) in zip(_axes(figure, 2, top=0.88), panels, strict=True):
        x, y = points[:_POINTS, :2].T
        ax.scatter(x, y, s=8, alpha=0.6, color=colour, marker=marker, linewidths=0, rasterized=True)
        ax.set(xlim=(-reach, reach), ylim=(-reach, reach), aspect="equal", xlabel="feature 0", ylabel="feature 1")
        ax.set_title(title, fontsize=9)
    spreads = [f"{np.std(p[:, 0]):.3g} and {np.std(p[:, 1]):.3g}" for p in (got, want)]
    return f"your cloud spreads by {spreads[0]} along the first two features, the expected one by {spreads[1]}"


def _axes(figure: Figure, count: int, *, right: float = 0.98, top: float = 0.95, wspace: float = 0.45) -> list[Axes]:
    figure.subplots_adjust(left=0.11, right=right, bottom=0.24, top=top, wspace=wspace)
    axes = list(figure.subplots(1, count, squeeze=False).flat)
    for ax in axes:
        ax.patch.set_alpha(0)
        ax.spines[["top", "right"]].set_visible(False)
    return axes


def _purple_to_orange() -> Any:
    """Return a colour map for colour-blind readers too, with grey for NaN."""
    from matplotlib import colormaps

    return colormaps["PuOr"].with_extremes(bad="#808080")


def _shape(matrix: Array) -> str:
    return f"{matrix.shape[0]} × {matrix.shape[1]}"


def _minus(got: Array, want: Array) -> Array:
    return np.subtract(got, want, dtype=np.float64)


def _differs(got: Array, want: Array) -> Any:
    return ~np.isclose(got, want, rtol=1e-6, atol=1e-9 * _largest(want), equal_nan=True)


def _are_different(got: Array, want: Array) -> bool:
    return got.shape != want.shape or bool(_differs(got, want).any())


def _largest(matrix: Array) -> float:
    return float(np.max(np.abs(matrix[np.isfinite(matrix)]), initial=0.0))


def _rms(layer: Array) -> float:
    finite = layer[np.isfinite(layer)].astype(float)
    return float(np.sqrt(np.mean(np.square(finite)))) if finite.size else 0.0
