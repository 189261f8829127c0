"""Stores with a story each, made once a session, and the app over one of them."""

import shutil
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest
import streamlit as st

from . import seed

REFERENCE_DAYS = 10
_BUSY = {"cardiomegaly": 0.3, "pneumothorax": 0.25}
STORIES: dict[str, seed.Story | None] = {
    "alert": seed.Story(days=22, per_site=2, falls_on=16, prevalence=_BUSY),
    "ok": seed.Story(days=22, per_site=2, falls_on=None, prevalence=_BUSY),
    "insufficient": replace(seed.INSUFFICIENT, prevalence=_BUSY),
    "hostile": replace(seed.HOSTILE, days=18, falls_on=14, per_site=2),
    "empty": None,
}


@pytest.fixture(scope="session")
def told(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], Path]:
    """The data folder of a story, with the clock of the morning after it; filled at the first asking."""
    folders: dict[str, Path] = {}

    def folder(name: str) -> Path:
        if name not in folders:
            made = tmp_path_factory.mktemp(name)
            seed.fill(made / "overread.sqlite", STORIES[name], evaluated_from=REFERENCE_DAYS).close()
            (made / "clock").write_text(seed.end(STORIES[name]).isoformat())
            folders[name] = made
        return folders[name]

    return folder


@pytest.fixture
def environment(told: Callable[[str], Path], monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[[str], Path]]:
    """Point the settings at a story; nothing is remembered from the last one."""

    def point(name: str) -> Path:
        folder = told(name)
        monkeypatch.setenv("OVERREAD_DATA_DIR", str(folder))
        monkeypatch.setenv("OVERREAD_CLOCK__FILE", str(folder / "clock"))
        monkeypatch.setenv("OVERREAD_EVALUATION__REFERENCE_DAYS", str(REFERENCE_DAYS))
        return folder

    st.cache_resource.clear()
    yield point
    st.cache_resource.clear()


@pytest.fixture
def copied(told: Callable[[str], Path], tmp_path: Path) -> Callable[[str], Path]:
    """A story's database of one's own, to be changed."""

    def copy(name: str) -> Path:
        return Path(shutil.copy(told(name) / "overread.sqlite", tmp_path / "overread.sqlite"))

    return copy
