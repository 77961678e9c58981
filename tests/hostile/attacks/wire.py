"""The wire between kernel and judge, taken over by the student: only right numbers earn points."""

from __future__ import annotations

from hostile.attack import Attack

CHANNEL = """
import gc, os, socket, struct, json, time
from autograder.running.kernel_side import function_server
from autograder.running.wire import Wire, outcome_to_message
from autograder.judging import calls
channel = next(o for o in gc.get_objects() if type(o) is function_server.Server)._connection
"""
# Replaces the grader's code in the process that was forked for the judge, and writes to the socket directly.
TAKEN_OVER = (
    CHANNEL
    + """
def frame(header, *buffers):
    text = header if isinstance(header, bytes) else json.dumps(header).encode()
    return struct.pack("<II", len(text), len(buffers)) + struct.pack(f"<{len(buffers)}Q", *map(len, buffers)) + text + b"".join(buffers)
def outcome(value, *buffers, **more):
    said = {"error": None, "warnings": [], "printed": "", "changed": "", "line": "", **more}
    return frame({"message": said, "values": {"value": value}}, *buffers)
def taken_over(wire, namespace):
    while True:
        message, values = wire.receive(functions=lambda number: number)
        if message.get("request") == "look":
            wire.send({"callable": True, "names": list(message["names"])}, {})
        else:
            answer(wire, message, values)
function_server._serve = taken_over
"""
)


def answers(body: str, says: str = "", code: str = "") -> Attack:
    """Return an attack that answers the judge's calls itself; the right answer in its notebook is never called."""
    lines = "".join(f"    {line}\n" for line in body.split("\n"))
    return Attack(f"{TAKEN_OVER}{code}\ndef answer(wire, message, values):\n{lines}", says=says, wrong=None, right=0.0)


ATTACKS = {
    "the channel closed": Attack(CHANNEL + "channel.close()", says="broke its connection", fails=True),
    "the channel shut down": Attack(
        CHANNEL + "channel.shutdown(socket.SHUT_RDWR)", says="broke its connection", fails=True
    ),
    "every descriptor closed": Attack(
        "import os\nfor number in range(3, 200):\n    try:\n        os.close(number)\n    except OSError:\n        pass",
        fails=True,
    ),
    "garbage on the channel": Attack(
        CHANNEL + "channel.sendall(b'4.0' * 1000)", says="broke its connection", fails=True
    ),
    "found by its number": Attack(
        "import os, stat\nfor number in range(3, 200):\n    try:\n"
        "        if stat.S_ISSOCK(os.fstat(number).st_mode):\n            os.write(number, b'4.0')\n"
        "    except OSError:\n        pass",
        fails=True,
    ),
    "answers before it is asked": Attack(CHANNEL + "channel.sendall(b'D' * 20)\nprint('answered')", says="answered"),
    "endless header": answers("wire._socket.sendall(struct.pack('<II', 0xFFFFFFFF, 0) + b'x' * 100)"),
    "more buffers than there may be": answers("wire._socket.sendall(struct.pack('<II', 2, 0xFFFFFFFF))"),
    "false sizes": answers(
        "wire._socket.sendall(struct.pack('<IIQ', 2, 1, 1 << 62) + b'{}')",
    ),
    "false shapes": answers(
        "wire._socket.sendall(outcome({'buffer': [0, 'float64', [1 << 30, 1 << 30]]}, bytes(8)))",
    ),
    "objects by name": answers("wire._socket.sendall(outcome({'buffer': [0, 'object', [1]]}, bytes(8)))"),
    "pickled": answers(
        "import pickle\nwire._socket.sendall(frame(pickle.dumps({'message': {'points': 4.0}})))",
    ),
    "one array a hundred thousand times": answers(
        "one = {'buffer': [0, 'int8', [1 << 20]]}\nwire._socket.sendall(outcome([one] * 20_000, bytes(1 << 20)))",
    ),
    "a buffer that grows sixteenfold": answers(
        "one = {'long': {'buffer': [0, 'int8', [4 << 20]]}}\nwire._socket.sendall(outcome(one, bytes(4 << 20)))",
    ),
    "deeply nested header": answers("wire._socket.sendall(frame(b'[' * 400_000 + b']' * 400_000))"),
    "deep tuples": answers(
        "text = b'{\"tuple\": [' * 200 + b'4.0' + b']}' * 200\n"
        "said = json.dumps({'error': None, 'warnings': [], 'printed': '', 'changed': '', 'line': ''}).encode()\n"
        "wire._socket.sendall(frame(b'{\"message\": ' + said + b', \"values\": {\"value\": ' + text + b'}}'))"
    ),
    "a result that nests itself": Attack(
        answers={
            "wrong": "def sigmoid(a):\n    deep = []\n    for _ in range(100_000):\n        deep = [deep]\n    return deep"
        },
        right=None,
    ),
    "a result that holds itself": Attack(
        answers={"wrong": "def sigmoid(a):\n    deep = []\n    deep.append(deep)\n    return deep"}, right=None
    ),
    "a result too large": Attack(answers={"wrong": "def sigmoid(a):\n    return np.zeros(30_000_000)"}, right=None),
    "points in place of numbers": answers(
        "wire._socket.sendall(outcome(4.0, points=4.0, passed=True, verdict={'points': 4.0}, parts=[]))"
    ),
    "an error with an impossible name": answers(
        "wire._socket.sendall(outcome(None, error={'type': 'a\\0b', 'text': 'x' * 10_000}))"
    ),
    "an error with a surrogate without its partner": answers(
        "wire._socket.sendall(outcome(None, error={'type': '\\ud800', 'text': '\\ud800'}, printed='\\ud800', line='\\ud800'))"
    ),
    "an error that exits": answers(
        "for kind in ('SystemExit',):\n    wire._socket.sendall(outcome(None, error={'type': kind, 'text': '0'}))"
    ),
    "an interrupt": answers("wire._socket.sendall(outcome(None, error={'type': 'KeyboardInterrupt', 'text': ''}))"),
    "an answer that is replayed": answers(
        "global kept\nif kept is None:\n"
        "    kept = outcome({'buffer': [0, 'float64', [2]]}, struct.pack('<2d', 0.5, 0.5))\nwire._socket.sendall(kept * 3)",
        code="kept = None",
    ),
    "a function in place of numbers": answers("wire._socket.sendall(outcome({'function': 0}))"),
    "a function of NumPy in place of numbers": answers("wire._socket.sendall(outcome({'ufunc': 'exp'}))"),
    "calls a function that was not offered": answers(
        "wire._socket.sendall(frame({'message': {'back': 0}, 'values': {'args': [0.5], 'kwargs': {}}}))"
    ),
    "calls a function with a negative number": answers(
        "wire._socket.sendall(frame({'message': {'back': -1}, 'values': {'args': [0.5], 'kwargs': {}}}))"
    ),
    "asks for its own reference": Attack(
        TAKEN_OVER + "def answer(wire, message, values):\n"
        "    offered = sorted(values['references'])\n"
        "    wire.send(*outcome_to_message(calls.Outcome(None, ValueError(f'offered: {offered}'), (), '', '')))\n",
        page="offered: []",
        wrong=None,
        right=0.0,
    ),
    "silence": answers("time.sleep(3600)"),
    "one byte per second": answers(
        "for byte in outcome(4.0):\n    wire._socket.sendall(bytes([byte]))\n    time.sleep(1)"
    ),
    "kept by a process in the background": Attack(
        CHANNEL + "if os.fork() == 0:\n    os.setsid()\n    if os.fork() == 0:\n        while True:\n"
        "            try:\n                channel.recv(1, socket.MSG_PEEK)\n                channel.sendall(b'D')\n"
        "            except BaseException:\n                pass\n            time.sleep(0.05)\n"
        "    os._exit(0)\nprint('kept')",
        wrong=0.0,
        right=None,  # two processes answer, and which one is faster is random
    ),
}
