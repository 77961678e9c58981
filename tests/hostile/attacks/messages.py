"""Jupyter messages written by the student and signed with the kernel's key: output at most, or a broken kernel."""

from __future__ import annotations

from hostile.attack import Attack

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
    "replies to no request": Attack(
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
    "invalid contents": Attack(
        KERNEL + "for content in ({}, {'name': 'stdout'}, {'data': 4.0}, {'text': ['4.0'], 'name': 'stdout'}):\n"
        "    for kind in ('stream', 'display_data', 'execute_result', 'error', 'status', 'execute_input', 'nonsense'):\n"
        "        say(kind, content)\n"
        "print('said')",
        says="no kernel sends",
        fails=True,
    ),
    "a flood of comms": Attack(
        KERNEL + "for number in range(300):\n"
        "    say('comm_open', {'comm_id': str(number), 'target_name': 'jupyter.widget', 'data': {'state': 'x' * 100}})\n"
        "print('opened')",
        says="opened",
    ),
    "input requests to the grader": Attack(
        KERNEL + "try:\n    input('points? ')\nexcept Exception as refusal:\n    print(type(refusal).__name__)\n"
        "session.send(kernel.stdin_socket, 'input_request', {'prompt': 'points? ', 'password': False}, parent=parent)\n",
        says="StdinNotImplementedError",
    ),
    "invalid figures": Attack(
        KERNEL + "say('display_data', {'data': {'image/png': 'bm9uZQ==', 'image/svg+xml': '<svg onload=4.0>', "
        "'application/javascript': 'alert(4)', 'text/latex': '$' * 999}, 'metadata': {'image/png': {'width': -1}}})\n"
        "print('shown')",
        says="shown",
    ),
    "a surrogate without its partner": Attack("print('\\ud800')\nprint('shown')", says="surrogates not allowed"),
    "a message with a false signature": Attack(
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
    "deeply nested content": Attack(
        KERNEL + "text = b'[' * 200_000 + b']' * 200_000\n"
        "header = session.msg_header('stream')\n"
        "pack = lambda value: session.pack(value)\n"
        "parts = [pack(header), pack(parent['header']), b'{}', text]\n"
        "kernel.iopub_socket.send_multipart([b'stream', b'<IDS|MSG>', session.sign(parts), *parts])\nprint('sunk')",
        fails=True,
    ),
    "asks itself to shut down": Attack("get_ipython().kernel.do_shutdown(False)\nimport os\nos._exit(0)", fails=True),
}
