"""Sphinx configuration of the site."""

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
