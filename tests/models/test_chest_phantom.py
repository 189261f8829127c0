from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime
from functools import cache
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from models.phantoms import FLEET, imagined, presented
from models.train import auroc
from monitor.core.ports import Decoded, Scored
from monitor.core.study import Acquisition, Study
from monitor.inference.package import load_package
from monitor.inference.runner import Pixels, TorchScorer
from monitor.simulate.case import Drawing, Scanner
from monitor.simulate.chest import ChestGenerator

NOON = datetime(2026, 3, 2, 12, 0, tzinfo=UTC)
GENERATOR = ChestGenerator()
WORN = replace(FLEET[0], noise=0.08, blur=2.4, gamma=0.6)
STUDIES = 400


@cache
def reference() -> TorchScorer:
    """The committed package on the CPU."""
    folder = Path(__file__).parents[2] / "models" / "chest-phantom" / "1.0.0"
    return TorchScorer(load_package(folder), device="cpu")


@cache
def fresh() -> tuple[list[Drawing], NDArray[np.bool_]]:
    """Drawings that no training or held-out set has seen, and their truth (studies × findings)."""
    rng = np.random.default_rng(987_654_321)
    cases = [imagined(rng, prevalence=0.3) for _ in range(STUDIES)]
    truth = np.array([[name in case.findings for name in GENERATOR.findings] for case in cases])
    return [GENERATOR.draw(case) for case in cases], truth


def scores(drawings: Sequence[Drawing], fleet: Sequence[Scanner]) -> NDArray[np.float64]:
    """Scores (studies × findings) of drawings exposed on the scanners of a fleet in turn."""
    images: list[Pixels] = []
    for index, drawing in enumerate(drawings):
        scanner = fleet[index % len(fleet)]
        images.append(presented(GENERATOR.acquire(drawing, scanner, seed=index), scanner))
    study = Study(
        key="s",
        patient=None,
        accession=None,
        issuer_accession=None,
        acquisition=Acquisition(),
        studied_at=NOON,
        received_at=NOON,
        last_instance_at=NOON,
    )
    batch = [(study, Decoded(pixels=image, statistics={})) for image in images]
    results = [
        r for start in range(0, len(batch), 64) for r in reference().score(batch[start : start + 64], scored_at=NOON)
    ]
    assert all(isinstance(result, Scored) for result in results)
    return np.array([[p.score for p in result.predictions] for result in results if isinstance(result, Scored)])


@cache
def found(*, worn: bool) -> NDArray[np.float64]:
    """Scores of the fresh phantoms, on the known fleet or on a worn detector."""
    return scores(fresh()[0], [WORN] if worn else FLEET)


@cache
def areas(*, worn: bool) -> dict[str, float]:
    """AUROC per finding on fresh phantoms, on the known fleet or on a worn detector."""
    _, truth = fresh()
    return {name: auroc(found(worn=worn)[:, i], truth[:, i]) for i, name in enumerate(GENERATOR.findings)}


@pytest.mark.parametrize("finding", GENERATOR.findings)
def test_the_model_is_good_and_not_perfect(finding: str) -> None:
    """On phantoms it has never seen, every finding has an AUROC between .88 and .99."""
    assert 0.88 <= areas(worn=False)[finding] <= 0.99


def test_few_calls_are_wrong_at_natural_prevalence() -> None:
    """At a prevalence of 8 %, at most some 7 % of calls contradict the truth, for every finding."""
    _, truth = fresh()
    points = np.array([finding.operating_point for finding in reference().package.manifest.findings])
    calls = found(worn=False) >= points
    false_positive = (calls & ~truth).sum(axis=0) / (~truth).sum(axis=0)
    false_negative = (~calls & truth).sum(axis=0) / truth.sum(axis=0)
    assert (0.92 * false_positive + 0.08 * false_negative <= 0.07).all()


def test_a_replaced_detector_shows() -> None:
    """A noisy, soft detector of other contrast costs the model much of what it could do."""
    known, worn = (float(np.mean(list(areas(worn=worn).values()))) for worn in (False, True))
    assert worn < known - 0.05


def test_polarity_corrected_there_is_no_polarity() -> None:
    """The same drawing stored as MONOCHROME1 and as MONOCHROME2 scores the same."""
    drawings = fresh()[0][:4]
    both = [scores(drawings, [replace(FLEET[0], photometric=p)]) for p in ("MONOCHROME1", "MONOCHROME2")]
    assert np.allclose(both[0], both[1], atol=1e-5)
