"""Whether embeddings still lie where the reference's did: the error of rebuilding them from its main directions."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from monitor.drift.ordered import Ordered, rank_sum

EXPLAINED = 0.9
Floats = NDArray[np.float64]


@dataclass(frozen=True, kw_only=True, slots=True)
class Reconstruction:
    """`statistic` is P(a current study is rebuilt worse than a reference study the directions were not fitted to)."""

    statistic: float
    p_value: float
    directions: int


def reconstruction(reference: Floats, current: Floats, rng: np.random.Generator) -> Reconstruction:
    """Rank sum of the squared errors of both windows under the principal directions of half of the reference.

    The directions explain nine tenths of that half's variance; the other half and the current window have not been seen
    by them, so that their errors compare. It sees what leaves the reference's directions and is blind within them.
    Source: S. Rabanser, S. Günnemann, Z. C. Lipton, Failing loudly, NeurIPS 2019, for the use of PCA against shift.

    Args:
        reference: finite rows, shape (m, d), m at least 4.
        current: finite rows, shape (n, d), n at least 1.
        rng: halves the reference.
    """
    order = rng.permutation(len(reference))
    fitted, held = reference[order[::2]], reference[order[1::2]]
    centre = fitted.mean(axis=0)
    _, sizes, directions = np.linalg.svd(fitted - centre, full_matrices=False)
    total = float((sizes**2).sum())
    kept = int(np.searchsorted(np.cumsum(sizes**2), EXPLAINED * total)) + 1 if total > 0 else 0
    basis = directions[:kept]

    def errors(rows: Floats) -> Floats:
        centred = rows - centre
        return np.asarray(((centred - centred @ basis.T @ basis) ** 2).sum(axis=1))

    result = rank_sum(Ordered.of(errors(held)), Ordered.of(errors(current)))
    return Reconstruction(statistic=result.statistic, p_value=result.p_value, directions=kept)
