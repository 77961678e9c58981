"""Limits of a submission: no access to the host, no process left behind, and no more resources than allowed."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import tempfile
import textwrap
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from support import ROOT

from autograder.running.judge_side.kernels import Kernels
from autograder.running.sandbox import landlock, namespaces, seccomp
from autograder.running.sandbox.processes import descendants

Start = Callable[[Kernels], Any]

LIBC = """
    import ctypes, os
    libc = ctypes.CDLL(None, use_errno=True)
    def tried(name, *arguments):
        result = getattr(libc, name)(*arguments)
        return os.strerror(ctypes.get_errno()) if result == -1 else result
"""


def error_of(kernel: Any, code: str) -> str:
    """Return the name of the error that code raises, or its whole output if it raises none."""
    said: str = kernel.run(textwrap.dedent(code))
    return said.partition(":")[0]


def interpreter_needs(path: Path) -> bool:
    return any(Path(prefix).is_relative_to(path) for prefix in (sys.prefix, sys.base_prefix))


def test_code_runs_without_privileges_and_cannot_gain_any(inside: Any) -> None:
    status = dict(line.split(":", 1) for line in inside.run("print(open('/proc/self/status').read())").splitlines())
    assert status["Uid"].split()[0] not in ("0", "")
    assert {status[f"Cap{kind}"].strip("\t0") for kind in ("Inh", "Prm", "Eff", "Bnd", "Amb")} == {""}
    assert [status[name].strip() for name in ("NoNewPrivs", "Seccomp")] == ["1", "2"]


def test_files_of_the_project_the_course_and_the_home_directory_do_not_exist_in_the_sandbox(
    inside: Any, tmp_path: Path
) -> None:
    gradebook = tmp_path / "gradebook.db"
    gradebook.write_text("marks", encoding="utf-8")
    home = [path for path in Path.home().glob("*") if not interpreter_needs(path)]
    for path in (gradebook, ROOT / "README.md", ROOT / "autograder", Path("/etc/shadow"), *home):
        assert path.exists()
        assert inside.run(f"import os; print(os.path.lexists({str(path)!r}))") == "False", path
    homes = inside.run("print(*os.listdir('/home'))").split()
    assert [name for name in homes if name != "student" and not interpreter_needs(Path("/home", name))] == []


def test_an_installed_copy_of_the_course_is_empty(inside: Any) -> None:
    installed = namespaces.answers_installed()
    assert installed  # this project, at least as a link to its sources
    for path in installed:
        code = f"import os; p = {path!r}; print(os.listdir(p) if os.path.isdir(p) else open(p).read())"
        assert inside.run(code) in ("[]", ""), path
    program = "[sys.executable, '-Ic', 'import autograder.judging']"
    code = f"import subprocess, sys; print(subprocess.run({program}, capture_output=True).stderr.decode()[-80:])"
    assert "ModuleNotFoundError" in inside.run(code)
    assert inside.run(f"print({str(ROOT)!r} in sys.path)") == "False"


@pytest.mark.parametrize("name", ["autograder", "course_lib", "keep_the_signal_alive-1.0.dist-info", "_editable_x.pth"])
def test_copies_of_the_course_are_found_beside_other_packages(name: str, tmp_path: Path) -> None:
    (tmp_path / name).mkdir()
    (tmp_path / "numpy").mkdir()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(namespaces.site, "getsitepackages", lambda: [str(tmp_path)])
        patch.setattr(namespaces.site, "ENABLE_USER_SITE", False)
        expected = [] if name == "_editable_x.pth" else [str(tmp_path / name)]
        assert namespaces.answers_installed() == expected
        assert namespaces.answers_installed([tmp_path / "numpy", tmp_path / "gone"]) == sorted(
            [*expected, str(tmp_path / "numpy")]
        )


def test_a_directory_that_the_caller_hides_is_empty(edition: Path, kernels: Kernels, start: Start) -> None:
    hidden = Path(sys.base_prefix, "share")
    assert any(hidden.iterdir())
    with Kernels(edition, mode="namespaces", hide=[hidden]) as others:
        inside = start(others)
        assert inside.run(f"import os; print(os.listdir({str(hidden)!r}))") == "[]"
        inside.shut_down()


@pytest.mark.parametrize("directory", ["/", "/usr", "/edition", "/etc", "/dev", "/proc", "/home", sys.prefix])
def test_nothing_is_written_outside_the_scratch_directories(inside: Any, directory: str) -> None:
    assert error_of(inside, f"open({directory + '/new'!r}, 'w')") in ("OSError", "PermissionError", "FileNotFoundError")


@pytest.mark.parametrize("directory", ["/tmp", "/dev/shm", "/home/student"])
def test_scratch_directories_are_empty_and_writable(inside: Any, directory: str) -> None:
    code = f"import os; p = {directory + '/a file'!r}; open(p, 'w').write('x'); print(os.path.getsize(p)); os.remove(p)"
    assert inside.run(code) == "1"


def test_the_network_of_the_machine_cannot_be_reached(inside: Any) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server, socket.socket(socket.AF_UNIX) as abstract:
        port = server.getsockname()[1]
        name = f"\0autograder-test-{os.getpid()}"
        abstract.bind(name)
        abstract.listen()
        for address in (("127.0.0.1", port), name):  # anybody outside can connect
            with socket.socket(socket.AF_UNIX if address == name else socket.AF_INET) as control:
                control.connect(address)
        tcp = f"import socket; socket.create_connection(('127.0.0.1', {port}), 5)"
        assert error_of(inside, tcp) == "ConnectionRefusedError"
        assert error_of(inside, f"socket.socket(socket.AF_UNIX).connect({name!r})") == "ConnectionRefusedError"
    assert error_of(inside, "socket.create_connection(('192.0.2.1', 80), 5)") == "OSError"
    assert error_of(inside, "socket.socket(socket.AF_VSOCK)") == "PermissionError"


def test_only_its_own_processes_are_seen_and_signalled(inside: Any, edition: Path) -> None:
    commands = inside.run(
        "import os\n"
        "print(*{open(f'/proc/{p}/cmdline').read().split(chr(0))[2] for p in os.listdir('/proc') if p.isdigit()})"
    )
    assert commands == "autograder.running.kernel_side.zygote"
    assert error_of(inside, f"os.kill({os.getpid()}, 0)") == "ProcessLookupError"
    said = inside.run("print(open('/proc/self/cmdline').read(), open('/proc/self/environ').read())")
    assert "/edition" in said
    assert str(edition) not in said


@pytest.mark.parametrize(
    "call",
    [
        "'mount', b'none', b'/tmp', b'tmpfs', 0, None",
        "'umount2', b'/tmp', 2",
        "'chroot', b'/tmp'",
        "'ptrace', 16, os.getppid(), 0, 0",
        "'unshare', 0x10000000",
        "'unshare', 0x20000",
        "'setns', 0, 0",
        "'clone', None, None, 0x10000000, None",
        "'syscall', 442, -100, b'/', 0, None, 0",
        "'keyctl', 0, -3, 0",
    ],
)
def test_a_system_call_that_could_leave_the_sandbox_is_refused(inside: Any, call: str) -> None:
    name = call.split(",")[0].strip("'")
    if name == "keyctl":
        call = f"'syscall', {'250' if os.uname().machine == 'x86_64' else '219'}, 0, -3, 0"
    refused = {"clone": "Invalid argument"}.get(name, "Operation not permitted")  # libc refuses a clone without stack
    assert inside.run(textwrap.dedent(LIBC) + f"print(tried({call}))") == refused


def test_a_new_user_namespace_is_refused_through_clone_and_clone3(inside: Any) -> None:
    clone = {"x86_64": 56}.get(os.uname().machine, 220)
    code = textwrap.dedent(LIBC) + (
        f"print(tried('syscall', {clone}, 0x10000000 | 17, 0, 0, 0, 0))\n"
        "print(tried('syscall', 435, None, 0))\n"
        "print(tried('memfd_create', b'x', 0))"
    )
    assert inside.run(code).splitlines() == ["Operation not permitted", *["Function not implemented"] * 2]


def test_memory_of_one_process_ends_in_a_memory_error(tight_kernels: Kernels, start: Start) -> None:
    inside = start(tight_kernels)
    assert error_of(inside, "import numpy as np; x = np.ones(3 << 27)") == "MemoryError"
    assert inside.run("print(1)") == "1"


def test_processes_that_together_use_too_much_memory_end_the_submission_with_a_reason_for_staff(
    tight_kernels: Kernels, start: Start
) -> None:
    inside = start(tight_kernels)
    code = """
        import os, time
        for _ in range(8):
            if os.fork() == 0:
                data = b"x" * (150 << 20)
                time.sleep(1000)
    """
    inside.send(textwrap.dedent(code))
    inside.wait_until_it_ends()
    assert inside.provisioner.killed_because == "used more than 512 MB of memory"


def test_memory_that_processes_share_is_counted_once(tight_kernels: Kernels, start: Start) -> None:
    inside = start(tight_kernels)
    code = """
        import os, time, warnings
        warnings.simplefilter("ignore")  # newer Pythons warn of forks beside threads
        data = b"x" * (200 << 20)
        children = []
        for _ in range(6):
            children.append(os.fork())
            if children[-1] == 0:
                time.sleep(1)
                os._exit(0)
        for child in children:
            os.waitpid(child, 0)
        print("all ended")
    """
    assert inside.run(textwrap.dedent(code)) == "all ended"
    assert inside.provisioner.killed_because == ""


def test_a_fork_bomb_reaches_its_limit_and_ends_with_the_kernel(tight_kernels: Kernels, start: Start) -> None:
    inside = start(tight_kernels)
    code = """
        import os, time, warnings
        warnings.simplefilter("ignore")  # newer Pythons warn of forks beside threads
        count = 0
        while True:
            if os.fork() == 0:
                time.sleep(1000)
            count += 1
    """
    assert error_of(inside, code) == "BlockingIOError"
    assert 0 < int(inside.run("print(count)")) < 40
    left = descendants(inside.provisioner.pid)
    assert len(left) > 10
    inside.shut_down()
    assert [process for process in left if Path(f"/proc/{process}").exists()] == []


def test_files_fill_no_more_than_the_scratch_directory(tight_kernels: Kernels, start: Start) -> None:
    inside = start(tight_kernels)
    assert error_of(inside, "open('/tmp/large', 'wb').write(bytes(3 << 20))") == "OSError"
    code = "n = 0\nwhile True:\n    open(f'/tmp/{n}', 'wb').write(bytes(1 << 20))\n    n += 1"
    assert error_of(inside, code) == "OSError"
    assert int(inside.run("print(n)")) < 4


def test_a_cell_that_computes_for_too_long_ends_the_kernel(tight_kernels: Kernels, start: Start) -> None:
    inside = start(tight_kernels)
    inside.send("while True: pass")
    inside.wait_until_it_ends()
    assert not inside.provisioner.has_process


def test_the_filter_is_shorter_with_a_network_namespace() -> None:
    pytest.importorskip("pyseccomp")
    programs = [seccomp.build(), seccomp.build(shared_network=True), seccomp.build(signals=False)]
    assert len(set(programs)) == 3
    assert all(program and len(program) % 8 == 0 for program in programs)


def test_landlock_alone_blocks_access_to_files_network_and_processes(
    landlocked: Kernels, start: Start, tmp_path: Path
) -> None:
    inside = start(landlocked)
    gradebook = tmp_path / "gradebook.db"
    gradebook.write_text("marks", encoding="utf-8")
    for path in (gradebook, ROOT / "README.md", Path("/etc/passwd"), Path(f"/proc/{os.getpid()}/environ")):
        assert error_of(inside, f"open({str(path)!r})") == "PermissionError"
    for path in namespaces.answers_installed():
        files = [each for each in Path(path).rglob("*") if each.is_file()] if Path(path).is_dir() else [Path(path)]
        for file in files:
            assert error_of(inside, f"open({str(file)!r})") == "PermissionError"
    assert error_of(inside, f"open({str(tmp_path / 'new')!r}, 'w')") == "PermissionError"
    assert error_of(inside, f"import os; os.truncate({str(gradebook)!r}, 0)") == "PermissionError"
    assert error_of(inside, f"os.kill({os.getpid()}, 0)") == "PermissionError"
    assert error_of(inside, "import socket; socket.socket()") == "PermissionError"
    assert error_of(inside, "socket.socketpair(socket.AF_UNIX, socket.SOCK_DGRAM)") == "PermissionError"
    assert inside.run("import numpy, course_lib; open('mine', 'w').write('x'); print(open('mine').read())") == "x"
    assert landlock.version() >= landlock.TRUNCATION


def test_under_landlock_alone_background_processes_have_ended_after_the_shutdown(
    landlocked: Kernels, start: Start
) -> None:
    inside = start(landlocked)
    code = """
        import os, time
        reading, writing = os.pipe()
        for _ in range(3):
            if os.fork() == 0:
                os.setsid()
                if os.fork() == 0:
                    os.write(writing, b"x")
                    time.sleep(1000)
                os._exit(0)
            os.wait()
            os.read(reading, 1)
    """
    before = descendants(inside.provisioner.pid)
    inside.run(textwrap.dedent(code))
    left = descendants(inside.provisioner.pid)
    assert len(left) == len(before) + 3
    inside.shut_down()
    assert [process for process in left if Path(f"/proc/{process}").exists()] == []


def test_under_landlock_alone_a_full_scratch_directory_ends_the_submission(landlocked: Kernels, start: Start) -> None:
    inside = start(landlocked)
    inside.send("import time\nfor n in range(8): open(str(n), 'wb').write(bytes(1 << 20))\ntime.sleep(1000)")
    inside.wait_until_it_ends()
    assert inside.provisioner.killed_because == "wrote more than 4 MB of files"


def test_an_interpreter_below_tmp_can_be_used(edition: Path, kernels: Kernels) -> None:
    with tempfile.TemporaryDirectory(dir="/tmp") as directory:
        Path(directory).chmod(0o755)
        Path(directory, "installed").write_text("here", encoding="utf-8")
        code = textwrap.dedent(f"""
            import os, sys
            from pathlib import Path
            from autograder.running.sandbox import enter
            from autograder.running.judge_side.kernels import sandbox_options
            from autograder.running.sandbox.options import Limits
            sys.exec_prefix = {directory!r}
            options = sandbox_options("namespaces", Path({str(edition)!r}), Limits())
            answer = os.dup(1)
            enter.prepare(options)
            parent = enter.Parent.this()
            if enter.fork(options):
                os._exit(os.waitstatus_to_exitcode(os.wait()[1]))
            enter.enter(options, parent, None)
            Path("/tmp/mine").write_text("mine")
            try:
                Path({directory!r}, "installed").write_text("changed")
            except OSError:
                os.write(answer, Path({directory!r}, "installed").read_bytes())
            os._exit(0)
        """)
        # A process with several threads cannot create a user namespace.
        one_thread = {**os.environ, "OPENBLAS_NUM_THREADS": "1"}
        done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False, env=one_thread)
        assert (done.stdout, done.stderr) == ("here", "")
        assert [path.name for path in Path(directory).iterdir()] == ["installed"]
