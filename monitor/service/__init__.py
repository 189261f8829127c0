"""Composition: builds the rooms and supervises the processes of `overread serve`."""
