"""From scored studies to the samples that are compared."""

from collections.abc import Mapping, Sequence

import numpy as np

from monitor.core.ports import FeatureRow
from monitor.core.verdict import DriftGroup
from monitor.drift.sample import Floats, Sample, one_a_patient

SEGMENTS = ("site", "manufacturer", "model_name", "software")


def columns_of(rows: Sequence[FeatureRow]) -> dict[str, tuple[str, ...]]:
    """The numeric columns of each group: input statistics under their own name, scores as `score_<finding>`."""
    statistics = sorted({name for row in rows for name in row.statistics})
    findings = sorted({finding for row in rows for finding in row.scores})
    return {
        DriftGroup.INPUTS: tuple(statistics),
        DriftGroup.SCORES: tuple(f"score_{finding}" for finding in findings),
    }


def independent(rows: Sequence[FeatureRow]) -> list[FeatureRow]:
    """One study a patient: those of one patient are no independent witnesses."""
    return [rows[index] for index in one_a_patient([row.patient for row in rows])]


def sample_of(rows: Sequence[FeatureRow], groups: Mapping[str, Sequence[str]]) -> Sample:
    """A window of studies with these columns and the embedding; what a study lacks is missing there."""
    values = [dict(row.statistics) | {f"score_{name}": score for name, score in row.scores.items()} for row in rows]
    names = [name for columns in groups.values() for name in columns]
    width = max((len(row.embedding) for row in rows), default=0)
    embedding = np.full((len(rows), width), np.nan)
    for index, row in enumerate(rows):
        if len(row.embedding) == width:
            embedding[index] = row.embedding
    return Sample(
        numeric={name: np.array([value.get(name, np.nan) for value in values]) for name in names},
        embedding=embedding if width else None,
    )


def matrix_of(sample: Sample) -> Floats:
    """The numeric columns side by side, shape (n, columns)."""
    return np.column_stack(list(sample.numeric.values()))


def segments_of(rows: Sequence[FeatureRow]) -> list[dict[str, str]]:
    """Where each study came from."""
    return [{name: row.acquisition[name] for name in SEGMENTS} for row in rows]
