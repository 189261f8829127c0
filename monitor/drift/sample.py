"""A window of studies as the tests see it: columns of numbers, columns of words, and an embedding."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
_SEED = 19_780_301


@dataclass(frozen=True, kw_only=True, slots=True)
class Sample:
    """`n` studies, one a row. Not-finite numbers and None words are missing; an embedding row with one is not used.

    `numeric` maps a column to shape (n,), `categorical` a column to n words, `embedding` is of shape (n, d).
    """

    numeric: Mapping[str, Floats] = field(default_factory=dict)
    categorical: Mapping[str, Sequence[str | None]] = field(default_factory=dict)
    embedding: Floats | None = None

    def __post_init__(self) -> None:
        lengths = {name: len(numbers) for name, numbers in self.numeric.items()}
        lengths |= {name: len(words) for name, words in self.categorical.items()}
        if self.embedding is not None:
            lengths["embedding"] = len(self.embedding)
        if len(set(lengths.values())) > 1:
            message = f"sample: columns of one length are accepted; got {lengths}"
            raise ValueError(message)

    @property
    def n(self) -> int:
        """How many studies."""
        if self.embedding is not None:
            return len(self.embedding)
        sizes = [*map(len, self.numeric.values()), *map(len, self.categorical.values())]
        return sizes[0] if sizes else 0

    def usable_embedding(self) -> Floats | None:
        """The finite rows of the embedding, shape (m, d) with m <= n."""
        return None if self.embedding is None else self.embedding[np.isfinite(self.embedding).all(axis=1)]

    def at(self, rows: NDArray[np.intp] | NDArray[np.bool_]) -> "Sample":
        """These studies only: indices, or a mask of shape (n,)."""
        chosen = np.arange(self.n)[rows]
        return Sample(
            numeric={name: values[chosen] for name, values in self.numeric.items()},
            categorical={name: [values[i] for i in chosen] for name, values in self.categorical.items()},
            embedding=None if self.embedding is None else self.embedding[chosen],
        )


def one_a_patient(patients: Sequence[str | None]) -> NDArray[np.intp]:
    """Rows of one study a patient, drawn evenly, in their order; studies without a patient stand for themselves.

    Studies of one patient resemble each other, and tests that take them for independent see drift where there is none.
    Patients that are in both windows stay in both: they only make the tests cautious. The draw depends on the number
    of studies alone.
    """
    drawn = np.random.default_rng([_SEED, len(patients)]).permutation(len(patients))
    first: dict[str, int] = {}
    for row in drawn.tolist():
        name = patients[row]
        first.setdefault(f"study {row}" if name is None else f"patient {name}", row)
    return np.array(sorted(first.values()), dtype=np.intp)
