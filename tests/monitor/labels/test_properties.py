"""What must hold of any report: of its layout, its length, its neighbours and its negation."""

import textwrap
import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from monitor.core.read import Label
from monitor.labels import Labelled, LabelStatus, labeler_for, profiles
from monitor.labels.labeler import _labelled
from monitor.labels.lexicon import Lexicon
from monitor.labels.port import breaches
from monitor.labels.reading import lexicons_of
from tests.monitor.labels.cases import ALL, TRAPS

ENGLISH = [(profile, text) for profile, text, _ in ALL if text.isascii() and "\n" not in text]
UNRELATED = [
    "Degenerative changes of the spine.",
    "The patient is rotated.",
    "The study is of good quality.",
    "There is a small amount of motion.",
]
NOUNS = {
    "chest-radiograph": ["pneumothorax", "pleural effusion", "atelectasis", "nodule", "hiatal hernia", "rib fracture"],
    "head-ct": ["subdural hematoma", "intracranial hemorrhage", "midline shift", "mass effect", "skull fracture"],
    "chest-ct": ["pulmonary embolism", "lung nodule", "pleural effusion", "emphysema"],
    "brain-mr": ["acute infarct", "hemorrhage", "intracranial mass"],
    "fundus": ["diabetic retinopathy"],
}
NAMED = [(profile, noun) for profile, nouns in NOUNS.items() for noun in nouns]
BEFORE = [
    "No ",
    "No evidence of ",
    "There is no ",
    "Negative for ",
    "Absence of ",
    "The study shows no ",
    "No sign of ",
]
AFTER = [" is not seen.", " has resolved.", " is no longer seen.", ": none.", " is excluded.", " is absent."]
DOUBT = ["Possible {}.", "Cannot exclude {}.", "There may be {}.", "{} cannot be excluded.", "Question of {}.", "{}?"]


def _essence(labelled: Labelled) -> tuple[object, ...]:
    return labelled.status, labelled.labels, labelled.grades, labelled.measurements, labelled.laterality


@settings(deadline=None)
@given(st.sampled_from(ENGLISH), st.sampled_from(UNRELATED), st.booleans())
def test_an_unrelated_sentence_changes_no_label(case: tuple[str, str], other: str, first: bool) -> None:  # noqa: FBT001 - hypothesis passes by position
    """A sentence about something else, before or after, leaves every label, grade, size and side as it was."""
    profile, text = case
    text = text if text.endswith((".", "?")) else f"{text}."
    labeler = labeler_for(profile)
    joined = f"{other} {text}" if first else f"{text} {other}"
    assert _essence(labeler.label(joined, "en")) == _essence(labeler.label(text, "en"))


@settings(deadline=None)
@given(st.sampled_from(ENGLISH), st.integers(64, 100), st.sampled_from(["\n", "\r\n", "\n    "]))
def test_layout_changes_no_label(case: tuple[str, str], width: int, newline: str) -> None:
    """Wrapped lines, doubled blanks and capitals leave every label, grade, size and side as it was."""
    profile, text = case
    labeler = labeler_for(profile)
    expected = _essence(labeler.label(text, "en"))
    wrapped = newline.join(textwrap.wrap(text, width, break_long_words=False, break_on_hyphens=False))
    for variant in (wrapped, text.replace(" ", "  "), text.upper(), wrapped.upper()):
        assert _essence(labeler.label(variant, "en")) == expected, variant


@settings(deadline=None)
@given(st.sampled_from(NAMED), st.sampled_from(BEFORE), st.sampled_from(AFTER), st.sampled_from(DOUBT))
def test_negation_and_doubt_turn_a_label(named: tuple[str, str], before: str, after: str, doubt: str) -> None:
    """Whatever a bare mention makes present, a negation before or after makes absent and a doubt uncertain."""
    profile, noun = named
    labeler = labeler_for(profile)
    present = [f for f, x in labeler.label(f"There is {noun}.").labels.items() if x is Label.PRESENT]
    assert present
    finding = max(present, key=lambda name: len(labeler.label(f"There is {noun}.").evidence[name]))
    for text in (f"{before}{noun}.", f"The {noun}{after}"):
        assert labeler.label(text, "en").labels[finding] is not Label.PRESENT
        assert {labeler.label(text, "en").labels[name] for name in present} & {Label.ABSENT}
    assert labeler.label(doubt.format(noun), "en").labels[finding] is Label.UNCERTAIN


@settings(deadline=None)
@given(st.sampled_from(NAMED), st.sampled_from(["", "   ", "\n\n", "İ "]))
def test_evidence_covers_the_words(named: tuple[str, str], before: str) -> None:
    """The evidence of a bare mention lies in the text and holds the mention's last word."""
    profile, noun = named
    text = f"{before}There is {noun.upper()} on the left."
    labelled = labeler_for(profile).label(text, "en")
    spans = [text[slice(*labelled.evidence[f])].lower() for f, x in labelled.labels.items() if x is Label.PRESENT]
    assert any(noun.split()[-1] in span for span in spans)


@settings(max_examples=150, deadline=None)
@given(st.text(max_size=300), st.lists(st.sampled_from(ALL), max_size=3), st.sampled_from([None, "en", "ja", "ko"]))
def test_any_text_is_answered(noise: str, known: list[tuple[str, str, str]], language: str | None) -> None:
    """Any text has an answer that breaches nothing a labeler promises, in every profile."""
    text = noise.join(["", *(text for _, text, _ in known), ""])
    for profile in profiles():
        labeler = labeler_for(profile)
        labelled = labeler.label(text, language)
        assert list(breaches(text, labelled, labeler.findings)) == []
        if labelled.status is LabelStatus.UNSUPPORTED_LANGUAGE:
            assert not labelled.labels


HOSTILE = {
    "en": [
        *(
            "no ",
            "no no evidence of ",
            " ",
            "\n",
            ".",
            "?",
            "impression:",
            "a-",
            "pleural,",
            "cannot be ",
            "heart mildly ",
        ),
        *(
            "mediastinum of a ",
            "no effusion ",
            "no effusion, ",
            "no effusion\n",
            "lung rads ",
            "bi-rads category ",
            "(",
            "\t",
        ),
        *("1 x 1 x ", "1.1.1 mm ", "from 1 to ", "mild to moderate ", "left right ", "1. ", ", small ", "a" * 90, "é"),
    ],
    "ja": ["胸水を", "を認め", "出血の", "、", "右"],
    "ko": ["기흉이 ", "없", "의 ", "좌측"],
}
SHORT, LONG = 10_000, 40_000


@pytest.mark.parametrize("profile", profiles())
def test_time_is_linear_in_the_text(profile: str) -> None:
    """Four times the text takes about four times the time, whatever the rules' own beginnings it is made of."""
    for language, lexicon in lexicons_of(profile).items():
        units = HOSTILE[language]
        for unit in units if profile == "chest-radiograph" else units[::3]:
            short, long = (_spent(unit, size, lexicon) for size in (SHORT, LONG))
            assert long < 8 * short + 0.1, unit


def _spent(unit: str, size: int, lexicon: Lexicon) -> float:
    text = (unit * (size // len(unit) + 1))[:size] + "x1"  # so that a run ends in what no rule ends with
    began = time.process_time()
    _labelled(text, lexicon)
    return time.process_time() - began


def test_every_profile_has_traps() -> None:
    """Each profile has a file of traps."""
    assert set(TRAPS) == set(profiles())
