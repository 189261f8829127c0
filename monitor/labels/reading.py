"""Lexicon files: the words of one profile in one language, over the grammar its language has in every profile."""

import hashlib
import re
import tomllib
from collections.abc import Iterable, Mapping
from functools import cache
from importlib.resources import files

from monitor.labels.lexicon import CueKind, Lexicon, Normal, SectionRole, Side
from monitor.labels.profile import Profile, profile_of
from monitor.labels.table import LexiconError, Table
from monitor.labels.terms import TermError, any_of

_ROOM = files("monitor.labels")
_GRAMMARS, _LEXICONS = "grammars", "lexicons"


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
        try:
            found[language] = read_lexicon(known, language, words=words, grammar=grammar)
        except TermError as error:
            message = f"{name}: {error}"
            raise LexiconError(message) from None
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
    roles = _roles(shared.table("sections")) | _roles(own.table("sections"))
    sides = shared.table("sides")
    found = own.table("findings")
    lexicon = Lexicon(
        profile=profile,
        language=language,
        version=f"{own.text('version')}+{digest}",
        reach=shared.count("reach"),
        headings=_headings(roles),
        headings_within=_headings_within(shared.texts("anywhere")),
        roles=roles,
        unfinished=re.compile(rf"(?:{any_of(shared.texts('unfinished'), whole=whole).pattern})\Z|,\Z"),
        again=any_of(shared.texts("again"), whole=whole),
        apart=any_of(shared.texts("apart"), whole=whole),
        cues=_cues(own.table("cues"), shared.table("cues"), whole=whole),
        sides={side: any_of(sides.texts(side), whole=whole) for side in Side},
        findings={name: any_of(found.texts(name), whole=whole) for name in _known(found, profile)},
        gradings=_gradings(own.table("grades"), profile, whole=whole),
        normals=tuple(_normals(own, profile, whole=whole)),
    )
    for table in (own, shared, sides):
        table.nothing_else()
    return lexicon


def _known(table: Table, profile: Profile) -> Iterable[str]:
    """The table's fields, each of which must be a finding of the profile."""
    for name in table.names():
        if name not in profile.findings:
            raise table.refused(name, name, ", ".join(profile.findings))
        yield name


def _cues(own: Table, shared: Table, *, whole: bool) -> dict[CueKind, re.Pattern[str]]:
    cues = {kind: any_of([*own.texts(kind), *shared.texts(kind)], whole=whole) for kind in CueKind}
    own.nothing_else()
    shared.nothing_else()
    return cues


def _roles(table: Table) -> dict[str, SectionRole]:
    roles = {name: role for role in SectionRole for name in table.texts(role)}
    table.nothing_else()
    return roles


def _gradings(table: Table, profile: Profile, *, whole: bool) -> dict[str, dict[str, re.Pattern[str]]]:
    """`{}` in a finding's templates stands for each of a grade's codes in turn; `terms` are words for the grade."""
    gradings: dict[str, dict[str, re.Pattern[str]]] = {}
    for name in _known(table, profile):
        row, scale = table.table(name), profile.findings[name].scale
        templates, grades = row.texts("templates"), row.table("grade")
        row.nothing_else()
        for grade in grades.names():
            if grade not in scale:
                raise grades.refused(grade, grade, ", ".join(scale) or "none: the finding has no scale")
            words = grades.table(grade)
            codes = "|".join(words.texts("codes"))
            said = [*(template.replace("{}", f"({codes})") for template in templates if codes), *words.texts("terms")]
            gradings.setdefault(name, {})[grade] = any_of(said, whole=whole)
            words.nothing_else()
    return gradings


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
    names = "|".join(re.escape(name).replace(r"\ ", r"[ \t]{1,4}") for name in sorted(roles, key=len, reverse=True))
    return re.compile(
        rf"(?:^|[.;\n。])[ \t#*■◆●【\[<]{{0,8}}({names})[ \t*]{{0,8}}(?:[】\]>]?[:：]|[】\]>]|(?=\r?\n|\Z))"
    )


def _headings_within(names: Iterable[str]) -> re.Pattern[str]:
    """A name that closes with a colon in the middle of a line."""
    return re.compile(rf"(?<=[ \t])({'|'.join(re.escape(name) for name in names) or '(?!)'}):")
