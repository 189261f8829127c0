import tomllib
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from sklearn.metrics import roc_auc_score

from models import train
from monitor.inference.runner import load_scorers


@pytest.fixture
def brief(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Training on a handful of studies, for its mechanics; torch is left as it was found."""
    threads = torch.get_num_threads()
    for name, value in {"STUDIES": 16, "HELD_OUT": 24, "EPOCHS": 1, "BATCH": 8, "SPECIFICITY": 0.1}.items():
        monkeypatch.setattr(train, name, value)
    yield
    torch.use_deterministic_algorithms(mode=False)
    torch.set_num_threads(threads)


@pytest.mark.usefixtures("brief")
def test_the_same_seed_gives_the_same_package(tmp_path: Path) -> None:
    """Trained twice from one seed, every file is the same, and the package passes its own self-test."""
    first, second = (train.train_chest_phantom(tmp_path / name, seed=3) for name in ("a", "b"))
    for name in ("model.toml", "card.md", "weights.safetensors"):
        assert (first / name).read_bytes() == (second / name).read_bytes()
    assert [scorer.model for scorer in load_scorers(tmp_path / "a", "cpu")] == ["chest-phantom"]


@given(st.lists(st.tuples(st.integers(0, 9), st.booleans()), min_size=2, max_size=60))
def test_auroc_is_that_of_an_independent_implementation(rows: list[tuple[int, bool]]) -> None:
    """The area under the ROC curve, ties included, is scikit-learn's."""
    scores, truth = np.array([score / 10 for score, _ in rows]), np.array([label for _, label in rows])
    if truth.all() or not truth.any():
        return
    assert train.auroc(scores, truth) == pytest.approx(roc_auc_score(truth, scores))


def test_what_is_written_is_read_back() -> None:
    """TOML written for a manifest parses to the same mapping, whatever is quoted in it."""
    manifest = {
        "name": 'a "quoted" name',
        "views": ["PA", "AP"],
        "network": {"arguments": {"widths": [1, 2]}, "architecture": "resnet"},
        "findings": [{"name": "nodule", "operating_point": 0.25}],
        "files": {"card.md": "00"},
    }
    assert tomllib.loads(train._toml(manifest)) == manifest
