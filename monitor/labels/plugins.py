"""Other labelers than the rules: an installed package offers one under the entry-point group `overread.labelers`."""

from collections.abc import Sequence
from dataclasses import dataclass
from importlib.metadata import entry_points

from monitor.core.errors import OverreadError, UsageError
from monitor.labels.labeler import Labelled, labeler_for
from monitor.labels.port import TextLabeler, breaches

GROUP = "overread.labelers"
"""An entry point here names a callable that takes a profile's name and returns a `TextLabeler`."""
RULES = "rules"


class UnknownLabelerError(UsageError):
    """No labeler of this name is installed."""


class LabelerError(OverreadError):
    """A labeler gave an answer that no labeler may give."""


@dataclass(frozen=True, kw_only=True, slots=True)
class CheckedLabeler:
    """Somebody else's labeler, each of whose answers is checked before it counts."""

    name: str
    inner: TextLabeler

    @property
    def findings(self) -> Sequence[str]:
        """The findings it may give a label."""
        return self.inner.findings

    def label(self, text: str, language: str | None = None) -> Labelled:
        """Its answer.

        Raises:
            LabelerError: the answer is not one a labeler may give; the message names the first breach.
        """
        labelled = self.inner.label(text, language)
        for breach in breaches(text, labelled, self.findings):
            message = f"labeler {self.name}: {breach}"
            raise LabelerError(message)
        return labelled


def labeler_named(name: str, profile: str) -> TextLabeler:
    """A labeler by its name: `rules`, or one that is installed.

    Raises:
        UnknownLabelerError: none of this name is installed; the message names the accepted ones.
        UnknownProfileError: there is no such profile.
    """
    if name == RULES:
        return labeler_for(profile)
    installed = {point.name: point for point in entry_points(group=GROUP)}
    if name not in installed:
        message = f"labeler: {name[:80]!r} is not installed; accepted: {', '.join(sorted([RULES, *installed]))}"
        raise UnknownLabelerError(message)
    return CheckedLabeler(name=name, inner=installed[name].load()(profile))
