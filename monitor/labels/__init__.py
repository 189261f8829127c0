"""Report text to finding labels, by rules read from lexicon files. Pure."""

from monitor.labels.labeler import (
    MAX_TEXT,
    Labeler,
    Labelled,
    LabelStatus,
    Measurement,
    TextTooLongError,
    labeler_for,
)
from monitor.labels.lexicon import Side
from monitor.labels.plugins import UnknownLabelerError, labeler_named
from monitor.labels.port import TextLabeler
from monitor.labels.profile import UnknownProfileError, profile_for, profiles

__all__ = [
    "MAX_TEXT",
    "LabelStatus",
    "Labeler",
    "Labelled",
    "Measurement",
    "Side",
    "TextLabeler",
    "TextTooLongError",
    "UnknownLabelerError",
    "UnknownProfileError",
    "labeler_for",
    "labeler_named",
    "profile_for",
    "profiles",
]
