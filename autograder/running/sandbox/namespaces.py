"""Isolate each kernel with Linux namespaces: its own root directory, processes, network and users.

`prepare` runs once, in the zygote; `fork` and then `furnish` run once for each kernel. Kernel side: imports the
standard library and siblings only.
"""

from __future__ import annotations

import compileall
import fcntl
import os
import shutil
import site
import socket
import struct
import sys
from collections.abc import Iterable, Iterator, Mapping
from functools import cache
from pathlib import Path

from autograder.running.sandbox import syscalls
from autograder.running.sandbox.syscalls import (
    MS_BIND,
    MS_NODEV,
    MS_NOEXEC,
    MS_NOSUID,
    MS_RDONLY,
    MS_REC,
    MS_REMOUNT,
    bind,
)

# Path of the edition inside the sandbox.
EDITION = "/edition"
HOME = "/home/student"

SYSTEM = ("/usr", "/nix/store")
_LINKS = ("bin", "sbin", "lib", "lib64", "lib32")  # links into /usr on current systems, directories on older ones
_ETC = ("ld.so.cache", "localtime", "fonts", "mime.types", "alternatives")
_DEVICES = ("null", "zero", "full", "random", "urandom")
_DEVICE_LINKS = {
    "fd": "/proc/self/fd",
    "stdin": "/proc/self/fd/0",
    "stdout": "/proc/self/fd/1",
    "stderr": "/proc/self/fd/2",
    "ptmx": "pts/ptmx",
}
# Installed copies of the course contain the answers; the edition does not.
_ANSWERS = ("autograder", "course_lib", "keep_the_signal_alive")


@cache
def prefixes() -> tuple[str, ...]:
    """Return the directories of the interpreter and its packages, sorted.

    None of them is inside another one or inside SYSTEM.

    Raises
    ------
    RuntimeError
        If one of them contains the user's home directory.
    """
    named = [sys.prefix, sys.base_prefix, sys.exec_prefix, sys.base_exec_prefix]
    if site.ENABLE_USER_SITE:
        named.append(site.getusersitepackages())
    found = {Path(path) for path in named} | {Path(path).resolve() for path in named}
    known = found | {Path(path) for path in SYSTEM}
    found = {path for path in found if path.is_dir() and not known & set(path.parents) and str(path) not in SYSTEM}
    home = Path(os.path.expanduser("~"))  # noqa: PTH111  # Path.home() fails for a user without one
    for path in found:
        if home.is_relative_to(path):
            raise RuntimeError(f"the interpreter's directory must not hold a home directory (got {path})")
    return tuple(sorted(map(str, found)))


def answers_installed(hide: Iterable[str] = ()) -> list[str]:
    """Return the paths that a kernel must not see, sorted and without symbolic links.

    These are the installed copies of the course, and the paths of `hide` that exist.
    """
    places = [*site.getsitepackages(), *([site.getusersitepackages()] if site.ENABLE_USER_SITE else [])]
    found = [Path(path).resolve() for path in hide if Path(path).exists()]
    for place in map(Path, places):
        if place.is_dir():
            found += [p.resolve() for p in place.iterdir() if any(n in p.name.replace("-", "_") for n in _ANSWERS)]
    return [str(path) for path in sorted(set(found))]


def prepare(edition: str, user: tuple[int, int] | None, hide: Iterable[str]) -> None:
    """Move this process into a read-only root directory with the interpreter, the edition and few other files.

    Parameters
    ----------
    edition
        Directory that is copied to `/edition`. It is not mounted, as only the owner may be allowed to read its files.
    user
        User and group to change to if this process is root; None for no change.
    hide
        Files and directories to hide, besides installed copies of the course.

    Raises
    ------
    RuntimeError
        If a directory of the interpreter contains the user's home directory.
    OSError
        If Linux refuses a step. Then this process may have moved partly.
    """
    os.umask(0o022)
    _leave_shared_mounts(user)
    root = "/tmp"  # any existing directory will do: other processes do not see mounts of this namespace
    sources = _open_paths([*SYSTEM, *prefixes()])
    covered = _paths_inside(sources, answers_installed(hide))
    links = {str(step): str(step.readlink()) for step in _links_to_interpreter()}
    copied = os.open(edition, os.O_PATH)
    syscalls.mount("root", root, "tmpfs", MS_NOSUID | MS_NODEV, "mode=755,size=64m")
    for path, fd in sources.items():
        bind(f"/proc/self/fd/{fd}", root + path)
    _add_links(root, links)
    _add_etc(root)
    _add_devices(root)
    shutil.copytree(f"/proc/self/fd/{copied}/", root + EDITION)
    # Compile once for all kernels, as they cannot write there.
    compileall.compile_dir(root + EDITION, quiet=2, stripdir=root)
    _make_readable(Path(root + EDITION))
    for name in ("/proc", "/dev/shm", "/dev/pts", "/tmp", HOME):
        Path(root + name).mkdir(parents=True, exist_ok=True)  # one may exist already, as a parent of the interpreter
    # Linux allows a kernel to mount a new /proc only if it sees a complete one already.
    syscalls.mount("/proc", f"{root}/proc", None, MS_BIND | MS_REC)
    _cover(root, covered)
    for fd in (*sources.values(), copied):
        os.close(fd)
    syscalls.enter_root(root)
    _mount_scratch("/tmp", "mode=1777,size=64m")
    syscalls.mount(None, "/", None, MS_REMOUNT | MS_BIND | MS_RDONLY | MS_NOSUID | MS_NODEV)
    if os.getuid() == 0 and user is not None:
        syscalls.become(*user)


def _leave_shared_mounts(user: tuple[int, int] | None) -> None:
    ids = os.getuid(), os.getgid()
    private = False
    if ids[0] == 0:
        try:
            syscalls.unshare(syscalls.NEWNS)
            private = True
        except PermissionError:  # root without capabilities, as in most containers: proceed as for any other user
            if user is not None:
                syscalls.become(*user)
                ids = user
    if not private:
        syscalls.unshare(syscalls.NEWNS | syscalls.NEWUSER)
        syscalls.map_ids(*ids)
    syscalls.mount(None, "/", None, MS_REC | syscalls.MS_PRIVATE)


def _open_paths(paths: Iterable[str]) -> dict[str, int]:
    """Return an open descriptor for each path that is a directory; skip the others.

    A directory can be used by its descriptor after the new root hides its path. The caller must close the descriptors.
    """
    return {path: os.open(path, os.O_PATH) for path in paths if Path(path).is_dir()}


def _paths_inside(sources: Iterable[str], covered: Iterable[str]) -> list[str]:
    """Return the paths inside the sandbox of those `covered` paths that lie below a source.

    `covered` has real paths. The path of a source may contain symbolic links. Inside the sandbox, files have paths that
    begin with the path of the source.
    """
    real = {source: os.path.realpath(source) for source in sources}
    return [
        source + path.removeprefix(real[source])
        for source in real
        for path in covered
        if path.startswith(f"{real[source]}/")
    ]


def _add_links(root: str, links: Mapping[str, str]) -> None:
    for name in _LINKS:
        outside = Path("/", name)
        if outside.is_symlink():
            Path(root, name).symlink_to(outside.readlink())
        elif outside.is_dir():
            bind(f"/{name}", f"{root}/{name}")
    for link, target in links.items():
        inside = Path(root + link)
        if not inside.exists() and not inside.is_symlink():
            inside.parent.mkdir(parents=True, exist_ok=True)
            inside.symlink_to(target)


def _links_to_interpreter() -> Iterator[Path]:
    """Yield each symbolic link from `sys.executable` to the interpreter; nothing if it is no link.

    Python needs them all to start.
    """
    step = Path(sys.executable)
    while step.is_symlink():
        yield step
        step = Path(os.path.normpath(step.parent / step.readlink()))


def _add_etc(root: str) -> None:
    Path(root, "etc").mkdir()
    for name in _ETC:
        if Path("/etc", name).exists():
            bind(os.path.realpath(f"/etc/{name}"), f"{root}/etc/{name}")
    uid, gid = os.getuid(), os.getgid()
    texts = {
        "passwd": f"student:x:{uid}:{gid}::{HOME}:/bin/sh\n",
        "group": f"student:x:{gid}:\n",
        "hosts": "127.0.0.1 localhost\n",
        "nsswitch.conf": "passwd: files\ngroup: files\nhosts: files\n",
    }
    for name, text in texts.items():
        Path(f"{root}/etc/{name}").write_text(text, encoding="ascii")


def _add_devices(root: str) -> None:
    for name in _DEVICES:
        bind(f"/dev/{name}", f"{root}/dev/{name}", read_only=False)
    for name, target in _DEVICE_LINKS.items():
        Path(root, "dev", name).symlink_to(target)


def _make_readable(top: Path) -> None:
    for path in (top, *top.rglob("*")):
        path.chmod(0o755 if path.is_dir() else 0o644)


def _cover(root: str, paths: Iterable[str]) -> None:
    """Hide paths of the sandbox: mount an empty directory or /dev/null over each.

    `paths` are as inside the sandbox. Those that do not exist are skipped.
    """
    empty = Path(root, ".empty")
    empty.mkdir(0o555)
    for path in paths:
        inside = Path(root + path)
        if inside.exists():
            bind(str(empty) if inside.is_dir() else f"{root}/dev/null", str(inside))


def fork() -> int:
    """Fork, and start the child in new namespaces.

    The child stays in its old cgroup namespace, as it may have to enter its cgroup first.

    Returns
    -------
    int
        The process id of the child; 0 in the child.

    Raises
    ------
    OSError
        If Linux refuses.
    """
    kinds = (syscalls.NEWNS, syscalls.NEWPID, syscalls.NEWNET, syscalls.NEWIPC, syscalls.NEWUTS)
    return syscalls.fork_into(syscalls.NEWUSER | sum(kinds))


def furnish(uid: int, gid: int, scratch: int) -> None:
    """Set up the namespaces of this process, which `fork` has just created.

    Map the user `uid` and the group `gid`. Start the loopback network. Mount /proc, and scratch directories of
    `scratch` bytes each.

    Raises
    ------
    OSError
        If Linux refuses a step.
    """
    syscalls.map_ids(uid, gid)
    syscalls.unshare(syscalls.NEWCGROUP)
    socket.sethostname("sandbox")
    _loopback_up()
    syscalls.mount(None, "/", None, MS_REC | syscalls.MS_PRIVATE)
    for path, mode in (("/tmp", "1777"), ("/dev/shm", "1777"), (HOME, "700")):
        _mount_scratch(path, f"mode={mode},size={scratch},nr_inodes=8192")
    try:
        syscalls.mount("proc", "/proc", "proc", MS_NOSUID | MS_NODEV | MS_NOEXEC)
    except PermissionError:
        # A container that masks parts of /proc allows no new one. Then an empty /proc hides the machine's processes.
        syscalls.mount("none", "/proc", "tmpfs", MS_RDONLY, "size=4k")
    syscalls.mount("devpts", "/dev/pts", "devpts", MS_NOSUID | MS_NOEXEC, "newinstance,ptmxmode=0666,mode=620")


def _mount_scratch(path: str, options: str) -> None:
    """Mount an empty, writable directory at `path`; `options` are those of tmpfs.

    Directories of the interpreter below it stay visible, for example those of a checkout in /tmp.
    """
    kept = _open_paths(prefix for prefix in prefixes() if prefix.startswith(f"{path}/"))
    syscalls.mount("scratch", path, "tmpfs", MS_NOSUID | MS_NODEV, options)
    for prefix, fd in kept.items():
        bind(f"/proc/self/fd/{fd}", prefix)
        os.close(fd)


def _loopback_up() -> None:
    """Enable the network interface `lo`, as ipykernel binds 127.0.0.1.

    Raises
    ------
    OSError
        If Linux refuses.
    """
    siocsifflags, up_and_running = 0x8914, 0x1 | 0x40
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as any_socket:
        fcntl.ioctl(any_socket, siocsifflags, struct.pack("16sh22x", b"lo", up_and_running))
