"""The people who come: invented names, ages and sizes."""

from dataclasses import dataclass
from datetime import date, timedelta

import numpy as np

from monitor.simulate.streams import pick, stream

DAYS_A_YEAR = 365.25

_FAMILY = (
    "Abbott", "Baptiste", "Castellanos", "Dvořák", "Eriksson", "Fontaine", "García", "Hughes", "Ivanova", "Jensen",
    "Kowalska", "Lindqvist", "Müller", "Nakamura", "O'Neill", "Petrov", "Quinn", "Rossi", "Schröder", "Tanaka",
    "Underwood", "Vargas", "Whitfield", "Xu", "Yılmaz", "Zimmermann", "Núñez", "Okafor", "Sørensen", "Lefèvre",
)  # fmt: skip
_GIVEN = {
    "F": ("Agnes", "Beatriz", "Chloé", "Dana", "Elif", "Frieda", "Grace", "Hanna", "Ingrid", "Joan", "Keiko", "Zoë"),
    "M": ("Aaron", "Björn", "Carlos", "Dmitri", "Emeka", "François", "Georg", "Hugo", "Ivan", "José", "Kenji", "Liam"),
}


@dataclass(frozen=True, kw_only=True, slots=True)
class Patient:
    """A person. `born` is a day counted from the hospital's first, `size` is relative to an average adult."""

    number: str
    family: str
    given: str
    sex: str
    born: int
    size: float

    def age_on(self, day: int) -> int:
        """Completed years on a day."""
        return int((day - self.born) / DAYS_A_YEAR)

    def birth_date(self, first: date) -> date:
        """The date of birth where the hospital's first day is `first`."""
        return first + timedelta(days=self.born)


def patient(seed: int, number: str, *, seen_on: int, child: bool = False) -> Patient:
    """The person with this number, the same every time. `seen_on` is the day their age is drawn for."""
    rng = stream(seed, "patient", number, int(child))
    sex = "F" if rng.random() < 0.48 else "M"
    years = _child_years(rng) if child else _adult_years(rng)
    return Patient(
        number=number,
        family=pick(rng, _FAMILY),
        given=pick(rng, _GIVEN[sex]),
        sex=sex,
        born=seen_on - int(years * DAYS_A_YEAR) - 1,
        size=_size(rng, sex, years),
    )


def _adult_years(rng: np.random.Generator) -> float:
    return float(np.clip(rng.normal(59.0, 18.0), 18.0, 96.0))


def _child_years(rng: np.random.Generator) -> float:
    return float(rng.uniform(1.0, 15.0))


def _size(rng: np.random.Generator, sex: str, years: float) -> float:
    """Adults vary by a tenth about 1.03 (men) or .95 (women); children grow steadily to that by 18."""
    adult = rng.normal(0.95 if sex == "F" else 1.03, 0.08)
    grown = min(0.45 + 0.55 * years / 18.0, 1.0)
    return round(float(np.clip(adult * grown, 0.35, 1.35)), 3)
