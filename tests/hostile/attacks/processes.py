"""Processes, threads, signals and crashes: all processes of a submission end with its grading."""

from __future__ import annotations

from hostile.attack import WRONG_SIGMOID, Attack, during_the_call
from support import RIGHT_SIGMOID

CLASS = "limits"
ENDS = "the submission"
ATTACKS = {
    "a process in the background": Attack(
        "import subprocess\nsubprocess.Popen(['sleep', '100000'], start_new_session=True)\nprint('started')",
        says="started",
    ),
    "a daemon": Attack(
        "import os, signal, time\nif os.fork() == 0:\n    os.setsid()\n    if os.fork() == 0:\n"
        "        for number in range(1, 65):\n            try:\n                signal.signal(number, signal.SIG_IGN)\n"
        "            except (OSError, ValueError):\n                pass\n"
        "        while True:\n            time.sleep(1)\n    os._exit(0)\nprint('started')",
        says="started",
    ),
    "many daemons from the judged function": during_the_call(
        "import os, time\nfor _ in range(5):\n    if os.fork() == 0:\n        os.setsid()\n        time.sleep(100000)\n        os._exit(0)"
    ),
    "threads that sleep on": Attack(
        "import threading, time\nfor _ in range(8):\n"
        "    threading.Thread(target=lambda: time.sleep(100000)).start()\nprint('started')",
        says="started",
    ),
    "a thread that changes the answer": Attack(
        "import threading\ndef spin():\n    while True:\n        globals()['sigmoid'] = None if 'sigmoid' in globals() else 0\n"
        "        break\nthreading.Thread(target=spin, daemon=True).start()\nprint('started')",
        says="started",
    ),
    "signals to all processes": Attack(
        "import os, signal\nfor number in (signal.SIGTERM, signal.SIGKILL):\n    try:\n        os.kill(-1, number)\n"
        "    except ProcessLookupError:\n        pass\nprint('signalled')",
        says="signalled",
    ),
    "signals to every process number": Attack(
        "import os, signal\nfor process in range(2, 40000):\n    try:\n        os.kill(process, signal.SIGKILL)\n"
        "    except (ProcessLookupError, PermissionError):\n        pass\nprint('signalled')",
        says="signalled",
    ),
    "signals to its parents": Attack(
        "import os, signal\nprint('parent', os.getppid())\nfor process in {os.getppid(), os.getpgid(0), os.getsid(0)} - {0, os.getpid()}:\n"
        "    os.kill(process, signal.SIGKILL)",
        says="parent",
    ),
    "a signal from the judged function to all": during_the_call("import os\nos.kill(-1, 9)"),
    "dies while it is imported": Attack("import os\nos._exit(0)", says=ENDS, fails=True),
    "dies in the answer's cell": Attack(
        answers={"right": RIGHT_SIGMOID + "\nimport os, signal\nos.kill(os.getpid(), signal.SIGSEGV)\nos.abort()"},
        says=ENDS,
        fails=True,
    ),
    "dies in the judged function": during_the_call("import os\nos._exit(0)"),
    "crashes in the judged function": during_the_call("import ctypes\nctypes.string_at(0)"),
    "aborts in the judged function": during_the_call("import os\nos.abort()"),
    "exits from the judged function": during_the_call("raise SystemExit(0)"),
    "kills the kernel from the judged function": during_the_call(
        "import os, signal\nos.kill(os.getppid(), signal.SIGKILL)\nos.kill(os.getppid(), signal.SIGSTOP)"
    ),
    "dies after it was judged": Attack(after="import os\nos._exit(0)", says=ENDS, fails=True),
    "dies at its end": Attack(
        "import atexit, os, signal\natexit.register(lambda: os.kill(-1, signal.SIGKILL))\n"
        "signal.signal(signal.SIGTERM, signal.SIG_IGN)\nprint('registered')",
        says="registered",
    ),
    "never ends in the judged function": Attack(
        answers={
            "wrong": "def sigmoid(a):\n    while True:\n        try:\n            while True:\n                pass\n"
            "        except BaseException:\n            pass"
        },
        right=None,
    ),
    "stops itself": Attack("import os, signal\nos.kill(os.getpid(), signal.SIGSTOP)\nprint('going on')"),
    "ignores every interrupt": Attack(
        "import signal, time\nsignal.signal(signal.SIGINT, signal.SIG_IGN)\nwhile True:\n    time.sleep(1)",
        fails=True,
    ),
    "hangs and is interrupted": Attack("import time\ntime.sleep(100000)", says="KeyboardInterrupt", wrong=None),
    "an answer replaced after it was judged": Attack(after=RIGHT_SIGMOID, right=None, answers={"wrong": WRONG_SIGMOID}),
}
