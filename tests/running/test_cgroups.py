"""Real cgroups of this machine: a program gets a cgroup of its own and creates child groups in it."""

from __future__ import annotations

import os
import secrets
import subprocess
import sys
import textwrap
from collections.abc import Iterator
from pathlib import Path

import pytest
from support import GENEROUS, ROOT

if sys.platform != "linux":
    pytest.skip("only Linux has cgroups", allow_module_level=True)

from autograder.running.judge_side import cgroups


@pytest.fixture
def delegated() -> Iterator[Path]:
    """Create a cgroup, as an administrator does for a service."""
    own = cgroups._own()
    if own is None or not os.access(own, os.W_OK):
        pytest.skip("only who may make cgroups can delegate one")
    path = own / f"test-{secrets.token_hex(4)}"
    path.mkdir()
    offered = (own / "cgroup.controllers").read_text().split()
    some = cgroups.CONTROLLERS if set(cgroups.CONTROLLERS) <= set(offered) else offered[:1]
    enabled = (own / "cgroup.subtree_control").read_text().split()
    (own / "cgroup.subtree_control").write_text(" ".join(f"+{name}" for name in some))
    yield path
    for below in (*path.iterdir(), path):
        if below.is_dir():
            below.rmdir()
    (own / "cgroup.subtree_control").write_text(" ".join(f"-{name}" for name in some if name not in enabled))


def run_in(cgroup: Path, code: str) -> str:
    """Run a program that was started in this cgroup."""
    enter = f"""
        import os, sys, time
        sys.path.insert(0, {str(ROOT / "tests")!r})
        from pathlib import Path
        from autograder.running.judge_side import cgroups
        from autograder.running.sandbox.options import Limits
        HERE = Path({str(cgroup)!r})
        (HERE / "cgroup.procs").write_text("0")
        CONTROLLERS = tuple((HERE / "cgroup.controllers").read_text().split()[:1])
    """
    program = textwrap.dedent(enter) + textwrap.dedent(code)
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=False, timeout=GENEROUS
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_a_cgroup_of_our_own_is_set_up_once(delegated: Path) -> None:
    run_in(
        delegated,
        """
        assert cgroups.take_over(CONTROLLERS)
        assert cgroups.take_over(CONTROLLERS)
        assert (HERE / "cgroup.procs").read_text() == ""
        assert (HERE / "autograder/cgroup.procs").read_text().split() == [str(os.getpid())]
        assert tuple((HERE / "cgroup.subtree_control").read_text().split()) == CONTROLLERS != ()
        """,
    )


def test_a_cgroup_with_processes_of_others_is_not_changed(delegated: Path) -> None:
    run_in(
        delegated,
        """
        if os.fork() == 0:  # processes that it starts are not descendants of the program that asks
            assert not cgroups.take_over(CONTROLLERS)
            assert not (HERE / "autograder").exists()
            os._exit(0)
        assert os.waitstatus_to_exitcode(os.wait()[1]) == 0
        """,
    )


def test_a_cgroup_without_the_controllers_is_not_used(delegated: Path) -> None:
    run_in(
        delegated,
        """
        assert not cgroups.take_over((*CONTROLLERS, "none-such"))
        assert not (HERE / "autograder").exists()
        assert cgroups.group(Limits()) is None
        """,
    )


def test_a_process_that_enters_by_the_descriptor_is_in_the_group_and_ends_with_it(delegated: Path) -> None:
    said = run_in(
        delegated,
        """
        assert cgroups.take_over(CONTROLLERS)
        group = cgroups.Group(HERE, {})
        entrance, ready = group.entrance(), os.pipe()
        if os.fork() == 0:
            os.write(entrance, b"0")
            if os.fork():
                os.write(ready[1], b"x")
            time.sleep(1000)
        os.read(ready[0], 1)
        assert len((group.path / "cgroup.procs").read_text().split()) == 2
        assert not group.out_of_memory
        group.close()
        assert not group.path.exists()
        print(os.waitstatus_to_exitcode(os.wait()[1]))
        """,
    )
    assert said.strip() == "-9"


def test_a_cgroup_that_only_has_our_name_is_not_changed(delegated: Path) -> None:
    run_in(
        delegated,
        """
        (HERE / "autograder").mkdir()
        (HERE / "autograder" / "cgroup.procs").write_text("0")
        assert cgroups.group(Limits()) is None
        """,
    )


def test_a_limit_that_cannot_be_set_leaves_no_group(delegated: Path) -> None:
    run_in(
        delegated,
        """
        try:
            cgroups.Group(HERE, {"no.such.limit": 1})
        except OSError:
            assert not [path for path in HERE.iterdir() if path.is_dir()]
        else:
            raise AssertionError
        """,
    )


def test_linux_ends_a_submission_whose_processes_use_too_much_together(delegated: Path, edition: Path) -> None:
    offered = (delegated / "cgroup.controllers").read_text().split()
    if not set(cgroups.CONTROLLERS) <= set(offered):
        pytest.skip(f"this machine's cgroups of version 2 have no {' and '.join(cgroups.CONTROLLERS)} (got {offered})")
    said = run_in(
        delegated,
        f"""
        from running.conftest import Inside
        from autograder.running.judge_side.kernels import Kernels
        assert cgroups.take_over()
        with Kernels(Path({str(edition)!r}), mode="namespaces", limits=Limits(memory=300 << 20)) as kernels:
            modest = Inside(kernels)
            assert modest.run("print(bytearray(100 << 20).count(0) >> 20)") == "100"
            assert len(list(HERE.glob("submission-*"))) == 1
            modest.shut_down()
            assert modest.provisioner.killed_because == ""
            greedy = Inside(kernels)
            greedy.send(
                "import os, time\\nfor _ in range(3): os.fork()\\n"
                "held = bytearray(60 << 20)\\nheld[::4096] = b'x' * 15360\\ntime.sleep(1000)"
            )
            greedy.wait_until_it_ends()
            print(greedy.provisioner.killed_because)
            greedy.shut_down()
        assert list(HERE.glob("submission-*")) == []
        """,
    )
    assert said.strip() == "used more than 300 MB of memory"
