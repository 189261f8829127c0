"""Acceptance tests start real processes; each gets a sidecar of its own."""

import shutil
from collections.abc import Callable, Iterator
from importlib.util import find_spec
from pathlib import Path

import pytest

from tests.acceptance.sidecar import Sidecar

pytestmark = pytest.mark.acceptance


@pytest.fixture
def started(tmp_path: Path) -> Iterator[Callable[..., Sidecar]]:
    """Starts sidecars under given settings and ends what is left of them."""
    sidecars: list[Sidecar] = []

    def start(**settings: str) -> Sidecar:
        sidecars.append(Sidecar(tmp_path, **settings))
        return sidecars[-1].start()

    yield start
    for sidecar in sidecars:
        if sidecar.process is not None and sidecar.process.poll() is None:
            sidecar.kill()


@pytest.fixture(scope="session")
def dcmtk() -> None:
    """Needs dcmtk's storescu."""
    if shutil.which("storescu") is None:
        pytest.skip("storescu is not installed; sudo apt-get install dcmtk")


@pytest.fixture(scope="session")
def radiographs() -> Path:
    """The folder of pydicom-data's real images."""
    spec = find_spec("data_store")
    assert spec is not None
    assert spec.origin is not None
    return Path(spec.origin).parent / "data"
