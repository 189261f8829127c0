from dataclasses import replace
from datetime import date

import numpy as np
import pytest

from monitor.core.read import Label
from monitor.simulate.caseload import Examination, examinations
from monitor.simulate.fleet import FLEET
from monitor.simulate.lifecycle import Version, versions
from monitor.simulate.practice import PREVALENCE, House, Practice
from monitor.simulate.reader import ATTENDINGS
from monitor.simulate.reports import word
from monitor.simulate.wording import FINDINGS, IMPRESSION, STRUCTURED_ANSWERS, STRUCTURED_NAMES

STEMS = {
    "pleural_effusion": ("effusion", "costophrenic", "pleural fluid", "pleural spaces"),
    "cardiomegaly": ("heart", "cardiac", "cardiomegaly", "cardiomediastinal"),
    "consolidation": ("consolidation", "infiltrate", "airspace", "pneumonia"),
    "pneumothorax": ("pneumothorax", "pleural line"),
    "nodule": ("nodul",),
}


@pytest.fixture(scope="module")
def written() -> list[tuple[Examination, Version]]:
    """Every version of every report of ten days."""
    return [
        (one, version)
        for day in range(10)
        for site in FLEET.values()
        for one in examinations(5, date(2026, 1, 5), day, Practice(site=site))
        for version in versions(one, tuple(PREVALENCE))
    ]


def test_wording_covers_every_finding_and_label() -> None:
    """There are several phrases for each finding and label, each naming the finding it is about."""
    for finding in PREVALENCE:
        for label in (Label.PRESENT, Label.UNCERTAIN, Label.ABSENT):
            phrases = FINDINGS[finding][label]
            assert len(set(phrases)) == len(phrases) >= 3
            assert all(any(stem in phrase.lower() for stem in STEMS[finding]) for phrase in phrases)
        assert set(IMPRESSION[finding]) == {Label.PRESENT, Label.UNCERTAIN}
        assert finding in STRUCTURED_NAMES
    assert set(STRUCTURED_ANSWERS) == {Label.PRESENT, Label.UNCERTAIN, Label.ABSENT}


@pytest.mark.parametrize("house", House)
def test_the_text_is_the_same_every_time(written: list[tuple[Examination, Version]], house: House) -> None:
    """Wording a version twice gives the same text, without slots left open, tabs or empty lines."""
    for one, version in written[:60]:
        text = word(one, version, house)
        assert text == word(one, version, house)
        assert not set("{}\t\r") & set(text)
        assert all(line.strip() == line and line for line in text.split("\n"))


def test_prose_has_its_five_sections_in_order(written: list[tuple[Examination, Version]]) -> None:
    """EXAM, INDICATION, COMPARISON, FINDINGS and IMPRESSION each open a line, in that order."""
    titles = ["EXAM:", "INDICATION:", "COMPARISON:", "FINDINGS:", "IMPRESSION:"]
    for one, version in written:
        lines = word(one, version, House.PROSE).split("\n")
        assert [title for line in lines for title in titles if line.startswith(title)] == titles


def test_the_house_changes_the_headings(written: list[tuple[Examination, Version]]) -> None:
    """The structured layout shares no heading with prose."""
    one, version = written[0]
    text = word(one, version, House.STRUCTURED)
    assert "RESULT" in text
    assert "CONCLUSION" in text
    assert "FINDINGS" not in text
    assert "IMPRESSION" not in text


@pytest.mark.parametrize("house", House)
@pytest.mark.parametrize("finding", PREVALENCE)
def test_silence_is_silence_and_speech_is_speech(
    written: list[tuple[Examination, Version]], finding: str, house: House
) -> None:
    """A finding has its words in the findings exactly where its label is not "not mentioned"."""
    names = (*STEMS[finding], STRUCTURED_NAMES[finding].lower())
    for one, version in written:
        text = word(one, _typing(version, 0.0), house).lower()  # a slip may hit the very word
        start, end = ("findings:", "impression:") if house is House.PROSE else ("result\n", "other: ")
        said = text[text.index(start) : text.index(end)].replace("\n", " ")
        assert any(name in said for name in names) == (version.labels[finding] is not Label.NOT_MENTIONED), said


def test_readers_write_differently(written: list[tuple[Examination, Version]]) -> None:
    """The same labels in five readers' words are five texts."""
    one, version = written[0]
    labels = dict.fromkeys(PREVALENCE, Label.PRESENT)
    texts = {word(one, _by(reader_index, version, labels), House.PROSE) for reader_index in range(len(ATTENDINGS))}
    assert len(texts) == len(ATTENDINGS)


def test_slips_of_the_pen_exchange_two_letters(written: list[tuple[Examination, Version]]) -> None:
    """A slip exchanges two neighbouring letters and nothing else; slips come at the reader's probability."""
    clean = [word(one, _typing(version, 0.0), House.PROSE) for one, version in written]
    worst = [word(one, _typing(version, 1.0), House.PROSE) for one, version in written]
    for before, after in zip(clean, worst, strict=True):
        moved = [at for at, (a, b) in enumerate(zip(before, after, strict=True)) if a != b]
        assert sorted(before) == sorted(after)
        assert not moved or moved == [moved[0], moved[0] + 1]
    slipping = np.mean([a != b for a, b in zip(clean, worst, strict=True)])  # exchanging "ll" shows nothing
    half = [word(one, _typing(version, 0.5), House.PROSE) for one, version in written]
    slips, n, p = sum(a != b for a, b in zip(clean, half, strict=True)), len(written), 0.5 * slipping
    assert slipping > 0.9
    assert abs(slips - n * p) <= 4.5 * np.sqrt(n * p * (1 - p))


def _typing(version: Version, typos: float) -> Version:
    return replace(version, reader=replace(version.reader, typos=typos))


def _by(index: int, version: Version, labels: dict[str, Label]) -> Version:
    return replace(version, reader=ATTENDINGS[index], labels=labels)
