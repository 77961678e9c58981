import matplotlib as mpl
import matplotlib.pyplot as plt
import numpy as np
import pytest

from course_lib import plots


@pytest.fixture(autouse=True)
def shown(monkeypatch):
    """Replace `plt.show`; return the list of figures that it was called for."""
    plt.switch_backend("agg")
    figures = []

    def show():
        figures.extend(plt.figure(number) for number in plt.get_fignums())
        for figure in figures:
            figure.canvas.draw()

    monkeypatch.setattr(plt, "show", show)
    with mpl.rc_context():
        plots.use_course_style()
        yield figures
    plt.close("all")


def test_colours_differ_and_so_do_lines():
    cycle = mpl.rcParams["axes.prop_cycle"].by_key()
    assert len(set(cycle["color"])) == len(cycle["color"]) == 6
    assert len({str(line) for line in cycle["linestyle"]}) == 6


@pytest.mark.parametrize("log", [True, False])
def test_layers_of_one_seed_are_a_line(log):
    _, ax = plt.subplots()
    plots.plot_layers(ax, [1.0, 0.1, 0.01], "delta", log=log)
    (line,) = ax.get_lines()
    np.testing.assert_array_equal(line.get_xdata(), [1, 2, 3])
    np.testing.assert_array_equal(line.get_ydata(), [1.0, 0.1, 0.01])
    assert line.get_label() == "delta"
    assert len(ax.collections) == 0
    assert ax.get_yscale() == ("log" if log else "linear")
    ax.figure.canvas.draw()


def test_layers_of_several_seeds_are_a_median_and_a_band():
    _, ax = plt.subplots()
    values = np.array([[1.0, 2.0], [3.0, 8.0], [2.0, 4.0]])
    plots.plot_layers(ax, values, "delta")
    np.testing.assert_array_equal(ax.get_lines()[0].get_ydata(), [2.0, 4.0])
    (band,) = ax.collections
    heights = band.get_paths()[0].vertices[:, 1]
    assert (heights.min(), heights.max()) == (1.0, 8.0)


def test_runs_are_a_median_and_a_band_over_time():
    _, ax = plt.subplots()
    plots.plot_runs(ax, [[0.1, 0.5, 0.9], [0.1, 0.3, 0.7], [0.1, 0.4, 0.95]], "ReLU")
    np.testing.assert_array_equal(ax.get_lines()[0].get_xdata(), [0, 1, 2])
    np.testing.assert_array_equal(ax.get_lines()[0].get_ydata(), [0.1, 0.4, 0.9])
    assert len(ax.collections) == 1
    ax.figure.canvas.draw()


def test_percentiles_are_a_line_in_a_band_over_time():
    _, ax = plt.subplots()
    plots.plot_percentiles(ax, [0, 50, 200], [[-1, 0, 1], [-2, 0.5, 3], [-1, 0, 2]], "unit 3")
    (line,), (band,) = ax.get_lines(), ax.collections
    np.testing.assert_array_equal(line.get_xdata(), [0, 50, 200])
    np.testing.assert_array_equal(line.get_ydata(), [0, 0.5, 0])
    assert line.get_label() == "unit 3"
    corners = {tuple(corner) for corner in band.get_paths()[0].vertices}
    assert {(0, -1), (50, -2), (200, -1), (0, 1), (50, 3), (200, 2)} <= corners
    ax.figure.canvas.draw()


def test_a_matrix_is_coloured_around_zero():
    _, ax = plt.subplots()
    plots.plot_matrix(ax, [[0.5, -2.0, 0.0], [1.0, 0.0, 0.0]], "covariance")
    (image,) = ax.images
    assert image.get_clim() == (-2.0, 2.0)
    np.testing.assert_array_equal(image.get_array(), [[0.5, -2.0, 0.0], [1.0, 0.0, 0.0]])
    red, green, blue, _ = image.cmap(image.norm(0.0))
    assert min(red, green, blue) > 0.95
    assert ax.get_title() == "covariance"
    assert len(ax.figure.axes) == 2  # a colour bar explains the colours
    ax.figure.canvas.draw()


def test_a_matrix_of_zeros_is_white():
    _, ax = plt.subplots()
    plots.plot_matrix(ax, np.zeros((2, 2)), "nothing")
    assert ax.images[0].get_clim() == (-1.0, 1.0)
    ax.figure.canvas.draw()


def test_a_round_cloud_looks_round():
    _, ax = plt.subplots()
    points = np.random.default_rng(2).normal(size=(40, 2))
    plots.plot_cloud(ax, points, "whitened")
    ax.figure.canvas.draw()
    (cloud,) = ax.collections
    np.testing.assert_array_equal(cloud.get_offsets(), points)
    (left, below), (right, above) = ax.transData.transform([[0, 0], [1, 1]])
    assert right - left == pytest.approx(above - below)
    assert ax.get_title() == "whitened"


@pytest.mark.parametrize(("count", "rows"), [(10, 2), (7, 2), (1, 1), (3, 5)])
def test_digits_are_drawn_in_a_grid_below_their_labels(shown, count, rows):
    rng = np.random.default_rng(0)
    plots.show_digits(rng.uniform(0, 16, size=(count, 64)), np.arange(count), rows=rows)
    (figure,) = shown
    drawn = [ax for ax in figure.axes if ax.images]
    assert [ax.get_title() for ax in drawn] == [str(label) for label in range(count)]
    assert drawn[0].images[0].get_array().shape == (8, 8)


def test_histograms_have_a_common_axis_and_show_fractions(shown):
    rng = np.random.default_rng(1)
    arrays = [rng.uniform(size=(5, 4)), rng.uniform(size=50)]
    plots.plot_histograms(arrays, ["layer 1", "layer 2"], span=(0, 1), label="h")
    (figure,) = shown
    assert [ax.get_title() for ax in figure.axes] == ["layer 1", "layer 2"]
    for ax in figure.axes:
        assert sum(bar.get_height() for bar in ax.patches) == pytest.approx(1)
    assert figure.get_supxlabel() == "h"


def test_a_title_for_each_array_or_none_at_all():
    with pytest.raises(ValueError, match="zip"):
        plots.plot_histograms([np.ones(3)], ["one", "two"], span=(0, 1), label="h")
