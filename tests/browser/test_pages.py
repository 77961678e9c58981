"""A browser draws the pages for students and teachers without an error and without a request to the network."""

from __future__ import annotations

import importlib.util
from collections.abc import Callable
from pathlib import Path
from typing import Any

import matplotlib.image
import numpy as np
import pytest
from support import LESSON, ROOT, SmallCourse, solve

# nbgrader's pages load it to draw formulas; without a network a formula is shown as LaTeX.
MATHJAX = "https://cdnjs.cloudflare.com/ajax/libs/mathjax/2.7.7/latest.js?config=TeX-AMS_CHTML-full,Safe"
WIDTHS = {"narrow": 390, "wide": 1280}
SCHEMES = ("light", "dark")


@pytest.fixture(scope="module")
def gallery(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Draw the gallery of cards into a page."""
    spec = importlib.util.spec_from_file_location("gallery", ROOT / "docs" / "gallery" / "make.py")
    assert spec is not None
    assert spec.loader is not None
    make: Any = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(make)
    path = tmp_path_factory.mktemp("gallery") / "gallery.html"
    make.main(path)
    return path


@pytest.fixture(scope="module")
def feedback(released: SmallCourse, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Grade one submission; return its feedback page."""
    course = released.copy_to(tmp_path_factory.mktemp("feedback") / "course")
    course.hand_in("anna", lambda nb: solve(nb, "def sigmoid(a):\n    return 1 / (1 + np.exp(a))"))
    result, _ = course.grade()
    assert result.returncode == 0, result.stderr
    return course.root / "feedback" / "anna" / LESSON / f"{LESSON}.html"


def pixels_of(screenshot: Path) -> Any:
    """Return a picture's red, green and blue values, from 0 to 1."""
    return matplotlib.image.imread(screenshot)[..., :3]


def number_of_colours(screenshot: Path) -> int:
    """Count the distinct colours of a picture."""
    red, green, blue = np.moveaxis(np.uint32(255 * pixels_of(screenshot)), -1, 0)
    return len(np.unique(red << 16 | green << 8 | blue))


@pytest.mark.parametrize(("name", "remote"), [("gallery", []), ("feedback", [MATHJAX])], ids=["gallery", "feedback"])
@pytest.mark.parametrize("scheme", SCHEMES)
@pytest.mark.parametrize("width", WIDTHS.values(), ids=WIDTHS)
def test_a_page_is_drawn_without_errors_and_makes_no_new_request_to_the_network(
    request: pytest.FixtureRequest,
    open_page: Callable[..., Any],
    screenshots: Path,
    name: str,
    remote: list[str],
    width: int,
    scheme: str,
) -> None:
    page_file = request.getfixturevalue(name)
    opened = open_page(page_file, width=width, scheme=scheme, stand_in=MATHJAX)
    picture = screenshots / f"{name}-{width}-{scheme}.png"
    opened.page.screenshot(path=picture, full_page=True)
    assert opened.errors == []
    assert opened.requests == remote
    assert number_of_colours(picture) > 20, "an empty page has one colour"
    assert opened.page.get_by_text("sigmoid").count() > 0


def test_the_gallery_follows_the_readers_colour_scheme(
    open_page: Callable[..., Any], gallery: Path, screenshots: Path
) -> None:
    backgrounds = []
    for scheme in SCHEMES:
        picture = screenshots / f"corner-{scheme}.png"
        opened = open_page(gallery, width=1280, scheme=scheme)
        opened.page.screenshot(path=picture, clip={"x": 0, "y": 0, "width": 20, "height": 20})
        backgrounds.append(float(pixels_of(picture).mean()))
    light, dark = backgrounds
    assert dark < 0.3 < 0.7 < light


def test_every_picture_of_the_gallery_has_a_size_and_none_is_wider_than_the_page(
    open_page: Callable[..., Any], gallery: Path
) -> None:
    for width in WIDTHS.values():
        page = open_page(gallery, width=width, scheme="light").page
        boxes = [box.bounding_box() for box in page.locator("svg").all()]
        assert boxes
        assert all(box and box["width"] > 20 and box["height"] > 20 for box in boxes)
        assert page.evaluate("document.documentElement.scrollWidth") <= width
