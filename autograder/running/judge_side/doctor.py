"""Find out which sandbox modes work on this machine by trying each, and choose the mode for submissions."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, get_args

from autograder.errors import ConfinementError
from autograder.running.judge_side import cgroups
from autograder.running.judge_side.kernels import UNPRIVILEGED, sandbox_options
from autograder.running.judge_side.remove_tree import remove_tree
from autograder.running.sandbox.options import Limits, Mode, SandboxOptions

_SITE = Path(__file__).resolve().parents[3]
_SANDBOXES: tuple[Mode, ...] = ("namespaces", "landlock")
_TRY_TIMEOUT = 300  # seconds: a busy machine is no reason to call its sandbox broken
_TRY = "from autograder.running.judge_side.doctor import try_out; try_out()"

_HOW_TO_ALLOW = (
    "Unprivileged user namespaces can be allowed by the machine's administrator: on Ubuntu with "
    "`sysctl kernel.apparmor_restrict_unprivileged_userns=0` or an AppArmor profile, elsewhere with "
    "`sysctl user.max_user_namespaces=15000`; for a container with `--security-opt seccomp=unconfined` or on its host."
)

_DELEGATED = "A cgroup was delegated to this process: Linux limits what all processes of a submission use together."
_NOT_DELEGATED = (
    "No cgroup was delegated to this process: a watchdog adds up ten times a second what a submission's processes use. "
    "With systemd, `systemd-run --user --scope -p Delegate=yes autograder grade ...` delegates one."
)


@dataclass(frozen=True)
class Machine:
    """The abilities of this machine to confine submissions.

    Attributes
    ----------
    platform : str
        As in `sys.platform`.
    root : bool
        Whether this process is root.
    landlock : int
        Version of Landlock, 0 for none.
    seccomp : bool
        Whether libseccomp is installed.
    problems : mapping
        For each mode that does not work, the reason. If this process is root, for the user that kernels change to.
    problems_as_root : mapping
        The same for kernels that stay root; empty if this process is not root.
    cgroup : bool
        Whether a cgroup was delegated to this process, in which Linux can limit each submission.
    """

    platform: str
    root: bool
    landlock: int = 0
    seccomp: bool = False
    problems: Mapping[str, str] = field(default_factory=dict)
    problems_as_root: Mapping[str, str] = field(default_factory=dict)
    cgroup: bool = False

    @property
    def strongest(self) -> Mode:
        """Return the strongest mode that works; "trusted" if no sandbox works."""
        return next((mode for mode in _SANDBOXES if self.platform == "linux" and mode not in self.problems), "trusted")

    @property
    def sentences(self) -> list[str]:
        """Return a report for people, as a list of sentences."""
        if self.platform != "linux":
            return [f"Submissions can be confined on Linux only (this is {self.platform}): their code must be trusted."]
        said = [f"Landlock is of version {self.landlock}." if self.landlock else "Landlock is not enabled."]
        if not self.seccomp:
            from autograder.running.sandbox import seccomp  # can be imported on Linux only

            said.append(f"libseccomp is missing: {seccomp.HOW_TO_INSTALL}.")
        if self.root:
            said.append(f"This is root: kernels run as user {UNPRIVILEGED[0]}.")
        for mode in _SANDBOXES:
            problem = self.problems.get(mode)
            said.append(f"Mode {mode} does not work: {problem}" if problem else f"Mode {mode} works.")
        if "namespaces" in self.problems and self.seccomp:
            said.append(_HOW_TO_ALLOW)
        said.append(_DELEGATED if self.cgroup else _NOT_DELEGATED)
        said.append(f"The strongest mode here is {self.strongest}.")
        return said


def examine_machine() -> Machine:
    """Return the abilities of this machine: build each sandbox and run the interpreter in it.

    It waits for these trials, which take seconds.
    """
    root = hasattr(os, "getuid") and os.getuid() == 0
    if sys.platform != "linux":
        return Machine(sys.platform, root)
    from autograder.running.sandbox import landlock

    return Machine(
        sys.platform,
        root,
        landlock=landlock.version(),
        seccomp=_has_seccomp(),
        problems=_problems(as_root=False),
        problems_as_root=_problems(as_root=True) if root else {},
        cgroup=cgroups.delegated() is not None,
    )


def choose_mode(machine: Machine, *, asked: str | None, as_root: bool) -> Mode:
    """Return the mode for submissions; a weaker mode than namespaces must be requested by name.

    Parameters
    ----------
    machine : Machine
    asked : str or None
        The requested mode; None for namespaces.
    as_root : bool
        Whether kernels may stay root.

    Raises
    ------
    ConfinementError
        If the requested mode is unknown or does not work here, or no mode was requested and namespaces do not work.
    """
    if asked is not None and asked not in get_args(Mode):
        raise ConfinementError(f"the mode must be one of {', '.join(get_args(Mode))} (got {asked})")
    if asked == "trusted":
        return "trusted"
    mode: Mode = "landlock" if asked == "landlock" else "namespaces"
    if machine.platform != "linux":
        raise ConfinementError(
            f"submissions can be confined on Linux only (got {machine.platform}): ask for mode trusted if their code "
            "may do anything that you may do"
        )
    problem = machine.problems.get(mode)
    if problem and machine.root and as_root:
        problem = machine.problems_as_root.get(mode)
    if not problem:
        return mode
    if machine.root and mode not in machine.problems_as_root:
        raise ConfinementError(
            f"submissions must not run as root, and user {UNPRIVILEGED[0]} must be able to run the interpreter "
            f"(got: {problem}); run this as another user"
        )
    weaker = ""
    if asked is None and "landlock" not in machine.problems:
        weaker = " Mode landlock would work; it is weaker and must be asked for by name."
    advice = f" {_HOW_TO_ALLOW}" if machine.seccomp else ""  # without libseccomp the problem says what to install
    raise ConfinementError(f"mode {mode} must work on this machine (got: {problem}).{advice}{weaker}")


def _has_seccomp() -> bool:
    try:
        import pyseccomp  # type: ignore[import-untyped]  # noqa: F401  # the import fails without the library
    except (ImportError, RuntimeError):
        return False
    return True


def _problems(*, as_root: bool) -> dict[str, str]:
    found = ((mode, _problem_with(mode, as_root=as_root)) for mode in _SANDBOXES)
    return {mode: problem for mode, problem in found if problem}


def _problem_with(mode: Mode, *, as_root: bool) -> str:
    """Return the reason why a sandbox cannot be built here, or "" if it can."""
    edition = tempfile.mkdtemp(prefix="autograder-")
    scratch = tempfile.mkdtemp(prefix="autograder-")
    try:
        options = sandbox_options(mode, Path(edition), Limits(), as_root=as_root)
        for directory in (edition, scratch):
            if options.user:
                os.chown(directory, *options.user)
        arguments = {"options": options.to_json(), "scratch": scratch if mode == "landlock" else None}
        done = subprocess.run(
            [sys.executable, "-c", _TRY, json.dumps(arguments)],
            capture_output=True,
            env={**os.environ, "PYTHONPATH": str(_SITE), "OPENBLAS_NUM_THREADS": "1"},
            timeout=_TRY_TIMEOUT,
            check=False,
        )
    except (ImportError, RuntimeError, subprocess.TimeoutExpired) as error:
        return str(error)
    finally:
        remove_tree(edition)
        remove_tree(scratch)
    if done.stdout == b"ok":
        return ""
    said = (done.stdout or done.stderr).decode(errors="replace").strip().splitlines()
    return said[-1] if said else "it ended without a word"


def try_out() -> None:
    """Build a sandbox in this process and run the interpreter in it; print `ok` or the problem.

    The function never returns: it ends the process. It needs a process of its own, as a sandbox is permanent.
    """
    from autograder.running.sandbox import enter

    given: dict[str, Any] = json.loads(sys.argv[1])
    answer = os.dup(1)  # the sandbox closes the standard streams
    try:
        options = SandboxOptions.from_json(given["options"])
        enter.prepare(options)
        parent = enter.Parent.this()
        child = enter.fork(options)
        if child:
            os.waitpid(child, 0)
            os._exit(0)
        os.set_inheritable(answer, False)
        enter.enter(options, parent, given["scratch"])
        ended = subprocess.run([sys.executable, "-c", "import numpy"], stderr=subprocess.PIPE, check=False)
        last = ended.stderr.decode(errors="replace").strip().splitlines()[-1:] or ["the interpreter failed"]
        os.write(answer, b"ok" if ended.returncode == 0 else last[0].encode())
    except Exception as error:
        os.write(answer, f"{type(error).__name__}: {error}".encode())
    os._exit(0)
