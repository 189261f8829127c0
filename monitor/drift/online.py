"""Many looks, one after the other: false discoveries bounded over all of them."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import ArrayLike, NDArray

Floats = NDArray[np.float64]
Flags = NDArray[np.bool_]


def e_benjamini_hochberg(e_values: ArrayLike, *, alpha: float) -> Flags:
    """Which e-values to reject: the expected share of false rejections is at most alpha, whatever their dependence.

    Source: R. Wang, A. Ramdas, False discovery rate control with e-values, Journal of the Royal Statistical Society B
    84 (2022) 822-852.

    Args:
        e_values: shape (m,), each at least 0 with expectation at most 1 where its null is true.
        alpha: in (0, 1).
    """
    e = np.asarray(e_values, dtype=np.float64)
    order = np.argsort(-e, kind="stable")
    reaches = np.flatnonzero(e[order] * np.arange(1, e.size + 1) >= e.size / alpha)
    rejected = np.zeros(e.size, dtype=np.bool_)
    rejected[order[: reaches[-1] + 1 if reaches.size else 0]] = True
    return rejected


def e_lond(e_values: Sequence[float], *, alpha: float) -> Flags:
    """Which looks of a stream to call a discovery, each decided when it is made, under any dependence.

    Look t is rejected where its e-value reaches 1 / (alpha gamma_t (1 + rejections so far)); the shares gamma_t fall as
    1 / (t (t + 1)) and sum to one. Source: Z. Xu, A. Ramdas, Online multiple testing with e-values, AISTATS 2024.

    Args:
        e_values: one a look, in order.
        alpha: the false discovery rate accepted, in (0, 1).
    """
    rejected = np.zeros(len(e_values), dtype=np.bool_)
    for t, e in enumerate(e_values):
        level = alpha * _share(t) * (1 + int(rejected[:t].sum()))
        rejected[t] = e * level >= 1
    return rejected


def lord(p_values: Sequence[float], *, alpha: float) -> Flags:
    """Which looks of a stream of independent p-values to call a discovery; each discovery earns level for later ones.

    LORD++ with half of alpha as its first wealth. Source: A. Ramdas, F. Yang, M. J. Wainwright, M. I. Jordan, Online
    control of the false discovery rate with decaying memory, NeurIPS 2017, section 3.

    Args:
        p_values: one a look, in order, independent where their nulls are true.
        alpha: the false discovery rate accepted, in (0, 1).
    """
    wealth = alpha / 2
    found: list[int] = []
    for t, p in enumerate(p_values):
        earned = sum((alpha - wealth if k == 0 else alpha) * _share(t - 1 - at) for k, at in enumerate(found))
        if p <= wealth * _share(t) + earned:
            found.append(t)
    rejected = np.zeros(len(p_values), dtype=np.bool_)
    rejected[found] = True
    return rejected


def _share(t: int) -> float:
    """Of the level, what the look at place t gets, from 0; all together are one."""
    return 1 / ((t + 1) * (t + 2))
