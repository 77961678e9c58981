"""Sphinx configuration of the site."""

import importlib.util
import tomllib
from pathlib import Path

_project = tomllib.loads((Path(__file__).parents[1] / "pyproject.toml").read_text(encoding="utf-8"))["project"]

project = "Keep the Signal Alive"
release = _project["version"]
author = _project["authors"][0]["name"]
extensions = ["myst_nb", "sphinx.ext.autodoc", "sphinx.ext.napoleon"]
html_theme = "sphinx_book_theme"
html_title = project
exclude_patterns = ["_build"]
nb_execution_mode = "off"
autodoc_typehints = "none"
napoleon_google_docstring = False


def setup(app):
    """Connect the drawing of the gallery to Sphinx: it is drawn before the pages are read."""
    app.connect("builder-inited", _draw_gallery)


def _draw_gallery(app):
    folder = Path(__file__).parent
    spec = importlib.util.spec_from_file_location("gallery", folder / "gallery" / "make.py")
    gallery = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(gallery)
    (folder / "_build").mkdir(exist_ok=True)
    (folder / "_build" / "gallery.html").write_text(gallery.fragment(), encoding="utf-8")
