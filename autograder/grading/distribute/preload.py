"""Import and warm up the libraries that workers need, in the process from which they are forked."""

from __future__ import annotations

import contextlib

from autograder.grading.distribute.fast_import import skip_address_grammar, without_collections

with without_collections():
    skip_address_grammar()
    import matplotlib.backends.backend_svg
    import matplotlib.figure  # noqa: F401
    import nbformat

    from autograder.grading.execute.task import thread_pools
    from autograder.grading.record.feedback_page import render_feedback
    from autograder.grading.record.scores import Scores
    from autograder.judging.exercise import Curve
    from autograder.judging.picture import picture_svg
    from autograder.judging.registry import all_exercises


def warm_up() -> None:
    """Run the slow first steps of a submission once.

    Write a page, draw a picture, and find libraries with thread pools.
    """
    cells = [nbformat.v4.new_markdown_cell("*1*"), nbformat.v4.new_code_cell("1")]
    render_feedback("", nbformat.writes(nbformat.v4.new_notebook(cells=cells)), Scores({}, {}, 0.0, 0.0, 0.0))
    drawn = next(exercise for exercise in all_exercises() if isinstance(exercise.picture, Curve))
    picture_svg(drawn, drawn.reference, None)
    thread_pools()


with without_collections(), contextlib.suppress(Exception):  # the first task will report any problem
    warm_up()
