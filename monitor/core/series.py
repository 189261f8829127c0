"""Which series of a study a model is for, and which of its images: a rule of the package, kept with its reason."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import Literal

from monitor.core.study import UNKNOWN, Exclusion, Instance

Prefer = Literal["first", "thinnest", "most_slices"]


@dataclass(frozen=True, kw_only=True, slots=True)
class SeriesRule:
    """What a series must be like. Localizers never are.

    Attributes:
        orientation: the plane its slices lie in; any where None.
        kernels: patterns of reconstruction kernels (`*` and `?`, upper or lower case alike); any where empty.
        min_slices: fewest slices. Above 1 the middle slice stands for the series, else its first image.
        prefer: which of several such series.
    """

    orientation: str | None = None
    kernels: tuple[str, ...] = ()
    min_slices: int = 1
    prefer: Prefer = "first"


@dataclass(frozen=True, kw_only=True, slots=True)
class Pick:
    """The instance to be scored, and why: free of anything that names a patient or a study."""

    instance: Instance
    reason: str


Series = list[Instance]
_ORDER: Mapping[Prefer, Callable[[Series], tuple[float, ...]]] = {
    "first": lambda _: (),
    "thinnest": lambda series: (_thickness(series), -slices(series)),
    "most_slices": lambda series: (-slices(series), _thickness(series)),
}
"""What comes first; of equals, the series that comes first in the study."""


def pick(
    rule: SeriesRule, instances: Sequence[Instance], accepts: Callable[[Instance], Exclusion | None]
) -> Pick | Exclusion:
    """Choose one instance of a study, or say what came nearest to being chosen.

    Args:
        rule: of the model package.
        instances: of one study, in series and instance order.
        accepts: the package's word on a single instance.
    """
    verdicts = [(accepts(instance) or _unlike(rule, instance), instance) for instance in instances]
    series: dict[tuple[int, str], Series] = {}
    for why, instance in verdicts:
        if why is None:
            series.setdefault((instance.series_number, instance.series or ""), []).append(instance)
    enough = [members for members in series.values() if slices(members) >= rule.min_slices]
    if enough:
        chosen = min(enough, key=_ORDER[rule.prefer])
        place = (len(chosen) - 1) // 2 if rule.min_slices > 1 else 0
        return Pick(instance=chosen[place], reason=told(chosen))
    reasons = [why for why, _ in verdicts if why is not None] + [Exclusion.INVALID_GEOMETRY for _ in series]
    return max(reasons, key=lambda reason: reason.rank, default=Exclusion.UNSUPPORTED_SOP_CLASS)


def slices(series: Sequence[Instance]) -> int:
    """How many images a series has, frames counted."""
    return sum(instance.frames for instance in series)


def told(series: Sequence[Instance]) -> str:
    """A series in words, as in `axial, kernel B30F, 1.5 mm, 24 images`."""
    first, count = series[0], slices(series)
    acquisition, thickness = first.acquisition, first.technique.slice_thickness_mm
    known = (
        (acquisition.orientation, "{}"),
        (acquisition.view_position, "view {}"),
        (acquisition.kernel, "kernel {}"),
        (UNKNOWN if thickness is None else f"{thickness:g}", "{} mm"),
    )
    words = [form.format(value) for value, form in known if value != UNKNOWN]
    return ", ".join([*words, "1 image" if count == 1 else f"{count} images"])


def _unlike(rule: SeriesRule, instance: Instance) -> Exclusion | None:
    """Why an instance a model accepts is not of a series it is for: seen from the wrong side, in the wrong way."""
    kernel = instance.acquisition.kernel.upper()
    alike = (
        not instance.localizer,
        rule.orientation in {None, instance.acquisition.orientation},
        not rule.kernels or any(fnmatchcase(kernel, pattern.upper()) for pattern in rule.kernels),
    )
    return None if all(alike) else Exclusion.WRONG_VIEW


def _thickness(series: Series) -> float:
    """Slices of unknown thickness come last."""
    stated = series[0].technique.slice_thickness_mm
    return float("inf") if stated is None else stated
