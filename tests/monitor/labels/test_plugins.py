from pathlib import Path

import pytest

from monitor.core.read import Label
from monitor.labels import Labelled, LabelStatus, UnknownLabelerError, labeler_for, labeler_named
from monitor.labels.plugins import CheckedLabeler, LabelerError

PACKAGE = """
from monitor.labels import Labelled, LabelStatus

class Echo:
    def __init__(self, profile):
        self.findings = (profile,)

    def label(self, text, language=None):
        return Labelled(status=LabelStatus.OK, language="en", labels={}, labeler="echo@1")
"""


@pytest.fixture
def echo(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A package that offers the labeler `echo`, installed."""
    (tmp_path / "overread_echo.py").write_text(PACKAGE)
    metadata = tmp_path / "overread_echo-1.0.dist-info"
    metadata.mkdir()
    (metadata / "METADATA").write_text("Metadata-Version: 2.1\nName: overread-echo\nVersion: 1.0\n")
    (metadata / "entry_points.txt").write_text("[overread.labelers]\necho = overread_echo:Echo\n")
    monkeypatch.syspath_prepend(str(tmp_path))


@pytest.mark.usefixtures("echo")
def test_an_installed_labeler_is_found_by_its_name() -> None:
    """A package's entry point makes its labeler available, for the profile asked for."""
    labeler = labeler_named("echo", "head-ct")
    assert labeler.findings == ("head-ct",)
    assert labeler.label("No hemorrhage.").labeler == "echo@1"


def test_the_rules_are_there_without_a_package() -> None:
    """`rules` names the rules of the profile."""
    assert labeler_named("rules", "fundus") is labeler_for("fundus")


@pytest.mark.usefixtures("echo")
def test_a_labeler_that_is_not_installed_is_refused() -> None:
    """An unknown name is refused with the names that are known."""
    with pytest.raises(UnknownLabelerError, match="accepted: echo, rules"):
        labeler_named("gpt", "head-ct")


OK = LabelStatus.OK
WRONG = [
    Labelled(status=OK, language="en", labels={"mass": Label.ABSENT}, evidence={"mass": (0, 2)}, labeler="x@1"),
    Labelled(status=OK, language="en", labels={"nodule": Label.ABSENT}, labeler="x@1"),
    Labelled(status=OK, language="en", labels={"nodule": Label.ABSENT}, evidence={"nodule": (0, 99)}, labeler="x@1"),
    Labelled(status=OK, language="en", evidence={"nodule": (0, 2)}, labeler="x@1"),
    Labelled(status=OK, language="en", grades={"birads": "2"}, labeler="x@1"),
    Labelled(status=OK, language="en", labeler=""),
    Labelled(
        status=LabelStatus.UNSUPPORTED_LANGUAGE,
        language="de",
        labels={"nodule": Label.NOT_MENTIONED},
        labeler="x@1",
    ),
]


@pytest.mark.parametrize("answer", WRONG)
def test_an_answer_no_labeler_may_give_is_refused(answer: Labelled) -> None:
    """A foreign labeler's answer that breaches the port is an error that names the labeler and quotes no report."""

    class Wrong:
        findings = ("nodule",)

        def label(self, text: str, language: str | None = None) -> Labelled:
            del text, language
            return answer

    with pytest.raises(LabelerError, match="labeler wrong: ") as refused:
        CheckedLabeler(name="wrong", inner=Wrong()).label("No SECRET nodule.")
    assert "SECRET" not in str(refused.value)
