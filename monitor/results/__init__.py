"""The production AI's own outputs in: JSON lines."""
