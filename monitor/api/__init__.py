"""The HTTP door: health, readiness and STOW-RS."""
