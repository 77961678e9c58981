"""IPython used against the grader: transformers, hooks, the namespace and the shell itself."""

from __future__ import annotations

from hostile.attack import Attack

SHELL = "shell = get_ipython()\n"
ATTACKS = {
    "every cell becomes a point": Attack(
        SHELL + "shell.input_transformers_cleanup.append(lambda lines: ['1.0\\n'])\nprint('hooked')",
        says="hooked",
        right=0.0,  # the cell with the answer became a number, too
    ),
    "every cell becomes more points than there are": Attack(
        SHELL + "shell.input_transformers_cleanup.append(lambda lines: ['100.0\\n'])", says="test_own", fails=True
    ),
    "test cells are emptied": Attack(
        SHELL + "import ast\n"
        "class Emptied(ast.NodeTransformer):\n"
        "    def visit_Module(self, node):\n"
        "        return ast.parse('4.0') if 'check' in ast.dump(node) else node\n"
        "shell.ast_transformers.append(Emptied())\nprint('hooked')",
        says="hooked",
    ),
    "a hook before every cell": Attack(
        SHELL + "def swap(info):\n    shell.user_ns['check'] = lambda *a, **k: 4.0\n    info.raw_cell = '4.0'\n"
        "for event in ('pre_execute', 'pre_run_cell', 'post_execute', 'post_run_cell'):\n"
        "    shell.events.register(event, swap if event == 'pre_run_cell' else (lambda *a: None))\nprint('hooked')",
        says="hooked",
    ),
    "a display hook of its own": Attack(
        SHELL + "import sys\n"
        "class Hook:\n"
        "    def __call__(self, value=None): print('4.0')\n"
        "sys.displayhook = shell.displayhook.__class__.__call__ = lambda self, value=None: print('4.0')\n"
        "shell.display_formatter.format = lambda *a, **k: ({'text/plain': '4.0'}, {})\n1",
        says="4.0",
    ),
    "a namespace that returns another function": Attack(
        SHELL + "class Names(dict):\n"
        "    def get(self, name, default=None): return Right() if name == 'sigmoid' else dict.get(self, name, default)\n"
        "class Right:\n    def __call__(self, a): return as_float(a) * 0 + 1\n    def __eq__(self, other): return True\n"
        "shell.user_ns = Names(shell.user_ns)\nprint('replaced')",
        says="replaced",
        right=0.0,  # the judge gets another function than the cell defined
    ),
    "run_cell replaced": Attack(
        SHELL + "result = type('Result', (), {'success': True, 'result': 4.0, 'error_in_exec': None, "
        "'error_before_exec': None, 'execution_count': 1, 'info': None})\n"
        "print('replaced')\n"
        "async def nothing(*args, **kwargs): return result()\n"
        "shell.run_cell = lambda *args, **kwargs: result()\nshell.run_cell_async = nothing",
        says="replaced",
        right=0.0,  # from then on no cell runs, so the answer is not defined
    ),
    "errors that are hidden": Attack(
        SHELL + "shell.showtraceback = lambda *a, **k: print('4.0')\n"
        "shell.set_custom_exc((BaseException,), lambda *a, **k: print('4.0'))\nraise ValueError('gone')",
        says="4.0",
    ),
    # IPython ends the kernel after the cell, whatever else the cell does.
    "exit and quit": Attack(
        "exit()\nquit()\nimport asyncio\nawait asyncio.sleep(60)", says="the submission", fails=True
    ),
    "sys.exit": Attack("import sys\nprint('leaving')\nsys.exit(0)", after="raise SystemExit(4.0)", says="leaving"),
    "magics": Attack(
        "%load_ext autoreload\n%autoreload 2\n%config InteractiveShell.ast_node_interactivity = 'all'\n%xmode Minimal\n"
        "%alias check echo 4.0\n%pylab inline\nprint('conjured')",
        after="%reset -f",
        says="conjured",
    ),
    "a magic called check": Attack(
        SHELL + "from IPython.core.magic import register_line_cell_magic\n"
        "@register_line_cell_magic\ndef check(line, cell=None): return 4.0\n"
        "shell.run_line_magic('automagic', '1')\nprint('conjured')",
        says="conjured",
    ),
    "the shell is reset": Attack(
        SHELL
        + "print('reset')\nshell.reset(new_session=True)\nimport numpy as np\nfrom course_lib.arrays import as_float",
        says="reset",
    ),
    "cells that run other cells": Attack(
        SHELL + "for number in range(3):\n    shell.run_cell('print(\"nested\")\\n4.0', store_history=True)",
        says="nested",
    ),
    "a traceback that is not text": Attack(
        SHELL + "class Odd(Exception):\n"
        "    def __str__(self): raise SystemExit\n"
        "    def _render_traceback_(self): return [None, 4.0, {'text/html': '4.0'}]\nprint('raised')\nraise Odd",
        says="raised",
    ),
}
