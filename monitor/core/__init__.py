"""The words every room shares: records, pairing, windows, ports and errors. Standard library only, no I/O, no clock."""
