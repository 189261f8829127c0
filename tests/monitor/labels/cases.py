"""The sentences of `traps/`, one file a profile, and how a label is written there."""

import tomllib
from pathlib import Path

from monitor.core.read import Label
from monitor.labels import Labelled

TRAPS = {
    path.stem: tuple((text, expected) for text, expected in tomllib.loads(path.read_text("utf-8"))["traps"])
    for path in sorted((Path(__file__).parent / "traps").glob("*.toml"))
}
ALL = [(profile, text, expected) for profile, rows in TRAPS.items() for text, expected in rows]


def written(labelled: Labelled, finding: str) -> str:
    """A finding's label with its grade, size and side."""
    size, side = labelled.measurements.get(finding), labelled.laterality.get(finding)
    parts = [finding, labelled.labels[finding].value, labelled.grades.get(finding)]
    parts += [f"{size.value:g}{size.unit}" if size else None, side.value if side else None]
    return " ".join(part for part in parts if part)


def there(labelled: Labelled) -> set[str]:
    """The findings that are present or in doubt, the summary left out."""
    return {f for f, label in labelled.labels.items() if label in {Label.PRESENT, Label.UNCERTAIN}} - {"no_finding"}
