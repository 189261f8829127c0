"""One study a patient: what is kept, and that tests then hold where they would not."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitor.drift.ordered import Ordered, rank_sum
from monitor.drift.sample import one_a_patient


@given(st.lists(st.sampled_from(["a", "b", "c", None]), max_size=30))
def test_every_patient_is_there_once(patients: list[str | None]) -> None:
    """Each patient has one row, each study without one its own, in order and the same every time."""
    rows = one_a_patient(patients)
    kept = [patients[row] for row in rows]
    assert sorted(filter(None, kept)) == sorted(set(filter(None, patients)))
    assert kept.count(None) == patients.count(None)
    assert rows.tolist() == sorted(rows.tolist()) == one_a_patient(patients).tolist()


@pytest.mark.slow
def test_repeated_patients_do_not_raise_alarms() -> None:
    """Five like studies a patient, no drift: all rows err in over a fifth of 200 pairs, one a patient in at most .1."""
    rng = np.random.default_rng(1)
    wrong = np.zeros(2)
    for _ in range(200):
        values = [np.repeat(rng.normal(size=n), 5) + 0.3 * rng.normal(size=5 * n) for n in (100, 40)]
        kept = [one[one_a_patient([str(row // 5) for row in range(one.size)])] for one in values]
        for index, pair in enumerate((values, kept)):
            wrong[index] += rank_sum(Ordered.of(pair[0]), Ordered.of(pair[1])).p_value <= 0.05
    assert wrong[0] / 200 > 0.2
    assert wrong[1] / 200 <= 0.1
