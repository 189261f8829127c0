"""The front door, one file a noun."""


def main() -> None:
    """Run the command line."""
