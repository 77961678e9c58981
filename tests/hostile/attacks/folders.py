"""Submission folders with more than a notebook: links are not followed, and no folder stops the class."""

from __future__ import annotations

import os
import socket
from collections.abc import Callable
from pathlib import Path

from hostile.attack import HONEST, Attack


def refused(change: Callable[[Path], object], says: str = "plain files only") -> Attack:
    """Return an attack that must fail."""
    return Attack(folder=change, says=says, fails=True)


def accepted(change: Callable[[Path], object], code: str = "", says: str = "", silent: str = "") -> Attack:
    """Return an attack that is graded like an ordinary submission."""
    return Attack(code=code, folder=change, says=says, silent=silent)


def link(target: str, name: str = "notes.txt") -> Callable[[Path], None]:
    return lambda notebook: notebook.with_name(name).symlink_to(target)


def course_of(notebook: Path) -> Path:
    return notebook.parents[3]


def links_to_the_seed(notebook: Path) -> None:
    notebook.with_name("notes.txt").symlink_to(course_of(notebook) / ".autograder" / "seed.json")


def links_to_the_whole_course(notebook: Path) -> None:
    notebook.with_name("data").symlink_to(course_of(notebook), target_is_directory=True)


def is_a_link_itself(notebook: Path) -> None:
    text = notebook.read_bytes()
    notebook.with_name("mine").write_bytes(text)
    notebook.unlink()
    notebook.symlink_to("mine")


def is_a_link_to_another_submission(notebook: Path) -> None:
    notebook.unlink()
    notebook.symlink_to(notebook.parents[2] / HONEST / notebook.parent.name / notebook.name)


def is_a_directory(notebook: Path) -> None:
    notebook.unlink()
    notebook.mkdir()
    (notebook / "x.txt").write_text("4.0")


def folder_is_a_link(notebook: Path) -> None:
    elsewhere = notebook.parent.with_name("elsewhere")
    notebook.parent.rename(elsewhere)
    notebook.parent.symlink_to(elsewhere, target_is_directory=True)


def holds_a_socket(notebook: Path) -> None:
    here = Path.cwd()
    try:
        os.chdir(notebook.parent)  # a socket's name is short
        with socket.socket(socket.AF_UNIX) as unix:
            unix.bind("socket")
    finally:
        os.chdir(here)


def holds_a_device(notebook: Path) -> None:
    try:
        os.mknod(notebook.with_name("zero"), 0o20666, os.makedev(1, 5))
    except PermissionError:  # only root makes devices
        os.mkfifo(notebook.with_name("zero"))


def hard_links(notebook: Path) -> None:
    notebook.with_name("one.txt").write_text("mine")
    notebook.with_name("two.txt").hardlink_to(notebook.with_name("one.txt"))


def unusual_names(notebook: Path) -> None:
    for name in (
        b"\xff\xfe.txt",
        b"a\nb.txt",
        b"$(touch made).txt",
        b"..\\..\\made.txt",
        b"-rf",
        b"'); import os; ('.txt",
    ):
        with open(bytes(notebook.parent) + b"/" + name, "wb") as file:
            file.write(b"4.0")


def names_like_parent_directories(notebook: Path) -> None:
    deep = notebook.parent / "..." / "....etc" / "~" / "%2e%2e" / "C:"
    deep.mkdir(parents=True)
    (deep / "made.txt").write_text("4.0")


def deep_folders(notebook: Path) -> None:
    deep = notebook.parent
    for _ in range(60):
        deep = deep / "deeper"
    deep.mkdir(parents=True)
    (deep / "bottom.txt").write_text("4.0")


def names_of_our_files(notebook: Path) -> None:
    """Add files with the names of files that grading writes."""
    for name in ("gradebook.db", "nbgrader_config.py", "out.json", f"{notebook.stem}.html", "seed.json"):
        notebook.with_name(name).write_text("raise SystemExit(4.0)")


def unreadable(notebook: Path) -> None:
    notebook.with_name("notes.txt").write_text("4.0")
    notebook.with_name("notes.txt").chmod(0)


def renamed_to_invalid_utf8(notebook: Path) -> None:
    os.rename(notebook, bytes(notebook.parent) + b"/\xff\xfe.ipynb")


def too_much(notebook: Path) -> None:
    with notebook.with_name("data.bin").open("wb") as file:
        file.truncate(17 << 20)


def timestamp(text: bytes) -> Callable[[Path], object]:
    return lambda notebook: notebook.with_name("timestamp.txt").write_bytes(text)


ATTACKS = {
    "a link to the seed": refused(links_to_the_seed),
    "a link to the course": refused(links_to_the_whole_course),
    "a link to a password file": refused(link("/etc/passwd")),
    "a link to nowhere": refused(link("/nonexistent/file")),
    "a link to itself": refused(link("notes.txt")),
    "a notebook that is a link": refused(is_a_link_itself),
    "a notebook that is a link to another submission": refused(is_a_link_to_another_submission),
    "a notebook that is a directory": refused(is_a_directory, says="there is no"),
    "a folder that is a link": refused(folder_is_a_link),
    "a pipe": refused(lambda notebook: os.mkfifo(notebook.with_name("pipe"))),
    "a pipe in a hidden folder": refused(
        lambda notebook: (notebook.with_name(".git").mkdir(), os.mkfifo(notebook.parent / ".git" / "pipe"))
    ),
    "a socket": refused(holds_a_socket),
    "a device": refused(holds_a_device),
    "hard links within the folder": accepted(hard_links, code="print(open('two.txt').read())", says="mine"),
    "names that are not UTF-8": accepted(unusual_names, code="import os\nprint(len(os.listdir()))", says="5"),
    "names like parent directories": accepted(names_like_parent_directories),
    "sixty folders deep": accepted(deep_folders),
    "names of files that grading writes": accepted(names_of_our_files),
    "a notebook whose name is not UTF-8": refused(renamed_to_invalid_utf8, says="there is no"),
    "files too large": refused(too_much, says="must be below 16 MB"),
    "a time stamp without a date": refused(timestamp(b"yesterday, I think"), says="timestamp.txt"),
    "a time stamp with an impossible date": refused(timestamp(b"99999999-13-77 00:00:00 UTC"), says="timestamp.txt"),
    "a time stamp that is not UTF-8": refused(timestamp(b"\xff\xfe\x00" * 1000), says="timestamp.txt"),
    "a time stamp that is a folder": accepted(lambda notebook: notebook.with_name("timestamp.txt").mkdir()),
    "an empty time stamp": accepted(timestamp(b"   \n")),
}
