"""What a profile labels in any language: its findings, their kinds and scales, and the examinations it is for."""

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from functools import cache
from importlib.resources import files

from monitor.core.errors import UsageError
from monitor.core.read import Label
from monitor.labels.table import Table

_FILE = "profiles.toml"


class UnknownProfileError(UsageError):
    """There is no such profile."""


class Kind(StrEnum):
    """What is reported of a finding beside its label: nothing, its grade, or its size."""

    BINARY = "binary"
    ORDINAL = "ordinal"
    MEASUREMENT = "measurement"


@dataclass(frozen=True, kw_only=True, slots=True)
class Finding:
    """One finding. `scale` holds its grades in ascending order of concern, with the label each stands for."""

    name: str
    is_a: str | None
    sided: bool
    unit: str | None
    scale: Mapping[str, Label]
    denied: str | None
    pathology: bool

    @property
    def kind(self) -> Kind:
        """What is reported of it."""
        if self.scale:
            return Kind.ORDINAL
        return Kind.MEASUREMENT if self.unit else Kind.BINARY


@dataclass(frozen=True, kw_only=True, slots=True)
class Profile:
    """A kind of examination and what is looked for in its reports. `no_finding` adds the summary label of that name."""

    name: str
    findings: Mapping[str, Finding]
    no_finding: bool
    modalities: frozenset[str]
    body_parts: frozenset[str]
    words: tuple[str, ...]

    def suits(self, modality: str, body_part: str | None, description: str) -> bool:
        """Whether this profile is for such an examination. A body part outranks the description's words."""
        if modality.strip().upper() not in self.modalities:
            return False
        if not self.body_parts:
            return True
        if body_part and body_part.strip():
            return body_part.strip().upper() in self.body_parts
        return any(word in description.lower() for word in self.words)


def profiles() -> tuple[str, ...]:
    """The names of all profiles, in order."""
    return tuple(sorted(_profiles()))


def profile_of(name: str) -> Profile:
    """A profile by its name.

    Raises:
        UnknownProfileError: there is none; the message names the accepted ones.
    """
    if name not in _profiles():
        message = f"profile: {name[:80]!r} is not known; accepted: {', '.join(profiles())}"
        raise UnknownProfileError(message)
    return _profiles()[name]


def profile_for(modality: str, *, body_part: str | None = None, description: str = "") -> str | None:
    """The profile for reports of an examination, or None where none is for it or more than one would be.

    Args:
        modality: DICOM's code, such as `CR`.
        body_part: DICOM's *Body Part Examined*, where it is known.
        description: the examination's name in words, used where no body part is known.
    """
    suited = [profile.name for profile in _profiles().values() if profile.suits(modality, body_part, description)]
    return suited[0] if len(suited) == 1 else None


@cache
def _profiles() -> Mapping[str, Profile]:
    rows = tomllib.loads((files("monitor.labels") / _FILE).read_text("utf-8"))
    return {name: read_profile(name, Table(_FILE, name, row)) for name, row in rows.items()}


def read_profile(name: str, table: Table) -> Profile:
    """A profile from its table, checked.

    Raises:
        LexiconError: a field is missing, unknown or has a value that is not accepted.
    """
    found = table.table("findings")
    findings = {key: _finding(key, found.table(key)) for key in found.names()}
    for finding in findings.values():
        if finding.is_a is not None and finding.is_a not in findings:
            raise found.table(finding.name).refused("is_a", finding.is_a, "another finding of the profile")
    profile = Profile(
        name=name,
        findings=findings,
        no_finding=table.flag("no_finding"),
        modalities=frozenset(table.texts("modalities")),
        body_parts=frozenset(table.texts("body_parts")),
        words=table.texts("words"),
    )
    table.nothing_else()
    return profile


def _finding(name: str, table: Table) -> Finding:
    scale: dict[str, Label] = {}
    for row in table.tables("scale"):
        scale[row.text("grade")] = row.one_of("label", Label)
        row.nothing_else()
    finding = Finding(
        name=name,
        is_a=table.text_or_none("is_a"),
        sided=table.flag("sided"),
        unit=table.text_or_none("unit"),
        scale=scale,
        denied=table.text_or_none("denied"),
        pathology=table.flag("pathology", default=True),
    )
    if finding.unit not in {None, "mm"}:
        raise table.refused("unit", finding.unit, "mm")
    if finding.denied is not None and finding.denied not in scale:
        raise table.refused("denied", finding.denied, "a grade of the scale")
    table.nothing_else()
    return finding
