"""What the ingest tests share."""

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import data_store
import pydicom.data
import pytest

from monitor.core.identity import Pseudonyms
from monitor.ingest.jail import Bounds, Jails
from monitor.ingest.source import JailedSource
from monitor.ingest.spool import DiskSpool

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)


def public_files() -> list[Path]:
    """DICOM files that pydicom and its data package ship."""
    folders = (Path(pydicom.data.__file__).parent / "test_files", Path(data_store.__file__).parent / "data")
    return sorted(path for folder in folders for path in folder.glob("*.dcm"))


@pytest.fixture
def spool(tmp_path: Path) -> DiskSpool:
    """An empty spool."""
    return DiskSpool(tmp_path / "spool")


@pytest.fixture(scope="module")
def jails() -> Iterator[Jails]:
    """One jail with a short patience."""
    jails = Jails(Bounds(seconds=5.0), size=1)
    yield jails
    jails.close()


@pytest.fixture
def source(spool: DiskSpool, jails: Jails) -> JailedSource:
    """Parses and decodes what lies in the spool."""
    return JailedSource(spool, jails, Pseudonyms(key=b"k" * 32), sites={"Here": "home"}, zone=UTC)
