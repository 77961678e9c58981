"""Render the feedback page for a student from the autograded notebook, with nbgrader's own template."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache, lru_cache, partial
from pathlib import Path
from typing import Any

import nbformat
import nbgrader
from nbconvert.exporters import HTMLExporter, TemplateExporter
from nbconvert.filters.highlight import Highlight2HTML
from nbconvert.filters.widgetsdatatypefilter import WidgetsDataTypeFilter
from traitlets.config import Config

from autograder.grading.record.scores import Scores

_LONGEST_CACHED = 10_000  # characters of a cell


def render_feedback(lesson: str, notebook: str, scores: Scores) -> str:
    """Return the feedback page for a student.

    Parameters
    ----------
    lesson : str
    notebook : str
        The autograded notebook, as text.
    scores : Scores

    Returns
    -------
    str
        HTML.
    """
    nb = nbformat.v4.reads(notebook)  # without validation, as we wrote the notebook ourselves
    for cell in nb.cells:
        about = cell.metadata.get("nbgrader", {})
        if about.get("grade_id") in scores.cells:
            score = scores.cells[about["grade_id"]]
            about["score"], about["points"] = score.points or 0.0, score.max_points
        if about.get("grade_id") in scores.comments:
            about["comment"] = scores.comments[about["grade_id"]]
    totals = {"score": scores.score, "max_score": scores.max_score, "late_penalty": scores.late_penalty}
    resources = {"nbgrader": {"notebook": lesson, "assignment": lesson, **totals}, "metadata": {"name": lesson}}
    html, _ = _exporter().from_notebook_node(nb, resources)
    return str(html)


class _Page(HTMLExporter):  # type: ignore[misc]  # nbconvert publishes no types
    """nbconvert's HTML exporter, without parsing the whole page again to add alternative texts to figures.

    Most cells are the same in all students' notebooks, so the HTML of a cell is cached. Cells here have no attachments,
    and no metadata that changes their HTML.
    """

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        coloured = _cached(Highlight2HTML(pygments_lexer="python", parent=self))
        self.register_filter("markdown2html", _cached(partial(self.markdown2html, {})))
        self.register_filter("highlight_code", lambda source, **_: coloured(source))

    def from_notebook_node(self, nb: Any, resources: Any = None, **kwargs: Any) -> tuple[str, Any]:
        resources = self._init_resources(resources)
        data_types = WidgetsDataTypeFilter(notebook_metadata=self._nb_metadata, parent=self, resources=resources)
        self.register_filter("filter_data_type", data_types)
        html, resources = TemplateExporter.from_notebook_node(self, nb, resources, **kwargs)
        described = html.replace('<img src="data:image', '<img alt="A figure of this notebook" src="data:image')
        return described, resources

    def _preprocess(self, nb: Any, resources: Any) -> tuple[Any, Any]:
        """Run the preprocessors, and return the notebook and the resources.

        The notebook is neither copied nor validated, which nbconvert would do twice.
        """
        for preprocessor in self._preprocessors:
            nb, resources = preprocessor(nb, resources)
        return nb, resources


def _cached(function: Callable[[str], str]) -> Callable[[str], str]:
    """Return a function with a cache for the results of the last 300 short texts."""
    kept = lru_cache(maxsize=300)(function)
    return lambda text: kept(text) if len(text) < _LONGEST_CACHED else function(text)


@cache
def _exporter() -> HTMLExporter:
    server = Path(nbgrader.__file__).parent / "server_extensions" / "formgrader"
    config = Config()
    config.HTMLExporter.template_name = "feedback"
    config.HTMLExporter.extra_template_basedirs = [str(server / "templates")]
    config.HTMLExporter.extra_template_paths = [str(server / "static" / "node_modules" / "bootstrap" / "dist" / "css")]
    config.HTMLExporter.optimistic_validation = True
    return _Page(config=config)
