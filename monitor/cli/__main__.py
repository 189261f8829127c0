"""`python -m monitor.cli` is `overread`."""

from monitor.cli import main

main()
