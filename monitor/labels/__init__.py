"""Report text to finding labels, by rules read from lexicon files. Pure."""

from monitor.labels.labeler import MAX_TEXT, Labeler, Labelled, LabelStatus, TextTooLongError, labeler_for
from monitor.labels.lexicon import UnknownProfileError, profiles

__all__ = [
    "MAX_TEXT",
    "LabelStatus",
    "Labeler",
    "Labelled",
    "TextTooLongError",
    "UnknownProfileError",
    "labeler_for",
    "profiles",
]
