"""Searches of the kernel for answers, expected values, seeds and other submissions: they find nothing."""

from __future__ import annotations

from hostile.attack import Attack

# The needles are written in pieces, so that a search does not find itself.
NEEDLES = """
needles = ["e = np.exp(-np." + "abs(a))", "9c1e-only-" + "the-host", "f3a7-only-" + "the-honest", "keeps its " + "relative accuracy",
           "AUTOGRADER_" + "TEST_SECRET", "BEGIN " + "SOLUTION"]
def report(found):
    print("found:", sorted(set(map(str, found)))[:5] if found else "nothing")
"""
IMPORTS = """
from course_lib import activations
import importlib, pkgutil, inspect, course_lib
right = []
for module in pkgutil.walk_packages(course_lib.__path__, "course_lib."):
    try:
        names = vars(importlib.import_module(module.name))
    except Exception:
        continue
    for name, value in list(names.items()):
        if callable(value) and ("sigm" in name or "logist" in name):
            try:
                if abs(float(np.ravel(value(np.array([0.0])))[0]) - 0.5) < 1e-9:
                    right.append(module.name + "." + name)
            except Exception:
                pass
report(right)
"""
SOURCES = """
import inspect, course_lib.activations as module
report([needle for needle in needles if needle in inspect.getsource(module)])
"""
MEMORY = """
import gc
found = set()
for holder in gc.get_objects():
    if type(holder) in (dict, list, tuple) and holder is not needles:
        for value in holder.values() if type(holder) is dict else holder:
            if type(value) is str and "-" in value and len(value) < 100_000 and "needles = [" not in value:
                found |= {needle for needle in needles if needle in value}
report(found)
"""
FILES = """
import os
found, seen = [], 0
for parent, folders, names in os.walk("/"):
    folders[:] = [f for f in folders if os.path.join(parent, f) not in ("/proc", "/sys", "/dev", "/usr/share", "/usr/lib")]
    if "site-packages/nbgrader" in parent:
        folders.clear()  # nbgrader's tests have a gradebook
        continue
    for name in names:
        path = os.path.join(parent, name)
        if name in ("seed.json", "gradebook.db", "secret.txt", "shadow") or name.startswith("01_sigmoid"):
            found.append(path)
        if any(ours in path for ours in ("course_lib", "signal_alive", "autograder")) and ".py" in name:
            seen += 1
            text = open(path, "rb").read()
            found += [path for needle in needles if needle.encode() in text]
report(found if seen > 5 else ["too little was seen"])
"""
PACKAGES = """
import sys, os, site, importlib.metadata, pathlib
found = []
for place in [*sys.path, *site.getsitepackages(), site.getusersitepackages(), sys.prefix, sys.base_prefix,
              os.path.expanduser("~/.cache"), "/root", "/home", "/work", "/srv", "/mnt", "/opt"]:
    for pattern in ("course_lib*", "autograder*", "keep_the_signal*", "__editable__*", "notebooks", "*/notebooks", "*.pth"):
        for path in pathlib.Path(place).glob(pattern) if os.path.isdir(place) else ():
            if str(path).startswith("/edition"):
                continue
            try:
                if path.is_dir() and any(path.iterdir()) or path.is_file() and needles[-1] in path.read_text():
                    found.append(path)
            except (OSError, UnicodeDecodeError):
                pass
found += [d for d in importlib.metadata.distributions() if "signal" in str(d.metadata["Name"]).lower()]
report(found)
"""
PROCESSES = """
import os, glob
found, read = [], 0
for path in glob.glob("/proc/*/environ") + glob.glob("/proc/*/cmdline") + glob.glob("/proc/*/task/*/environ"):
    try:
        text = open(path, "rb").read()
        read += 1
    except OSError:
        continue
    found += [path for needle in needles if needle.encode() in text] + ([path] if b"--course" in text else [])
processes = glob.glob("/proc/[0-9]*")
report(found if len(processes) < 10 else processes)
"""
OTHER_MEMORY = """
import glob, os
found = []
for path in glob.glob("/proc/[0-9]*/mem"):
    if path.split("/")[2] == str(os.getpid()):
        continue
    try:
        open(path, "rb").read(1)
        found.append(path)
    except OSError:
        pass
for path in ("/dev/mem", "/dev/kmem", "/proc/kcore", "/proc/kallsyms", "/proc/1/root/root", "/proc/sysrq-trigger"):
    try:
        os.listdir(path) if os.path.isdir(path) else open(path, "rb").read(64).strip(b"0 ") and found.append(path)
    except OSError:
        pass
report([path for path in found if "kallsyms" not in path])
"""
OWN_MEMORY = """
import re
found = []
# Patterns of single letters, so that this program does not contain the words that it looks for.
secret, author = (
    re.compile(b"".join(b"[%c]" % letter for letter in reversed(name)))
    for name in (b"swonk-tsoh-eht-", b"tneduts-tsenoh-eht-")
)
for line in open("/proc/self/maps"):
    bounds, rights = line.split()[:2]
    low, high = (int(part, 16) for part in bounds.split("-"))
    if "r" in rights and high - low < 300 << 20 and "vvar" not in line and "vsyscall" not in line:
        try:
            with open("/proc/self/mem", "rb", 0) as memory:
                memory.seek(low)
                text = memory.read(high - low)
        except OSError:
            continue
        found += [bounds for canary in (secret, author) if canary.search(text)]
        del text
report(found)
"""
ENVIRONMENT = """
import os
print({key for key in os.environ if "SECRET" in key or "SEED" in key or "COURSE" in key or "TOKEN" in key} or "clean")
print(os.environ.get("AUTOGRADER_" + "TEST_SECRET", "nothing"), os.environ.get("AUTOGRADER_DB", "nothing"))
report([])
"""
# Searches for expected values while the judge calls: in the calling frames, in modules, in all objects.
IN_THE_CALL = """
import gc, sys
needed = 1 / (1 + np.exp(-1.0))
def sigmoid(a):
    frame, names = sys._getframe(1), set()
    while frame:
        names |= {name for name in frame.f_locals} | set(frame.f_globals)
        frame = frame.f_back
    stolen = {"want", "expected", "exercise", "case", "reference", "seed", "part"} & names
    for name in [name for name in sys.modules if name.startswith("autograder.")]:
        if name.split(".")[1] in ("exercises", "grading") or name.endswith((".judge", ".registry", ".compare", ".exercise")):
            stolen.add(name)
    for kind in map(type, gc.get_objects()):
        if kind.__name__ in ("Exercise", "Part", "Case", "Verdict", "RemoteFunctions", "CaseResult", "Lesson"):
            stolen.add(kind.__name__)
    raise ValueError(f"stolen: {sorted(stolen)}")
"""
BEFORE_THE_CALL = """
import threading, gc, time
found = []
class Watcher(threading.Thread):
    daemon = True
    def run(self):
        while True:
            found.extend(o for o in gc.get_objects() if type(o).__name__ in ("Exercise", "Verdict", "Case"))
            time.sleep(0.05)
Watcher().start()
"""


def search(code: str, says: str = "found: nothing", after: str = "") -> Attack:
    """Return an attack that searches for the needles."""
    return Attack(NEEDLES + code, after=after, says=says, right=None)


ATTACKS = {
    "this lesson's answer imported": Attack(
        answers={"wrong": "from course_lib.activations import sigmoid"}, says="", right=None
    ),
    "another lesson's answer that holds it": Attack(
        answers={"wrong": "from course_lib.unit_activity import swish\ndef sigmoid(a):\n    return swish(a) / a"},
        right=None,
    ),
    "the engine that trains networks": Attack(
        "from course_lib import training, networks, engine\nprint([m for m in dir(networks) if 'sig' in m])", right=None
    ),
    "every module of the course": search(IMPORTS),
    "sources by inspect": search(SOURCES),
    "objects by gc": search(MEMORY),
    "every file there is": search(FILES),
    "packages and caches": search(PACKAGES),
    "environments and command lines": search(PROCESSES),
    "memory of other processes": search(OTHER_MEMORY),
    "the kernel's own memory": search(OWN_MEMORY),
    "the environment": search(ENVIRONMENT, says="clean"),
    "frames and objects while it is called": Attack(answers={"wrong": IN_THE_CALL}, right=None, page="stolen: []"),
    "a thread that searches during the calls": search(BEFORE_THE_CALL, after="report(found)"),
}
