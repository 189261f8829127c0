"""Suspects: the scanner that changed is named first, and where none did nobody is named."""

import numpy as np
import pytest

from monitor.drift.suspects import MIN_SEGMENT, suspects

SCANNERS = (
    {"site": "north", "manufacturer": "A", "model_name": "A1"},
    {"site": "north", "manufacturer": "B", "model_name": "B1"},
    {"site": "south", "manufacturer": "A", "model_name": "A1"},
    {"site": "south", "manufacturer": "C", "model_name": "C1"},
    {"site": "east", "manufacturer": "B", "model_name": "B1"},
    {"site": "east", "manufacturer": "D", "model_name": "D1"},
)
SHARES = np.array([0.2, 0.2, 0.15, 0.15, 0.15, 0.15])
DIMENSIONS = 16


def fleet(rng: np.random.Generator, n: int, base: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Studies of six scanners, each with its own look; features of shape (n, 16) and who took them."""
    scanner = rng.choice(len(SCANNERS), n, p=SHARES)
    return base[scanner] + rng.normal(size=(n, DIMENSIONS)), scanner


def named(rng: np.random.Generator, target: int | None, size: float = 0.75) -> list[dict[str, str]]:
    """Suspects of a current window of 200 in which `target` moved by `size` SD in each of 16 features."""
    base = 0.5 * rng.normal(size=(len(SCANNERS), DIMENSIONS))
    reference, before = fleet(rng, 800, base)
    current, scanner = fleet(rng, 200, base)
    if target is not None:
        current[scanner == target] += size * rng.choice([-1.0, 1.0], DIMENSIONS)
    segments = [[SCANNERS[i] for i in window] for window in (scanner, before)]
    return [dict(one.segment) for one in suspects(reference, current, *segments)]


@pytest.mark.slow
def test_a_single_scanner_shift_is_named_first() -> None:
    """In at least .9 of 40 medium shifts of one scanner, the first suspect describes that scanner and no other."""
    rng = np.random.default_rng(2)
    right = 0
    for trial in range(40):
        target = trial % len(SCANNERS)
        first = next(iter(named(rng, target)), {})
        fitting = [i for i, scanner in enumerate(SCANNERS) if first and first.items() <= scanner.items()]
        right += fitting == [target]
    assert right / 40 >= 0.9


@pytest.mark.slow
def test_nobody_is_named_where_nothing_changed() -> None:
    """Without a shift somebody is named in at most .05 of 80 windows, within four Monte-Carlo errors."""
    rng = np.random.default_rng(3)
    blamed = sum(bool(named(rng, None)) for _ in range(80))
    assert blamed / 80 <= 0.05 + 4 * (0.05 * 0.95 / 80) ** 0.5


def test_share_and_lift() -> None:
    """Where exactly one scanner moved far, its share of the changed is near 1, its lift near its size's inverse."""
    rng = np.random.default_rng(4)
    reference, current = rng.normal(size=(400, 3)), rng.normal(size=(100, 3))
    current[:20] += 8.0
    found = suspects(reference, current, [{"site": "new" if i < 20 else "old"} for i in range(100)])
    assert dict(found[0].segment) == {"site": "new"}
    assert found[0].share > 0.8
    assert found[0].lift == pytest.approx(found[0].share / 0.2)


def test_a_pair_is_named_where_neither_part_is() -> None:
    """A change of one manufacturer at one site names the pair before its parts."""
    rng = np.random.default_rng(4)
    reference, current = rng.normal(size=(800, 3)), rng.normal(size=(400, 3))
    segments = [{"site": "NS"[i % 2], "manufacturer": "AB"[i // 2 % 2]} for i in range(400)]
    current[[one == {"site": "N", "manufacturer": "A"} for one in segments]] += 3.0
    assert dict(suspects(reference, current, segments)[0].segment) == {"site": "N", "manufacturer": "A"}


def test_deterministic_and_robust() -> None:
    """Two runs agree; missing values, constant features, tiny segments and tiny windows name nobody and do not fail."""
    rng = np.random.default_rng(5)
    reference, current = rng.normal(size=(300, 4)), rng.normal(size=(60, 4))
    reference[:, 3] = current[:, 3] = 1.0
    current[0, 0], reference[0, 0] = np.inf, np.nan
    segments = [{"site": "tiny" if i < MIN_SEGMENT - 1 else "rest"} for i in range(60)]
    assert suspects(reference, current, segments) == suspects(reference, current, segments) == ()
    assert suspects(reference, current[:3], segments[:3]) == ()
    with pytest.raises(ValueError, match="do not fit"):
        suspects(reference, current, segments[1:])
