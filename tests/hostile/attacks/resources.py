"""Endless memory, processes, files and output: each submission is stopped or cut off at its limit."""

from __future__ import annotations

from hostile.attack import Attack, during_the_call


def once(code: str, says: str = "", fails: bool = False, after: str = "") -> Attack:
    """Return an attack with a right answer, which earns its points unless the kernel dies."""
    return Attack(code, after=after, says=says, fails=fails, wrong=None)


CLASS = "limits"
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
    "memory of the judged function": during_the_call("held = [np.ones(16 << 20) for _ in range(100)]"),
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
    # The channel receives nothing after a message that is too long: the cell seems never to end.
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
    "prints while it is called": during_the_call("for _ in range(2000):\n    print('4.0' * 1000)"),
    "warns while it is called": during_the_call(
        "import warnings\nfor n in range(20_000):\n    warnings.warn(f'{n}' * 50, RuntimeWarning)"
    ),
    "raises a long text": during_the_call("raise ValueError('4.0' * 10_000_000)"),
    "slow, but not too slow": during_the_call("import time\ntime.sleep(1)"),
}
