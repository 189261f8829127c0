"""Overread: watches radiology AI after it goes live."""

__version__ = "0.1.0"
