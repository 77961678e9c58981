"""Write the student editions of a lesson, and start the kernels that run its submissions."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

from autograder.grading.options import Settings
from autograder.judging.registry import all_exercises
from autograder.running.judge_side.kernels import Kernels
from autograder.running.judge_side.student_edition import write_edition, write_laboratory
from autograder.running.judge_side.zygote_client import ZygoteShare


@dataclass(frozen=True)
class KernelShare:
    """Editions and zygotes of a coordinator, for one of its workers.

    Attributes
    ----------
    root : Path
        Folder of the editions.
    kernels, laboratory : ZygoteShare or None
        `None` if the kernels have no zygote.
    """

    root: Path
    kernels: ZygoteShare | None
    laboratory: ZygoteShare | None


class Editions:
    """The editions of one lesson.

    Parameters
    ----------
    lesson : str
    settings : Settings
    directory : str or None
        Folder in which they are written; None for the system's directory for temporary files.
    share : KernelShare or None
        Editions of another process, to use instead of new ones.

    Attributes
    ----------
    kernels : Kernels
        Kernels with the student edition, in which submissions are judged.
    laboratory : Kernels or None
        Kernels for the outputs of experiments; None if these are not requested.
    """

    def __init__(
        self, lesson: str, settings: Settings, *, directory: str | None = None, share: KernelShare | None = None
    ) -> None:
        self._settings, self._place = settings, directory
        self._directory = None
        if share is None:
            self._directory = tempfile.TemporaryDirectory(prefix="autograder-edition-", dir=directory)
            share = KernelShare(Path(self._directory.name), None, None)
            self._write(share.root, lesson)
        self._root = share.root
        self.kernels = self._start("student", share.kernels)
        self.laboratory = self._start("laboratory", share.laboratory) if settings.everything else None

    def _write(self, root: Path, lesson: str) -> None:
        root.chmod(0o755)
        given, withheld = _answers(lesson)
        write_edition(root / "student", given=given, withheld=withheld)
        if self._settings.everything:
            write_laboratory(root / "laboratory")

    def _start(self, edition: str, share: ZygoteShare | None) -> Kernels:
        mode, as_root = self._settings.mode, self._settings.as_root
        return Kernels(self._root / edition, mode=mode, as_root=as_root, directory=self._place, share=share)

    @contextmanager
    def share(self) -> Iterator[KernelShare | None]:
        """Yield a share, to be sent to a worker within the block; `None` if the zygotes have ended.

        The share's connections are closed here at the end of the block.
        """
        with ExitStack() as held:
            try:
                share = KernelShare(self._root, _share(self.kernels, held), _share(self.laboratory, held))
            except ConnectionError:
                share = None
            yield share

    def close(self) -> None:
        """Stop the kernels, wait for their end, and remove the editions.

        Editions of another process are not removed.
        """
        self.kernels.close()
        if self.laboratory is not None:
            self.laboratory.close()
        if self._directory is not None:
            self._directory.cleanup()


def _share(kernels: Kernels | None, held: ExitStack) -> ZygoteShare | None:
    share = kernels.share() if kernels is not None else None
    if share is not None:
        held.enter_context(share.connection)
    return share


def _answers(lesson: str) -> tuple[list[tuple[str, str]], list[tuple[str, str]]]:
    """Return the course's answers as two lists of (module, name): those of earlier lessons, and all others.

    Answers outside of `course_lib` are in neither list.
    """
    given: list[tuple[str, str]] = []
    withheld: list[tuple[str, str]] = []
    for exercise in all_exercises():
        name = (exercise.reference.__module__, exercise.reference.__name__)
        if name[0].startswith("course_lib."):
            (given if exercise.lesson < lesson else withheld).append(name)
    return given, withheld
