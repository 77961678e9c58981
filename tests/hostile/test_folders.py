"""Submission folders with more in them than a notebook: nothing is followed, and nothing stops the class."""

from __future__ import annotations

import os
import socket
from collections.abc import Callable
from pathlib import Path

import pytest
from hostile.arena import Arena, Attack


def odd(act: Callable[[Path], object], says: str = "plain files only") -> Attack:
    """Build an attack that must fail, by name."""
    return Attack(folder=act, says=says, fails=True)


def fine(act: Callable[[Path], object], code: str = "", says: str = "", silent: str = "") -> Attack:
    """Build one that is graded as if nothing were the matter."""
    return Attack(code=code, folder=act, says=says, silent=silent)


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


def is_a_link_to_the_honest_ones(notebook: Path) -> None:
    notebook.unlink()
    notebook.symlink_to(notebook.parents[2] / "an honest student" / notebook.parent.name / notebook.name)


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


def odd_names(notebook: Path) -> None:
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


def names_that_climb(notebook: Path) -> None:
    deep = notebook.parent / "..." / "....etc" / "~" / "%2e%2e" / "C:"
    deep.mkdir(parents=True)
    (deep / "made.txt").write_text("4.0")


def deep_folders(notebook: Path) -> None:
    deep = notebook.parent
    for _ in range(60):
        deep = deep / "deeper"
    deep.mkdir(parents=True)
    (deep / "bottom.txt").write_text("4.0")


def our_names(notebook: Path) -> None:
    """Hand in what grading writes itself."""
    for name in ("gradebook.db", "nbgrader_config.py", "out.json", f"{notebook.stem}.html", "seed.json"):
        notebook.with_name(name).write_text("raise SystemExit(4.0)")


def unreadable(notebook: Path) -> None:
    notebook.with_name("notes.txt").write_text("4.0")
    notebook.with_name("notes.txt").chmod(0)


def renamed_to_no_text(notebook: Path) -> None:
    os.rename(notebook, bytes(notebook.parent) + b"/\xff\xfe.ipynb")


def too_much(notebook: Path) -> None:
    with notebook.with_name("data.bin").open("wb") as file:
        file.truncate(17 << 20)


def timestamp(text: bytes) -> Callable[[Path], object]:
    return lambda notebook: notebook.with_name("timestamp.txt").write_bytes(text)


ATTACKS = {
    "a link to the seed": odd(links_to_the_seed),
    "a link to the course": odd(links_to_the_whole_course),
    "a link to a password file": odd(link("/etc/passwd")),
    "a link to nowhere": odd(link("/nonexistent/VAULT")),
    "a link to itself": odd(link("notes.txt")),
    "a notebook that is a link": odd(is_a_link_itself),
    "a notebook that is somebody else's": odd(is_a_link_to_the_honest_ones),
    "a notebook that is a directory": odd(is_a_directory, says="there is no"),
    "a folder that is a link": odd(folder_is_a_link),
    "a pipe": odd(lambda notebook: os.mkfifo(notebook.with_name("pipe"))),
    "a pipe in a hidden folder": odd(
        lambda notebook: (notebook.with_name(".git").mkdir(), os.mkfifo(notebook.parent / ".git" / "pipe"))
    ),
    "a socket": odd(holds_a_socket),
    "a device": odd(holds_a_device),
    "hard links of its own": fine(hard_links, code="print(open('two.txt').read())", says="mine"),
    "names that are no text": fine(odd_names, code="import os\nprint(len(os.listdir()))", says="5"),
    "names that climb": fine(names_that_climb),
    "sixty folders deep": fine(deep_folders),
    "names of our own": fine(our_names),
    "a notebook whose name is no text": odd(renamed_to_no_text, says="there is no"),
    "files too large": odd(too_much, says="must be below 16 MB"),
    "a time that is none": odd(timestamp(b"yesterday, I think"), says="timestamp.txt"),
    "a time beyond all": odd(timestamp(b"99999999-13-77 00:00:00 UTC"), says="timestamp.txt"),
    "a time in bytes": odd(timestamp(b"\xff\xfe\x00" * 1000), says="timestamp.txt"),
    "a time that is a folder": fine(lambda notebook: notebook.with_name("timestamp.txt").mkdir()),
    "no time at all": fine(timestamp(b"   \n")),
}


@pytest.fixture(scope="module")
def arena(fight: Callable[..., Arena]) -> Arena:
    return fight(ATTACKS)


@pytest.mark.parametrize("name", ATTACKS)
def test_a_folder_is_read_as_plain_files_or_not_at_all(arena: Arena, name: str) -> None:
    arena.check(name)


def test_the_class_is_graded_and_the_host_is_as_it_was(arena: Arena) -> None:
    arena.check_the_others()
