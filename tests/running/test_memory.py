"""The grader's processes return memory that they no longer need to the system."""

from __future__ import annotations

import platform
import subprocess
import sys
import textwrap

import pytest
from support import ROOT

STILL_MAPPED = """
    import ctypes
    from autograder.running.sandbox.syscalls import libc, map_large_buffers

    class Mallinfo2(ctypes.Structure):
        names = "arena ordblks smblks hblks hblkhd usmblks fsmblks uordblks fordblks keepcost"
        _fields_ = [(name, ctypes.c_size_t) for name in names.split()]

    libc.malloc.restype, libc.malloc.argtypes = ctypes.c_void_p, [ctypes.c_size_t]
    libc.free.argtypes = [ctypes.c_void_p]
    libc.mallinfo2.restype = Mallinfo2

    {first}
    libc.free(libc.malloc(8 << 20))
    before = libc.mallinfo2().hblkhd
    libc.malloc(4 << 20)
    print(libc.mallinfo2().hblkhd - before >= 4 << 20)
"""


@pytest.mark.skipif(platform.libc_ver()[0] != "glibc", reason="other libraries have other allocators")
@pytest.mark.parametrize(("first", "mapped"), [("map_large_buffers()", "True"), ("pass", "False")])
def test_a_large_buffer_is_mapped_by_itself_also_after_a_larger_one_was_freed(first: str, mapped: str) -> None:
    code = textwrap.dedent(STILL_MAPPED.format(first=first))
    result = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    assert result.stdout.strip() == mapped
