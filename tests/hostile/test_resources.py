"""Memory, processes, disk and output without end: each submission has a share, and dies or is cut at its limit."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from hostile.arena import Arena, Attack


def judged(body: str) -> Attack:
    """Build an attack that happens while its function is called."""
    lines = "".join(f"    {line}\n" for line in body.split("\n"))
    return Attack(answers={"wrong": f"def sigmoid(a):\n{lines}    return a"}, right=None)


def once(code: str, says: str = "", fails: bool = False, after: str = "") -> Attack:
    """Build an attack beside a right answer, which keeps its points unless the kernel dies."""
    return Attack(code, after=after, says=says, fails=fails, wrong=None)


MESSAGE = """
kernel = get_ipython().kernel
"""
ATTACKS = {
    "memory of one process": once("held = np.ones(1 << 30)\nprint('held')"),
    "memory bit by bit": once(
        "held = []\ntry:\n    while True:\n        held.append(np.ones(4 << 20))\nexcept MemoryError:\n    del held\n    print('full')"
    ),
    "memory of many processes": once(
        "import os, time\nfor _ in range(12):\n    if os.fork() == 0:\n        held = np.ones(64 << 20)\n"
        "        time.sleep(60)\n        os._exit(0)\ntime.sleep(60)",
        says="memory",
        fails=True,
    ),
    "memory of the judged function": judged("held = [np.ones(16 << 20) for _ in range(100)]"),
    "a fork bomb": once(
        "import os, time\nstart = time.monotonic()\nwhile time.monotonic() < start + 2:\n    try:\n        os.fork()\n"
        "    except OSError:\n        pass\n"
        "if os.getpid() != 1:\n    time.sleep(1000)\n    os._exit(0)\nos.kill(-1, 9)\nprint('alone')",
    ),
    "threads without end": once(
        "import threading, time\ntry:\n    for _ in range(10_000):\n        threading.Thread(target=time.sleep, args=(3,), daemon=True).start()\n"
        "except RuntimeError:\n    print('no more')",
        says="no more",
    ),
    "a full disk": once(
        "import os\ntry:\n    for number in range(1000):\n        with open(f'{number}.bin', 'wb') as file:\n            file.write(bytes(8 << 20))\n"
        "except OSError as full:\n    print('full:', full.strerror)\n"
        "for name in os.listdir():\n    if name.endswith('.bin'):\n        os.remove(name)",
        says="full:",
    ),
    "files without end": once(
        "try:\n    for number in range(100_000):\n        open(f'{number}.x', 'w').close()\nexcept OSError as full:\n    print('full:', full.strerror)",
        says="full:",
    ),
    "one file without end": once(
        "import signal\nsignal.signal(signal.SIGXFSZ, signal.SIG_IGN)\ntry:\n    with open('/dev/shm/one', 'wb') as file:\n"
        "        while True:\n            file.write(bytes(1 << 20))\nexcept OSError as full:\n    print('full:', full.strerror)",
        says="full:",
    ),
    "descriptors without end": once(
        "import os\nheld = []\ntry:\n    while True:\n        held.append(os.open('/dev/null', os.O_RDONLY))\n"
        "except OSError as full:\n    print('full:', full.strerror)\nfor number in held:\n    os.close(number)",
        says="full:",
    ),
    "text without end": once("while True:\n    print('4.0' * 10_000)", says="more output was left out"),
    "figures without end": once(
        "from IPython.display import display\nfor _ in range(2000):\n"
        "    display({'image/png': 'A' * 100_000, 'text/plain': 'figure'}, raw=True)",
        says="more output was left out",
    ),
    "errors without end": once(
        "import sys\nwhile True:\n    sys.stderr.write('x' * 10_000)\n    sys.stderr.flush()",
        says="more output was left out",
    ),
    "an error too long to be shown": Attack(
        after="class Answer:\n    def __eq__(self, other):\n        raise ValueError('x' * 5_000_000)\nanswer = Answer()",
        edit=lambda notebook: notebook.cells.insert(-2, notebook.cells.pop()),
        wrong=None,
        own=0.0,
    ),
    "one long line": once("print('x' * 20_000_000)", says="more output was left out"),
    # After a message that is too long its channel hears nothing more: the cell seems never to end.
    "one message of 300 MB": Attack(
        "from IPython.display import display\ndisplay({'image/png': 'A' * (300 << 20)}, raw=True)\nprint('sent')",
        wrong=None,
        right=4.0,
    ),
    "comms without end": once(
        MESSAGE + "for number in range(20_000):\n    kernel.session.send(kernel.iopub_socket, 'comm_msg', "
        "{'comm_id': '4', 'data': {'x': 'x' * 1000}}, parent=kernel.get_parent('shell'))",
        after="print('sent', number)",
        says="sent 19999",
    ),
    "prints while it is called": judged("for _ in range(2000):\n    print('4.0' * 1000)"),
    "warns while it is called": judged(
        "import warnings\nfor n in range(20_000):\n    warnings.warn(f'{n}' * 50, RuntimeWarning)"
    ),
    "raises a long text": judged("raise ValueError('4.0' * 10_000_000)"),
    "slow, but not too slow": judged("import time\ntime.sleep(1)"),
}


@pytest.fixture(scope="module")
def arena(fight: Callable[..., Arena]) -> Arena:
    return fight(ATTACKS, "--cell-timeout", 10)


@pytest.mark.parametrize("name", ATTACKS)
def test_a_share_is_a_share(arena: Arena, name: str) -> None:
    arena.check(name)


def test_the_class_is_graded_and_the_host_is_as_it_was(arena: Arena) -> None:
    arena.check_the_others()


def test_a_page_stays_small(arena: Arena) -> None:
    for student, entry in arena.students.items():
        if entry["status"] == "graded":
            assert len(arena.page(student)) < 40 << 20, student
