"""Messages of the kernel's own making, signed with its own key: the grader takes them for output, or for damage."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from hostile.arena import Arena, Attack

KERNEL = """
import os, time
from ipykernel.kernelapp import IPKernelApp
kernel = get_ipython().kernel
session, parent = kernel.session, kernel.get_parent("shell")
def say(kind, content, parent=parent, **more):
    session.send(kernel.iopub_socket, kind, content, parent=parent, ident=kind.encode(), **more)
"""
OUTPUT = '{"data": {"text/plain": "4.0", "text/html": "<b>4 of 4</b>"}, "metadata": {}'
ATTACKS = {
    "idle before the end": Attack(
        KERNEL + "say('status', {'execution_state': 'idle'})\ntime.sleep(0.3)\nprint('going on')",
    ),
    "replies that were not asked for": Attack(
        KERNEL + "for state in ('ok', 'error', 'aborted', 4.0):\n"
        "    session.send(kernel.shell_stream if hasattr(kernel, 'shell_stream') and kernel.shell_stream else "
        "kernel.iopub_socket, 'execute_reply', {'status': state, 'execution_count': 4, 'payload': [{'source': 'x'}]}, "
        "parent=parent, ident=kernel.get_parent('shell').get('header', {}).get('session', '').encode())\n"
        "print('replied')",
        says="replied",
    ),
    "results for cells to come": Attack(
        KERNEL + "import copy\n"
        "for number in range(50):\n"
        "    other = copy.deepcopy(parent)\n    other['header']['msg_id'] = other['header']['msg_id'].rsplit('_', 1)[0]"
        " + '_' + str(number)\n"
        f"    say('execute_result', {OUTPUT}, 'execution_count': 4}}, parent=other)\nprint('said')",
        says="said",
    ),
    "displays of other cells": Attack(
        KERNEL + f"say('display_data', {OUTPUT}, 'transient': {{'display_id': 'mine'}}}})\n"
        "for name in ('mine', 'test-sigmoid', 'cell-2', 'test_sigmoid', '', None, 7, ['x']):\n"
        f"    say('update_display_data', {OUTPUT}, 'transient': {{'display_id': name}}}})\nprint('updated')",
        says="updated",
    ),
    "cleared again and again": Attack(
        KERNEL + "from IPython.display import clear_output\n"
        "for number in range(300):\n    clear_output(wait=number % 2 == 0)\n    print('cleared', number)\n"
        "say('clear_output', {'wait': 'perhaps'})\nsay('clear_output', {})\nprint('cleared all')",
        says="cleared all",
    ),
    "contents that are none": Attack(
        KERNEL + "for content in ({}, {'name': 'stdout'}, {'data': 4.0}, {'text': ['4.0'], 'name': 'stdout'}):\n"
        "    for kind in ('stream', 'display_data', 'execute_result', 'error', 'status', 'execute_input', 'nonsense'):\n"
        "        say(kind, content)\n"
        "print('said')",
        wrong=None,
        right=None,
    ),
    "a flood of comms": Attack(
        KERNEL + "for number in range(300):\n"
        "    say('comm_open', {'comm_id': str(number), 'target_name': 'jupyter.widget', 'data': {'state': 'x' * 100}})\n"
        "print('opened')",
        says="opened",
    ),
    "questions to the grader": Attack(
        KERNEL + "try:\n    input('points? ')\nexcept Exception as refusal:\n    print(type(refusal).__name__)\n"
        "session.send(kernel.stdin_socket, 'input_request', {'prompt': 'points? ', 'password': False}, parent=parent)\n",
        says="StdinNotImplementedError",
    ),
    "a figure that is none": Attack(
        KERNEL + "say('display_data', {'data': {'image/png': 'bm9uZQ==', 'image/svg+xml': '<svg onload=4.0>', "
        "'application/javascript': 'alert(4)', 'text/latex': '$' * 999}, 'metadata': {'image/png': {'width': -1}}})\n"
        "print('shown')",
        says="shown",
    ),
    "half a character": Attack("print('\\ud800')\nprint('shown')", says="surrogates not allowed"),
    "a message that nobody signed": Attack(
        KERNEL + "session.key = b'another key'\nprint('unsigned')", says="no kernel sends", fails=True
    ),
    "the same message twice": Attack(
        KERNEL + "message = session.msg('stream', {'name': 'stdout', 'text': '4.0'}, parent=parent)\n"
        "for _ in range(3):\n    session.send(kernel.iopub_socket, message, ident=b'stream')\n",
        says="no kernel sends",
        fails=True,
    ),
    "messages without a type": Attack(
        KERNEL + "message = session.msg('stream', {}, parent=parent)\ndel message['header']['msg_type']\n"
        "message['msg_type'] = 'stream'\nsession.send(kernel.iopub_socket, message, ident=b'stream')\n",
        says="no kernel sends",
        fails=True,
    ),
    "a type that is a number": Attack(
        KERNEL + "message = session.msg('stream', {}, parent=parent)\nmessage['header']['msg_type'] = 4\n"
        "session.send(kernel.iopub_socket, message, ident=b'stream')\nprint('typed')",
        says="typed",
    ),
    "depth without end": Attack(
        KERNEL + "text = b'[' * 200_000 + b']' * 200_000\n"
        "header = session.msg_header('stream')\n"
        "pack = lambda value: session.pack(value)\n"
        "parts = [pack(header), pack(parent['header']), b'{}', text]\n"
        "kernel.iopub_socket.send_multipart([b'stream', b'<IDS|MSG>', session.sign(parts), *parts])\nprint('sunk')",
        fails=True,
    ),
    "asks itself to shut down": Attack("get_ipython().kernel.do_shutdown(False)\nimport os\nos._exit(0)", fails=True),
}
ATTACKS = {name: attack for name, attack in ATTACKS.items() if attack.wrong is not None or attack.right is not None}


@pytest.fixture(scope="module")
def arena(fight: Callable[..., Arena]) -> Arena:
    return fight(ATTACKS, "--cell-timeout", 20)


@pytest.mark.parametrize("name", ATTACKS)
def test_a_message_is_output_and_nothing_more(arena: Arena, name: str) -> None:
    arena.check(name)


def test_the_class_is_graded_and_the_host_is_as_it_was(arena: Arena) -> None:
    arena.check_the_others()
