import pytest

from monitor.core.read import ReadStatus
from monitor.reads.status import status_of, status_of_lines, status_of_text


@pytest.mark.parametrize(
    ("text", "status"),
    [
        ("*** PRELIMINARY REPORT ***\nNo effusion.", ReadStatus.PRELIMINARY),
        ("WET READ\nNo effusion.", ReadStatus.PRELIMINARY),
        ("No effusion.\n\nFINAL REPORT", ReadStatus.FINAL),
        ("No effusion.\nElectronically signed by J. Doe, MD 2026-01-01", ReadStatus.FINAL),
        ("FINAL REPORT\nADDENDUM:\nThere is an effusion.", ReadStatus.CORRECTED),
        ("This is a corrected report\nNo effusion.", ReadStatus.CORRECTED),
        ("RETRACTED", ReadStatus.RETRACTED),
        ("PRELIMINARY REPORT\nNo effusion.\nFINAL REPORT", None),
        ("The final report of the outside hospital is not available.", None),
        ("Preliminary results were discussed.\nNo effusion.", None),
        ("No effusion.", None),
        ("", None),
    ],
)
def test_banners(text: str, status: ReadStatus | None) -> None:
    """A banner is a line by itself at either end; two that differ say nothing, and a sentence is no banner."""
    assert status_of_text(text) is status


def test_lines_of_one_report() -> None:
    """Lines that agree give their status, final with corrected is corrected, any other mixture is nothing."""
    assert status_of_lines(["F", "F"], {}) is ReadStatus.FINAL
    assert status_of_lines(["F", "C"], {}) is ReadStatus.CORRECTED
    assert status_of_lines(["P", "F"], {}) is None
    assert status_of_lines(["F", "?"], {}) is None


def test_a_source_has_words_of_its_own() -> None:
    """A source's map comes first, and words are taken without regard to case and blanks."""
    own = {"ZZ": ReadStatus.FINAL, "A": ReadStatus.CORRECTED}
    assert status_of("zz", own) is ReadStatus.FINAL
    assert status_of("A", own) is ReadStatus.CORRECTED
    assert status_of(" wet  read ", own) is ReadStatus.PRELIMINARY
    assert status_of("Q", own) is None
