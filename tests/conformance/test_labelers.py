"""One suite for every labeler: the rules of each profile, and the smallest labeler anyone could plug in."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from monitor.core.read import Label
from monitor.labels import Labelled, LabelStatus, TextLabeler, labeler_for, profiles
from monitor.labels.plugins import CheckedLabeler
from monitor.labels.port import breaches
from tests.monitor.labels.cases import TRAPS


class WordLabeler:
    """A finding is present where its name stands: what a plug-in needs at the least."""

    findings = ("nodule",)

    def label(self, text: str, language: str | None = None) -> Labelled:
        """The word, where it first stands."""
        if language not in {None, "en"}:
            return Labelled(status=LabelStatus.UNSUPPORTED_LANGUAGE, language=language or "unknown", labeler="word@1")
        at = text.find("nodule")
        found = at >= 0
        return Labelled(
            status=LabelStatus.OK,
            language="en",
            labels={"nodule": Label.PRESENT if found else Label.NOT_MENTIONED},
            evidence={"nodule": (at, at + len("nodule"))} if found else {},
            labeler="word@1",
        )


LABELERS: dict[str, TextLabeler] = {profile: labeler_for(profile) for profile in profiles()}
LABELERS["word"] = WordLabeler()
LABELERS["checked"] = CheckedLabeler(name="word", inner=WordLabeler())
TEXTS = [text for rows in TRAPS.values() for text, _ in rows]
texts = st.one_of(st.text(max_size=200), st.sampled_from(TEXTS), st.lists(st.sampled_from(TEXTS)).map("\n".join))
languages = st.sampled_from([None, "en", "de", "ja", "zh-Hans", "", "EN_us"])


@pytest.mark.parametrize("name", LABELERS)
@settings(max_examples=25, deadline=None)
@given(text=texts, language=languages)
def test_an_answer_breaches_nothing(name: str, text: str, language: str | None) -> None:
    """Every answer keeps to the labeler's findings, has evidence within the text, and says who made it."""
    labeler = LABELERS[name]
    assert list(breaches(text, labeler.label(text, language), labeler.findings)) == []


@pytest.mark.parametrize("name", LABELERS)
@settings(max_examples=25, deadline=None)
@given(text=texts, language=languages)
def test_the_same_text_has_the_same_answer(name: str, text: str, language: str | None) -> None:
    """A labeler has no moods."""
    labeler = LABELERS[name]
    assert labeler.label(text, language) == labeler.label(text, language)


@pytest.mark.parametrize("name", LABELERS)
def test_an_unknown_language_has_no_labels(name: str) -> None:
    """A text in a language it does not read is no negative: it has no labels at all."""
    labelled = LABELERS[name].label("Kein Nachweis eines Pneumothorax. Das Herz ist normal gross.", "de")
    assert labelled.status is LabelStatus.UNSUPPORTED_LANGUAGE
    assert not labelled.labels
