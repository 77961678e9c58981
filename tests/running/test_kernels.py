"""Preloaded kernels: they work like Jupyter's, draw different random numbers, and leave nothing behind."""

from __future__ import annotations

import asyncio
import json
import os
import select
import signal
import socket
import subprocess
import sys
import textwrap
from collections.abc import Callable
from pathlib import Path
from typing import Any

import nbformat.v4
import pytest
from matplotlib import font_manager
from nbclient import NotebookClient
from nbclient.exceptions import DeadKernelError
from support import GENEROUS, ROOT

from autograder.errors import ZygoteError
from autograder.running.judge_side.kernel_client import LONGEST_MESSAGE
from autograder.running.judge_side.kernels import Kernels
from autograder.running.judge_side.zygote_client import zygote_of
from autograder.running.sandbox.processes import descendants

Start = Callable[[Kernels], Any]


def run_notebook(kernels: Kernels, *sources: str, **options: Any) -> Any:
    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(source) for source in sources])
    options = {"allow_errors": True, "shutdown_kernel": "immediate", **options}
    NotebookClient(notebook, km=kernels.manager(), **options).execute(cleanup_kc=True)
    return notebook


def text_of(cell: Any) -> str:
    return "".join(output.get("text", "") or str(output.get("ename", "")) for output in cell.outputs)


def zygote_pid(inside: Any) -> int:
    pid = zygote_of(inside.provisioner.directory).pid
    assert pid is not None
    return pid


def has_ended(handle: int) -> bool:
    poll = select.poll()
    poll.register(handle, select.POLLIN)
    return bool(poll.poll(GENEROUS * 1000))


def test_nbclient_runs_a_notebook_as_with_other_kernels(kernels: Kernels) -> None:
    notebook = run_notebook(kernels, "x = 2", "print(x + 1)", "1 / 0", "!echo from a shell", "x")
    assert [text_of(cell).strip() for cell in notebook.cells[:4]] == ["", "3", "ZeroDivisionError", "from a shell"]
    assert notebook.cells[4].outputs[0].data == {"text/plain": "2"}


def test_a_figure_is_a_png(kernels: Kernels) -> None:
    code = "import matplotlib.pyplot as plt\nplt.plot([1, 2])\nplt.show()"
    (output,) = run_notebook(kernels, code).cells[0].outputs
    assert output.data["image/png"].startswith("iVBOR")


def test_the_font_cache_of_this_machine_is_used(
    edition: Path, start: Start, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    known = tmp_path / ".cache" / "matplotlib" / f"fontlist-v{font_manager.FontManager.__version__}.json"
    known.parent.mkdir(parents=True)
    font_manager.json_dump(font_manager.fontManager, known)
    fonts = json.loads(known.read_text(encoding="utf-8"))
    fonts["ttflist"].append({**fonts["ttflist"][0], "name": "Known"})
    known.write_text(json.dumps(fonts), encoding="utf-8")
    monkeypatch.setenv("HOME", str(tmp_path))
    with Kernels(edition, mode="namespaces") as others:
        code = "from matplotlib.font_manager import fontManager\nprint('Known' in fontManager.get_font_names())"
        assert start(others).run(code) == "True"


def test_a_kernel_has_no_debugger_and_the_remaining_packages_can_be_imported(kernels: Kernels) -> None:
    code = (
        "import importlib.util, sys\n"
        "print('debugpy' in sys.modules, 'pydevd' in sys.modules, importlib.util.find_spec('debugpy') is not None)"
    )
    assert text_of(run_notebook(kernels, code).cells[0]).split() == ["False", "False", "True"]


def test_two_kernels_draw_different_random_numbers(kernels: Kernels) -> None:
    code = "import random, numpy as np\nprint(random.random())\nprint(np.random.rand())"
    first, second = (text_of(run_notebook(kernels, code).cells[0]).split() for _ in range(2))
    assert len(first) == len(second) == 2
    assert not set(first) & set(second)


def test_the_edition_is_what_is_imported(kernels: Kernels) -> None:
    notebook = run_notebook(kernels, "import course_lib, autograder\nprint(course_lib.__file__, autograder.__file__)")
    assert text_of(notebook.cells[0]).split() == ["/edition/course_lib/__init__.py", "/edition/autograder/__init__.py"]


def test_the_judges_end_of_the_wire_receives_from_the_kernel(kernels: Kernels, start: Start) -> None:
    assert start(kernels).provisioner.channel.recv(5) == b"hello"


def test_programs_that_a_kernel_starts_do_not_have_its_sockets(kernels: Kernels, start: Start) -> None:
    listing = start(kernels).run(
        "import subprocess\n"
        "print(subprocess.run(['ls', '-l', '/proc/self/fd'], close_fds=False, capture_output=True, text=True).stdout)"
    )
    assert "/dev/null" in listing
    assert "socket:" not in listing


def test_only_nbgraders_environment_variable_is_passed_to_a_kernel(kernels: Kernels) -> None:
    given = {"AUTOGRADER_DB": "secret", "HOME": "/root", "NBGRADER_EXECUTION": "autograde"}

    async def environment() -> str:
        manager = kernels.manager()
        await manager.start_kernel(env=given)
        client = manager.client()
        client.start_channels()
        try:
            await client.wait_for_ready(GENEROUS)
            code = "import os\nassert 'AUTOGRADER_DB' not in os.environ\nassert os.environ['HOME'] != '/root'"
            reply = await client.execute_interactive(f"{code}\nassert os.environ['NBGRADER_EXECUTION'] == 'autograde'")
        finally:
            client.stop_channels()
            await manager.shutdown_kernel(now=True)
        return str(reply["content"]["status"])

    assert asyncio.run(environment()) == "ok"


def test_a_cell_that_hangs_is_interrupted_and_the_next_one_runs(kernels: Kernels) -> None:
    notebook = run_notebook(kernels, "while True: pass", "print('next')", timeout=3, interrupt_on_timeout=True)
    assert [text_of(cell).strip() for cell in notebook.cells] == ["KeyboardInterrupt", "next"]


def test_a_long_message_is_received_and_one_over_the_limit_is_not(kernels: Kernels) -> None:
    sizes = LONGEST_MESSAGE * 3 // 4, LONGEST_MESSAGE + 1
    show = "from IPython.display import display\ndisplay({{'text/plain': 'x' * {}}}, raw=True)"
    notebook = run_notebook(kernels, *map(show.format, sizes), iopub_timeout=5)
    texts = ["".join(output.data["text/plain"] for output in cell.outputs) for cell in notebook.cells]
    assert [len(text) for text in texts] == [sizes[0], 0]


def test_a_kernel_that_ends_itself_is_known_to_be_dead(kernels: Kernels) -> None:
    with pytest.raises(DeadKernelError):
        run_notebook(kernels, "import os, signal\nos._exit(3)")


def test_a_background_process_is_gone_after_the_shutdown(kernels: Kernels, start: Start) -> None:
    inside = start(kernels)
    code = """
        import os, time
        reading, writing = os.pipe()
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
    assert len(left) == len(before) + 1
    inside.shut_down()
    assert [process for process in left if Path(f"/proc/{process}").exists()] == []


def test_a_kernel_holds_no_handle_of_another_process(kernels: Kernels, start: Start) -> None:
    opened = start(kernels).run(
        "import os; print([os.readlink(f'/proc/self/fd/{n}') for n in os.listdir('/proc/self/fd')[:-1]])"
    )
    assert "socket" in opened
    assert "pidfd" not in opened


def test_the_c_library_has_the_process_id_of_a_kernel_inside_its_namespace(kernels: Kernels, start: Start) -> None:
    code = """
        import ctypes, os, threading
        place = ctypes.POINTER(ctypes.c_int)()
        assert ctypes.CDLL(None).prctl(40, ctypes.byref(place), *[ctypes.c_ulong(0)] * 3) == 0
        print(os.getpid(), threading.get_native_id(), place.contents.value)
    """
    assert start(kernels).run(textwrap.dedent(code)) == "1 1 1"


def test_after_the_zygote_is_killed_its_kernels_end_and_new_ones_start(kernels: Kernels, start: Start) -> None:
    inside = start(kernels)
    inside.run("import subprocess; subprocess.Popen(['sleep', '1000'])")
    kernel = inside.provisioner.pid
    handles = [os.pidfd_open(process) for process in (kernel, *descendants(kernel))]
    assert len(handles) == 2
    os.kill(zygote_pid(inside), signal.SIGKILL)
    assert [has_ended(handle) for handle in handles] == [True] * len(handles)
    for handle in handles:
        os.close(handle)
    assert start(kernels).run("print(1)") == "1"


def sharing_kernels(kernels: Kernels, edition: Path) -> Kernels:
    """Create kernels that use the zygote of other kernels, as another process does."""
    return Kernels(edition, mode="namespaces", share=kernels.share())


def test_a_shared_zygote_forks_for_other_kernels_and_ends_those_left_behind(
    kernels: Kernels, edition: Path, start: Start
) -> None:
    ours = start(kernels)
    with sharing_kernels(kernels, edition) as others:
        theirs = start(others)
        assert theirs.run("print(1)") == "1"
        assert zygote_of(theirs.provisioner.directory).pid is None
        handle = os.pidfd_open(theirs.provisioner.pid)
    assert has_ended(handle)
    os.close(handle)
    assert ours.run("print(2)") == "2"
    assert start(kernels).run("print(3)") == "3"


def test_a_user_of_a_shared_zygote_that_was_killed_starts_a_new_one(
    kernels: Kernels, edition: Path, start: Start
) -> None:
    ours = start(kernels)
    with sharing_kernels(kernels, edition) as others:
        theirs = start(others)
        handle = os.pidfd_open(theirs.provisioner.pid)
        os.kill(zygote_pid(ours), signal.SIGKILL)
        assert has_ended(handle)
        os.close(handle)
        again = start(others)
        assert again.run("print(1)") == "1"
        assert zygote_pid(again) != zygote_pid(start(kernels))


def test_a_zygote_that_has_ended_cannot_be_shared(kernels: Kernels, start: Start) -> None:
    inside = start(kernels)
    handle = os.pidfd_open(zygote_pid(inside))
    os.kill(zygote_pid(inside), signal.SIGKILL)
    assert has_ended(handle)
    os.close(handle)
    with pytest.raises(ConnectionError):
        kernels.share()
    assert start(kernels).run("print(1)") == "1"


def test_when_the_trusted_process_is_killed_its_kernels_end_too(kernels: Kernels, edition: Path) -> None:
    code = """
        import asyncio, sys
        from pathlib import Path
        from autograder.running.judge_side.kernels import Kernels
        kernels = Kernels(Path(sys.argv[1]), mode="namespaces")
        manager = kernels.manager()
        asyncio.run(manager.start_kernel())
        print(kernels.directory, flush=True)
        sys.stdin.read()
    """
    process = subprocess.Popen(
        [sys.executable, "-c", textwrap.dedent(code), str(edition)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        text=True,
    )
    with process:
        assert process.stdout is not None
        directory = Path(process.stdout.readline().strip())
        below = descendants(process.pid)
        assert len(below) == 2  # zygote and kernel
        handles = [os.pidfd_open(each) for each in below]
        process.kill()
        assert [has_ended(handle) for handle in handles] == [True] * 2
        for handle in handles:
            os.close(handle)
    # Only a killed process leaves its private directory.
    assert directory.stat().st_mode & 0o77 == 0
    subprocess.run(["rm", "-r", str(directory)], check=True)


def test_closing_leaves_no_process_and_no_file(kernels: Kernels, edition: Path, start: Start) -> None:
    before = descendants(os.getpid())
    with Kernels(edition, mode="namespaces") as others:
        inside = start(others)
        assert len(descendants(os.getpid()) - before) == 2
        directory = others.directory
        assert any(directory.iterdir())
        inside.shut_down()
        assert sorted(path.name for path in directory.iterdir()) == ["submission", "zygote.log"]
        inside = start(others)  # still running when its kernels are closed
        assert len(descendants(os.getpid()) - before) == 2
    assert descendants(os.getpid()) - before == set()
    assert not directory.exists()
    assert list(edition.rglob("*.pyc")) == []


def test_an_edition_without_a_zygote_is_refused_with_a_message(kernels: Kernels, tmp_path: Path) -> None:
    async def fail(others: Kernels) -> None:
        await others.manager().start_kernel()

    with (
        Kernels(tmp_path, mode="namespaces") as others,
        pytest.raises(ZygoteError, match=r"No module named .*autograder"),
    ):
        asyncio.run(fail(others))


@pytest.mark.parametrize("token", [b"", b"0" * 64])
def test_in_trusted_mode_only_the_kernel_gets_the_wire(edition: Path, start: Start, token: bytes) -> None:
    created = socket.create_server

    def create_server_that_somebody_knows_of(*arguments: Any, **options: Any) -> socket.socket:
        server = created(*arguments, **options)
        stranger = socket.create_connection(server.getsockname())
        stranger.sendall(token)
        stranger.close()
        return server

    with pytest.MonkeyPatch.context() as patch, Kernels(edition, mode="trusted") as trusted:
        patch.setattr(socket, "create_server", create_server_that_somebody_knows_of)
        inside = start(trusted)
        assert inside.provisioner.channel.recv(5) == b"hello"
        code = "import course_lib, os\nprint(course_lib.EDITION, 'AUTOGRADER_WIRE' in os.environ)"
        assert inside.run(code) == "True False"
        inside.shut_down()
