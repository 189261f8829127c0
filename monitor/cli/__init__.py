"""The front door, one file a noun."""

import sys

from monitor.core.errors import OverreadError


def main() -> None:
    """Run the command line; a user's mistake ends in one line on stderr and the exit code of its kind."""
    from monitor.cli.app import app  # noqa: PLC0415  # so that importing the package costs nothing

    try:
        app()
    except OverreadError as error:
        sys.stderr.write(f"overread: {error}\n")
        sys.exit(error.exit_code)
