import pytest

from monitor.labels import LabelStatus, labeler_for
from tests.monitor.labels.cases import ALL, there, written


@pytest.mark.parametrize(("profile", "text", "expected"), ALL, ids=[f"{p}: {text[:50]!r}" for p, text, _ in ALL])
def test_trap(profile: str, text: str, expected: str) -> None:
    """A sentence says what a radiologist takes from it, with grade, size and side, and nothing beyond."""
    labelled = labeler_for(profile).label(text)
    assert labelled.status is LabelStatus.OK
    wanted = [one for one in expected.split("; ") if one]
    assert [written(labelled, one.split()[0]) for one in wanted] == wanted
    assert there(labelled) <= {one.split()[0] for one in wanted}
