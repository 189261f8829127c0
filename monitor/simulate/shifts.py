"""The changes that can be injected, by name: each turns a site's practice into another."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace

from monitor.core.errors import UsageError
from monitor.simulate.case import Scanner
from monitor.simulate.fleet import FLEET
from monitor.simulate.practice import CaseMix, Gateway, House, Practice


@dataclass(frozen=True, kw_only=True, slots=True)
class Shift:
    """A named change and what it does to a practice."""

    name: str
    summary: str
    apply: Callable[[Practice], Practice]


def _detector_replaced(practice: Practice) -> Practice:
    old = practice.site.scanners[0]
    new = replace(
        old,
        manufacturer="Meridian Radiography",
        model_name="Vantage Flex 35",
        software="1.0.4",
        gain=old.gain * 0.85,
        noise=0.045,
        blur=1.8,
        gamma=0.72,
        bits_stored=14 if old.bits_stored != 14 else 12,
    )
    return replace(practice, site=replace(practice.site, scanners=(new,)))


def _updated(scanner: Scanner) -> Scanner:
    return replace(scanner, software=f"{scanner.software}-SP2", gamma=scanner.gamma * 1.25, blur=scanner.blur * 0.6)


def _software_update(practice: Practice) -> Practice:
    scanners = tuple(_updated(scanner) for scanner in practice.site.scanners)
    return replace(practice, site=replace(practice.site, scanners=scanners))


def _prevalence_rise(practice: Practice) -> Practice:
    factors = {"consolidation": 3.0, "pleural_effusion": 2.0}
    raised = {name: min(p * factors.get(name, 1.0), 0.95) for name, p in practice.mix.prevalence.items()}
    return _mixed(practice, replace(practice.mix, prevalence=raised))


def _case_mix_children(practice: Practice) -> Practice:
    return _mixed(practice, replace(practice.mix, children=0.40))


def _laterals(practice: Practice) -> Practice:
    return _mixed(practice, replace(practice.mix, lateral=0.45))


def _positives_subtler(practice: Practice) -> Practice:
    return _mixed(practice, replace(practice.mix, conspicuity=practice.mix.conspicuity * 0.4))


def _mixed(practice: Practice, mix: CaseMix) -> Practice:
    return replace(practice, mix=mix)


def _template_change(practice: Practice) -> Practice:
    return replace(practice, house=House.STRUCTURED)


def _narrow_window(practice: Practice) -> Practice:
    return replace(practice, gateway=replace(practice.gateway, window=(0.35, 0.75)))


def _inversion(practice: Practice) -> Practice:
    return replace(practice, gateway=Gateway(inverted=not practice.gateway.inverted, window=practice.gateway.window))


def _unchanged(practice: Practice) -> Practice:
    return practice


_ALL = (
    Shift(
        name="detector_replaced",
        summary="one new detector of another make takes all work: noisier, softer, another contrast curve",
        apply=_detector_replaced,
    ),
    Shift(
        name="software_update",
        summary="new software on every scanner: sharper, steeper contrast",
        apply=_software_update,
    ),
    Shift(
        name="prevalence_rise",
        summary="a winter wave: consolidation three times, effusion twice as common",
        apply=_prevalence_rise,
    ),
    Shift(
        name="case_mix_children",
        summary="a children's ward moves in: two in five are children",
        apply=_case_mix_children,
    ),
    Shift(name="laterals", summary="lateral images are sent along: nearly every second one", apply=_laterals),
    Shift(
        name="positives_subtler",
        summary="findings come earlier and fainter: conspicuity falls to two fifths",
        apply=_positives_subtler,
    ),
    Shift(
        name="model_update",
        summary="the AI is updated; nothing changes in the hospital, whoever plays it swaps the model",
        apply=_unchanged,
    ),
    Shift(
        name="report_template_change",
        summary="reports move from prose to a structured template with other headings",
        apply=_template_change,
    ),
    Shift(
        name="preprocessing_regression_window",
        summary="a gateway clips stored values to a narrow window; the tags do not say so",
        apply=_narrow_window,
    ),
    Shift(
        name="preprocessing_regression_inversion",
        summary="a gateway inverts stored values; the photometric interpretation does not say so",
        apply=_inversion,
    ),
)

SHIFTS: Mapping[str, Shift] = {shift.name: shift for shift in _ALL}
"""Every shift by its name."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Injection:
    """A shift that holds from the start of a day (0 is the first) on, at one site or, with none named, at all.

    Raises:
        UsageError: the name, site or day is not one there is.
    """

    name: str
    day: int
    site: str | None = None

    def __post_init__(self) -> None:
        if self.name not in SHIFTS:
            raise UsageError(f"shift: {self.name!r} is not known; accepted: {', '.join(SHIFTS)}")
        if self.site is not None and self.site not in FLEET:
            raise UsageError(f"shift {self.name}: site {self.site!r} is not known; accepted: {', '.join(FLEET)}")
        if self.day < 0:
            raise UsageError(f"shift {self.name}: day {self.day} lies before the first; accepted: 0 or later")

    def holds(self, *, day: int, site: str) -> bool:
        """Whether it is in force at a site on a day."""
        return self.day <= day and self.site in {None, site}


def practice_on(day: int, site: str, injections: Iterable[Injection]) -> Practice:
    """A site's practice on a day: its first one, changed by every shift in force, in the order they were given."""
    practice = Practice(site=FLEET[site])
    for injection in injections:
        if injection.holds(day=day, site=site):
            practice = SHIFTS[injection.name].apply(practice)
    return practice
