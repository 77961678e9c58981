"""Define the options of the sandbox, which the grader passes to the zygote as one JSON text.

Both sides of the security boundary use this module. Kernel side: imports the standard library only.
"""

from __future__ import annotations

import base64
import json
from dataclasses import asdict, dataclass, field
from typing import Any, Literal, Self

Mode = Literal["namespaces", "landlock", "trusted"]


@dataclass(frozen=True)
class Limits:
    """Upper bounds for one submission.

    Attributes
    ----------
    memory : int
        Bytes of memory of all its processes together.
    processes : int
        Number of processes and threads.
    files : int
        Number of open files of a process.
    file_size : int
        Bytes of a file.
    scratch : int
        Bytes of all files in each directory that it may write to.
    cpu_seconds : int
        CPU time of a process, in seconds.
    """

    memory: int = 2 << 30
    processes: int = 128
    files: int = 512
    file_size: int = 64 << 20
    scratch: int = 64 << 20
    cpu_seconds: int = 600


@dataclass(frozen=True)
class SandboxOptions:
    """Options of a zygote and of all kernels that it forks.

    Attributes
    ----------
    mode : {"namespaces", "landlock"}
        Kind of the sandbox.
    edition : str
        Directory of the student edition.
    filter : bytes
        Program for seccomp, as `seccomp.build` returns it.
    user : (int, int) or None
        User and group that a zygote started by root changes to; None for no change.
    hide : tuple of str
        Paths that kernels must not see, besides installed copies of the course.
    home : str or None
        Directory for the kernels' scratch directories, in mode landlock.
    limits : Limits
    """

    mode: Mode
    edition: str
    filter: bytes
    user: tuple[int, int] | None = None
    hide: tuple[str, ...] = ()
    home: str | None = None
    limits: Limits = field(default_factory=Limits)

    def to_json(self) -> str:
        """Return the options as JSON text for a command line."""
        return json.dumps(asdict(self) | {"filter": base64.b64encode(self.filter).decode("ascii")})

    @classmethod
    def from_json(cls, text: str) -> Self:
        """Return the options from the text that `to_json` returned.

        Raises
        ------
        TypeError
            If an option is missing or unknown.
        ValueError
            If the text is not JSON.
        KeyError
            If `filter`, `user`, `hide` or `limits` is missing.
        """
        given: dict[str, Any] = json.loads(text)
        given["filter"] = base64.b64decode(given["filter"])
        given["user"] = tuple(given["user"]) if given["user"] else None
        given["hide"] = tuple(given["hide"])
        given["limits"] = Limits(**given["limits"])
        return cls(**given)
