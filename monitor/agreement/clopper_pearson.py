"""The exact interval of a proportion."""

from scipy.stats import beta

from monitor.agreement.proportion import CONFIDENCE, Proportion


def clopper_pearson(successes: int, n: int, *, confidence: float = CONFIDENCE) -> Proportion | None:
    """Every p that neither one-sided binomial test at (1 - confidence) / 2 rejects.

    It covers at least as often as it says, for every n and p, and is wider than Wilson's for it.

    Source: C. J. Clopper, E. S. Pearson, The use of confidence or fiducial limits illustrated in the case of the
    binomial, Biometrika 26 (1934) 404-413.

    Args:
        successes: how many of the cases, 0 to n.
        n: how many cases.
        confidence: coverage aimed at, in (0, 1).

    Returns:
        The proportion, or None where there are no cases.

    Raises:
        ValueError: `successes` does not lie between 0 and `n`.
    """
    if not 0 <= successes <= n:
        message = f"successes: {successes} of {n}; from 0 to n are accepted"
        raise ValueError(message)
    if n == 0:
        return None
    tail = (1 - confidence) / 2
    low = 0.0 if successes == 0 else float(beta.ppf(tail, successes, n - successes + 1))
    high = 1.0 if successes == n else float(beta.ppf(1 - tail, successes + 1, n - successes))
    return Proportion(value=successes / n, low=low, high=high, n=n)
