"""What workers need, imported and used once in the process that they are forked from."""

from __future__ import annotations

import contextlib

from autograder.grading.distribute.fast_import import without_collections, without_web_addresses

without_web_addresses()
with without_collections():
    import matplotlib.backends.backend_svg
    import matplotlib.figure  # noqa: F401

    from autograder.grading.execute.task import warm_up

    with contextlib.suppress(Exception):  # whatever is wrong: the first task will say it, of its submission
        warm_up()
