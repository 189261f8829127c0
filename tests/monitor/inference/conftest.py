"""The reference package, a scorer of it, and studies to score."""

import shutil
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import pytest

from monitor.core.study import Acquisition, Instance, Study
from monitor.inference.package import Package, load_package
from monitor.inference.runner import TorchScorer

MODELS = Path(__file__).parents[3] / "models"
NOON = datetime(2026, 3, 2, 12, 0, tzinfo=UTC)


@pytest.fixture(scope="session")
def package() -> Package:
    """The reference package as committed."""
    return load_package(MODELS / "chest-phantom" / "1.0.0")


@pytest.fixture(scope="session")
def scorer(package: Package) -> TorchScorer:
    """The reference package on the CPU."""
    return TorchScorer(package, device="cpu")


@pytest.fixture
def copied(tmp_path: Path, package: Package) -> Path:
    """A package folder of this test's own, in a models folder of its own."""
    folder = tmp_path / package.name / package.version
    shutil.copytree(package.folder, folder)
    return folder


@pytest.fixture
def study() -> Callable[[str], Study]:
    """Builds a study of this key."""
    return lambda key: Study(
        key=key,
        patient=None,
        accession=None,
        issuer_accession=None,
        acquisition=Acquisition(),
        studied_at=NOON,
        received_at=NOON,
        last_instance_at=NOON,
    )


@pytest.fixture
def instance() -> Callable[..., Instance]:
    """Builds an instance with this acquisition; by default a PA chest radiograph."""

    def build(*, unusable: object = None, **acquisition: str) -> Instance:
        return Instance(
            digest="0" * 64,
            sop="sop",
            series="series",
            study="study",
            patient=None,
            accession=None,
            issuer_accession=None,
            sop_class="1.2.840.10008.5.1.4.1.1.1.1",
            transfer_syntax="1.2.840.10008.1.2.1",
            rows=512,
            columns=512,
            frames=1,
            series_number=1,
            instance_number=1,
            acquisition=Acquisition(**{"modality": "DX", "body_part": "CHEST", "view_position": "PA"} | acquisition),
            studied_at=NOON,
            received_at=NOON,
            unusable=unusable,  # type: ignore[arg-type]
        )

    return build
