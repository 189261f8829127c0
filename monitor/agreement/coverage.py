"""How often the interval holds what it should, exactly. `python -m monitor.agreement.coverage` prints the table."""

import numpy as np
from scipy.stats import binom

from monitor.agreement.proportion import wilson

SIZES = (20, 100, 1000)
SHARES = (0.01, 0.1, 0.5)


def wilson_coverage(n: int, p: float) -> float:
    """Probability that the 95 % Wilson interval of Binomial(n, p) successes holds p: a sum over all n + 1 outcomes."""
    shares = [wilson(successes, n) for successes in range(n + 1)]
    held = np.array([share is not None and share.low <= p <= share.high for share in shares])
    return float(binom.pmf(np.arange(n + 1), n, p)[held].sum())


def coverage_table() -> str:
    """The coverage as a Markdown table, one row a size and one column a true share."""
    head = "| n | " + " | ".join(f"p = {p}" for p in SHARES) + " |"
    rows = [f"| {n} | " + " | ".join(f"{wilson_coverage(n, p):.3f}" for p in SHARES) + " |" for n in SIZES]
    return "\n".join([head, "|" + "---|" * (len(SHARES) + 1), *rows])


if __name__ == "__main__":
    print(coverage_table())  # noqa: T201  the table goes to stdout, to be pasted into the documentation
