"""Schema migrations, run by `overread db upgrade`."""
