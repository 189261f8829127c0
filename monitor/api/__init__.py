"""The HTTP door: health and readiness."""
