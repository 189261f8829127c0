"""Lexicon files: all that ship are sound, and a mistake in one is named."""

from importlib.resources import files

import pytest

from monitor.core.read import Label
from monitor.labels import LabelStatus, profile_for, profiles
from monitor.labels.labeler import Labeler
from monitor.labels.profile import Kind, profile_of, read_profile
from monitor.labels.reading import lexicons_of, read_lexicon
from monitor.labels.table import LexiconError, Table

GRAMMAR = (files("monitor.labels") / "grammars" / "en.toml").read_text("utf-8")
WORDS = 'version = "1.0.0"\n[findings]\nmass = ["mass(es)?"]\n'
LANGUAGES = {"chest-radiograph": {"en", "ja", "ko"}, "head-ct": {"en", "ja", "ko"}}


@pytest.mark.parametrize("profile", profiles())
def test_every_lexicon_is_sound(profile: str) -> None:
    """Every shipped lexicon loads, and in English every finding has words, an ordinal one for every grade."""
    lexicons = lexicons_of(profile)
    assert set(lexicons) == LANGUAGES.get(profile, {"en"})
    english, findings = lexicons["en"], profile_of(profile).findings
    assert english.covered == tuple(findings)
    for name, finding in findings.items():
        if finding.kind is Kind.ORDINAL:
            assert set(english.gradings[name]) == set(finding.scale)


@pytest.mark.parametrize("profile", LANGUAGES)
def test_core_findings_are_covered_in_every_language(profile: str) -> None:
    """The profiles that speak Japanese and Korean have words for every finding in them."""
    for lexicon in lexicons_of(profile).values():
        assert lexicon.covered == tuple(profile_of(profile).findings)


@pytest.mark.parametrize(
    ("words", "named"),
    [
        (WORDS.replace("mass =", "nodule ="), "lexicon.findings.nodule: 'nodule'; accepted: acute_infarct"),
        (WORDS.replace("version", "versions"), "lexicon.version: 'None'"),
        (WORDS + "[cues]\nnegations = ['no']\n", r"lexicon.cues.negations: .* accepted: breakers"),
        (WORDS + "[grades.mass]\ngrade.1.codes = ['1']\n", "accepted: none: the finding has no scale"),
        (WORDS + "[[normal]]\nfindings = ['masses']\nterms = ['normal']\n", r"lexicon.normal\[0\].findings"),
        (WORDS + "[[normal]]\nfirm = 1\nfindings = ['mass']\nterms = ['normal']\n", r"normal\[0\].firm: '1'"),
        (WORDS.replace("mass(es)?", "mass("), "is no pattern"),
        (WORDS.replace("mass(es)?", "(mass )+"), "repeats without a bound"),
        (WORDS.replace("mass(es)?", "mass.*"), "repeats without a bound"),
        (WORDS.replace('["mass(es)?"]', '"mass"'), "lexicon.findings.mass: 'mass'; accepted: a list of texts"),
    ],
)
def test_a_mistake_in_a_lexicon_is_named(words: str, named: str) -> None:
    """A misspelt field, an unknown finding, a wrong value or an unsafe pattern is refused by file, field and value."""
    with pytest.raises(LexiconError, match=named):
        read_lexicon(profile_of("brain-mr"), "en", words=words, grammar=GRAMMAR)


@pytest.mark.parametrize(
    ("finding", "named"),
    [
        ({"is_a": "tumour"}, "is_a: 'tumour'; accepted: another finding"),
        ({"unit": "inch"}, "unit: 'inch'; accepted: mm"),
        ({"denied": "0"}, "denied: '0'; accepted: a grade"),
        ({"scale": [{"grade": "1", "label": "maybe"}]}, r"scale\[0\].label: 'maybe'; accepted: present"),
        ({"sides": True}, "sides: 'True'"),
    ],
)
def test_a_mistake_in_a_profile_is_named(finding: dict[str, object], named: str) -> None:
    """The same of the table of profiles."""
    with pytest.raises(LexiconError, match=named):
        read_profile("knee", Table("profiles.toml", "knee", {"modalities": ["MR"], "findings": {"mass": finding}}))


def test_changed_words_have_another_name() -> None:
    """A lexicon whose words changed goes by another version, even where nobody thought of its number."""
    brain = profile_of("brain-mr")
    names = {
        read_lexicon(brain, "en", words=words, grammar=grammar).labeler
        for words, grammar in ((WORDS, GRAMMAR), (WORDS + "#", GRAMMAR), (WORDS, GRAMMAR + "#"))
    }
    assert len(names) == 3


def test_a_finding_without_words_has_no_label() -> None:
    """A finding that a language has no words for is left out of its labels: nobody looked for it."""
    brain = profile_of("brain-mr")
    lexicon = read_lexicon(brain, "en", words=WORDS, grammar=GRAMMAR)
    labelled = Labeler(profile=brain, lexicons={"en": lexicon}).label("There is no mass.")
    assert labelled.status is LabelStatus.OK
    assert labelled.labels == {"mass": Label.ABSENT}


@pytest.mark.parametrize(
    ("modality", "body_part", "description", "profile"),
    [
        ("DX", "CHEST", "", "chest-radiograph"),
        ("cr", None, "XR Chest 2 views", "chest-radiograph"),
        ("CT", "HEAD", "", "head-ct"),
        ("CT", "Chest", "", "chest-ct"),
        ("CT", None, "CTPA", "chest-ct"),
        ("CT", "CHEST", "brain and chest", "chest-ct"),
        ("CT", None, "CT head and chest", None),
        ("MR", "BRAIN", "", "brain-mr"),
        ("MG", None, "", "mammography"),
        ("OP", None, "", "fundus"),
        ("DX", "KNEE", "chest", None),
        ("DX", None, "", None),
        ("US", "CHEST", "", None),
    ],
)
def test_an_examination_has_its_profile(modality: str, body_part: str | None, description: str, profile: str) -> None:
    """Modality and body part, or else the description, tell which profile is for an examination; in doubt none is."""
    assert profile_for(modality, body_part=body_part, description=description) == profile
