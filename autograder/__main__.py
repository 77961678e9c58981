"""Start the console script; if the instructor's packages are missing, print how to install them."""

from __future__ import annotations

import sys


def main() -> None:
    """Run the `autograder` command."""
    try:
        from autograder.cli import cli
    except ModuleNotFoundError as missing:
        sys.exit(
            f"autograder needs the instructor's packages ({missing.name} is missing): "
            "pip install 'keep-the-signal-alive[instructor]'"
        )
    cli()


if __name__ == "__main__":
    main()
