"""Lexicon files: the words of one profile in one language, over the grammar its language has in every profile."""

import hashlib
import re
import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from functools import cache
from importlib.resources import files

from monitor.labels.profile import Profile, profile_of
from monitor.labels.table import Table
from monitor.labels.terms import any_of, in_order, one_of

_ROOM = files("monitor.labels")
_GRAMMARS, _LEXICONS = "grammars", "lexicons"


class CueKind(StrEnum):
    """What a cue does to the findings around it."""

    NEGATION_BEFORE = "negation_before"
    HEDGED_NEGATION_BEFORE = "hedged_negation_before"
    NEGATION_AFTER = "negation_after"
    DOUBT_BEFORE = "doubt_before"
    DOUBT_AFTER = "doubt_after"
    DOUBT_AROUND = "doubt_around"
    HISTORY_BEFORE = "history_before"
    HISTORY_AFTER = "history_after"
    PRIOR = "prior"
    BREAKER = "breakers"
    PSEUDO = "pseudo"


class SectionRole(StrEnum):
    """How much a section's words count."""

    IMPRESSION = "impression"
    FINDINGS = "findings"
    IGNORED = "ignored"


class Side(StrEnum):
    """Laterality."""

    LEFT = "left"
    RIGHT = "right"
    BILATERAL = "bilateral"


@dataclass(frozen=True, kw_only=True, slots=True)
class Normal:
    """A statement of normality, the findings it denies, and whether it denies them in so many words."""

    pattern: re.Pattern[str]
    findings: tuple[str, ...]
    firm: bool


@dataclass(frozen=True, kw_only=True, slots=True)
class Grading:
    """The words for an ordinal finding's grades: `grades[i]` is what group i + 1 of the pattern stands for."""

    pattern: re.Pattern[str]
    grades: tuple[str, ...]


@dataclass(frozen=True, kw_only=True, slots=True, eq=False)
class Lexicon:
    """One profile in one language. `headings` finds a section's name in its group 1; `reach` is in characters.

    `unfinished` matches at the end of a line that its next line goes on; `again` at the start of a sentence that
    speaks of what the one before it named; `apart` between two mentions that a word for a side cannot both belong to.
    """

    profile: Profile
    language: str
    version: str
    reach: int
    headings: re.Pattern[str]
    roles: Mapping[str, SectionRole]
    unfinished: re.Pattern[str]
    again: re.Pattern[str]
    apart: re.Pattern[str]
    cues: re.Pattern[str]
    cue_kinds: tuple[frozenset[CueKind], ...]
    sides: Mapping[Side, re.Pattern[str]]
    findings: Mapping[str, re.Pattern[str]]
    gradings: Mapping[str, Grading]
    normals: tuple[Normal, ...]

    @property
    def labeler(self) -> str:
        """What identifies the rules that made a label."""
        return f"rules/{self.profile.name}.{self.language}@{self.version}"

    @property
    def covered(self) -> tuple[str, ...]:
        """The findings this language has words for, in the profile's order."""
        return tuple(name for name in self.profile.findings if name in self.findings or name in self.gradings)


@cache
def lexicons_of(profile: str) -> Mapping[str, Lexicon]:
    """Every language's lexicon of a profile.

    Raises:
        UnknownProfileError: there is no such profile; the message names the accepted ones.
        LexiconError: a lexicon is not what it should be.
    """
    known = profile_of(profile)
    names = sorted(entry.name for entry in (_ROOM / _LEXICONS).iterdir() if entry.name.startswith(f"{profile}."))
    found: dict[str, Lexicon] = {}
    for name in names:
        language = name.removesuffix(".toml").rpartition(".")[2]
        words = (_ROOM / _LEXICONS / name).read_text("utf-8")
        grammar = (_ROOM / _GRAMMARS / f"{language}.toml").read_text("utf-8")
        found[language] = read_lexicon(known, language, words=words, grammar=grammar)
    return found


def read_lexicon(profile: Profile, language: str, *, words: str, grammar: str) -> Lexicon:
    """A lexicon from the text of its two files, checked.

    The version is the one the words' file states, and a digest of both files: rules that changed never go by the
    name of those before them.

    Raises:
        LexiconError: a field is missing, unknown or has a value that is not accepted.
    """
    own = Table(f"{profile.name}.{language}.toml", "lexicon", tomllib.loads(words))
    shared = Table(f"{language}.toml", "grammar", tomllib.loads(grammar))
    digest = hashlib.sha256((words + grammar).encode()).hexdigest()[:8]
    whole = shared.flag("whole_words")
    cues = _cues(own.table("cues"), shared.table("cues"))
    ordered = in_order(cues, whole=whole)
    roles = _roles(shared.table("sections")) | _roles(own.table("sections"))
    sides = shared.table("sides")
    found = own.table("findings")
    lexicon = Lexicon(
        profile=profile,
        language=language,
        version=f"{own.text('version')}+{digest}",
        reach=shared.count("reach"),
        headings=_headings(roles),
        roles=roles,
        unfinished=re.compile(rf"(?:{any_of(shared.texts('unfinished'), whole=whole).pattern})\Z|,\Z"),
        again=any_of(shared.texts("again"), whole=whole),
        apart=any_of(shared.texts("apart"), whole=whole),
        cues=one_of(ordered, whole=whole),
        cue_kinds=tuple(cues[term] for term in ordered),
        sides={side: any_of(sides.texts(side), whole=whole) for side in Side},
        findings={
            name: any_of(found.texts(name), whole=whole) for name in _known(found, profile) if name in found.keys()
        },
        gradings={name: grading for name, grading in _gradings(own.table("grades"), profile, whole=whole)},
        normals=tuple(_normals(own, profile, whole=whole)),
    )
    for table in (own, shared, sides):
        table.nothing_else()
    return lexicon


def _known(table: Table, profile: Profile) -> Iterable[str]:
    """The table's fields, each of which must be a finding of the profile."""
    for name in table.keys():
        if name not in profile.findings:
            raise table.refused(name, name, ", ".join(profile.findings))
        yield name


def _cues(*tables: Table) -> dict[str, frozenset[CueKind]]:
    """Each cue's term with its kinds."""
    kinds: dict[str, frozenset[CueKind]] = {}
    for table in tables:
        for kind in CueKind:
            for term in table.texts(kind):
                kinds[term] = kinds.get(term, frozenset()) | {kind}
        table.nothing_else()
    return kinds


def _roles(table: Table) -> dict[str, SectionRole]:
    roles = {name: role for role in SectionRole for name in table.texts(role)}
    table.nothing_else()
    return roles


def _gradings(table: Table, profile: Profile, *, whole: bool) -> Iterable[tuple[str, Grading]]:
    """`{}` in an ordinal's templates stands for each of a grade's codes in turn; `terms` are words for the grade itself."""
    for name in _known(table, profile):
        row, scale = table.table(name), profile.findings[name].scale
        templates, grades = row.texts("templates"), row.table("grade")
        terms: dict[str, str] = {}
        for grade in grades.keys():
            if grade not in scale:
                raise grades.refused(grade, grade, ", ".join(scale) or "none: the finding has no scale")
            words = grades.table(grade)
            codes = "|".join(words.texts("codes"))
            said = [*(template.replace("{}", f"({codes})") for template in templates if codes), *words.texts("terms")]
            terms |= dict.fromkeys(said, grade)
            words.nothing_else()
        row.nothing_else()
        ordered = in_order(terms, whole=whole)
        yield name, Grading(pattern=one_of(ordered, whole=whole), grades=tuple(terms[term] for term in ordered))


def _normals(own: Table, profile: Profile, *, whole: bool) -> Iterable[Normal]:
    for row in own.tables("normal"):
        denied = row.texts("findings")
        for name in denied:
            if name not in profile.findings:
                raise row.refused("findings", name, ", ".join(profile.findings))
        yield Normal(pattern=any_of(row.texts("terms"), whole=whole), findings=denied, firm=row.flag("firm"))
        row.nothing_else()


def _headings(roles: Iterable[str]) -> re.Pattern[str]:
    """A known name at the start of a line or sentence, closed by a colon, a bracket or the end of its line."""
    names = "|".join(re.escape(name) for name in sorted(roles, key=len, reverse=True))
    return re.compile(
        rf"(?:^|[.;\n。])[ \t#*■◆●【\[<]{{0,8}}({names})[ \t*]{{0,8}}(?:[】\]>]?[:：]|[】\]>]|(?=\r?\n|\Z))"
    )
