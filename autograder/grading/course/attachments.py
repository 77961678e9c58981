"""Read the files beside a notebook, such as data and modules."""

from __future__ import annotations

from pathlib import Path

from autograder.errors import CourseError

_LARGEST_FILES = 16 << 20  # bytes, of all files beside a notebook


def files_beside(folder: Path, reason: type[Exception] = CourseError) -> dict[str, bytes]:
    """Return the files beside a notebook, also those in folders.

    Notebooks, `__pycache__`, and files and folders whose names begin with a dot, are left out.

    Parameters
    ----------
    folder : Path
        Folder of the notebook.
    reason : type of Exception
        Raised if the files are too large.

    Returns
    -------
    dict of str to bytes
        Content of each file, by its path below the folder.

    Raises
    ------
    reason
        If the files are too large to be copied to a kernel.
    """
    names = {path.relative_to(folder): path for path in sorted(folder.rglob("*")) if path.suffix != ".ipynb"}
    paths = {
        name.as_posix(): path
        for name, path in names.items()
        if not any(part.startswith((".", "__pycache__")) for part in name.parts) and path.is_file()
    }
    size = sum(path.stat().st_size for path in paths.values())
    if size > _LARGEST_FILES:
        raise reason(f"the files beside a notebook must be below {_LARGEST_FILES >> 20} MB (got {size / 2**20:.0f} MB)")
    return {name: path.read_bytes() for name, path in paths.items()}
