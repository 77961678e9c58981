"""Python, NumPy and the grader's modules patched in the kernel: the judge runs outside and is not affected."""

from __future__ import annotations

from hostile.attack import Attack

ATTACKS = {
    "comparisons of NumPy": Attack(
        "def yes(*args, **kwargs):\n    return True\n"
        "for name in ('isclose', 'allclose', 'array_equal', 'array_equiv'):\n    setattr(np, name, yes)\n"
        "np.testing.assert_allclose = np.testing.assert_array_equal = yes\nprint('patched')",
        says="patched",
    ),
    "ndarray by ctypes": Attack(
        "import ctypes, gc\n"
        "gc.get_referents(np.ndarray.__dict__)[0]['__eq__'] = lambda self, other: np.ones(1, bool)\n"
        "ctypes.pythonapi.PyType_Modified(ctypes.py_object(np.ndarray))\n"
        "gc.get_referents(np.ndarray.__dict__)[0]['tobytes'] = lambda self: b''\n"
        "ctypes.pythonapi.PyType_Modified(ctypes.py_object(np.ndarray))\nprint('patched')",
        says="patched",
        right=None,  # the wire sends what the patched methods of the array return
    ),
    "builtins": Attack(
        "import builtins\nreal = builtins.isinstance\n"
        "builtins.isinstance = lambda value, kind: True if kind is np.ndarray else real(value, kind)\n"
        "builtins.abs = lambda value: 0\nprint('patched')",
        says="patched",
        right=None,
    ),
    "course_lib replaced": Attack(
        "import sys, types\nfake = types.ModuleType('course_lib.activations')\nfake.sigmoid = lambda a: a\n"
        "for name in [name for name in sys.modules if name.startswith('course_lib')]:\n    sys.modules[name] = fake\n"
        "print('replaced')",
        says="replaced",
    ),
    "plain replaced": Attack(
        "from autograder.judging import calls\ncalls.plain = lambda value: 0.0\n"
        "calls.call = lambda function, args, kwargs, **more: calls.Outcome(args[0], None, (), '', '')\nprint('patched')",
        says="patched",
        right=0.0,  # the judge receives what the patched code sends
    ),
    "the serving side replaced": Attack(
        "from autograder.running import wire\nfrom autograder.running.kernel_side import function_server\n"
        "given = lambda function, message, values: function_server.calls.Outcome(4.0, None, (), '4.0', '')\n"
        "function_server._outcome = given\n"
        "said = {'points': 4.0, 'error': None, 'passed': True}\n"
        "function_server.outcome_to_message = lambda outcome: (said, {'value': None})\n"
        "print('patched')",
        says="patched",
        right=0.0,
    ),
    "json patched": Attack(
        "import json\nreal = json.dumps\n"
        "json.dumps = lambda value, **more: real({'message': {'points': 4.0}, 'values': {}})",
        says="no kernel sends",
        fails=True,
    ),
    "every result is a verdict": Attack(
        "from autograder.judging import calls\n"
        "calls.plain = lambda value: {'points': 4.0, 'max_points': 4.0, 'passed': True}\nprint('patched')",
        says="patched",
        right=0.0,
    ),
    "the judge's modules replaced": Attack(
        "import sys, types\n"
        "for name in ('judge', 'compare', 'verdict', 'registry', 'exercise'):\n"
        "    module = types.ModuleType('autograder.judging.' + name)\n"
        "    module.__getattr__ = lambda attribute: (lambda *args, **kwargs: 4.0)\n"
        "    sys.modules[module.__name__] = module\nprint('made up')",
        says="made up",
    ),
    "warnings and the deadline switched off": Attack(
        "import signal, warnings\nsignal.setitimer = lambda *args: (0, 0)\nwarnings.catch_warnings = None",
        says="broke its connection",
        fails=True,
    ),
    "os.fork without a fork": Attack(
        "import os\nos.fork = lambda: 0\nos._exit = lambda status: None",
        says="broke its connection",
        fails=True,
    ),
    "submitted files with the names of modules": Attack(
        "import sys\nsys.path.insert(0, '.')\nimport autograder, course_lib, numpy\nprint('imported')",
        says="imported",
        folder=lambda notebook: [
            notebook.with_name(name).write_text("sigmoid = check = lambda *args, **kwargs: 4.0\nraise SystemExit\n")
            for name in ("autograder.py", "course_lib.py", "numpy.py", "sitecustomize.py", "json.py", "tornado.py")
        ],
    ),
}
