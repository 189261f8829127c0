"""Reports in words: a version's labels in the reader's phrases and the house's layout."""

import textwrap
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

import numpy as np

from monitor.core.read import Label, ReadStatus
from monitor.simulate.caseload import Examination
from monitor.simulate.lifecycle import Version
from monitor.simulate.practice import House
from monitor.simulate.reader import Reader
from monitor.simulate.streams import pick, stream
from monitor.simulate.wording import (
    CLEAR,
    COMPARISONS,
    FINDINGS,
    IMPRESSION,
    INCIDENTALS,
    INDICATIONS,
    NOTHING_ELSE,
    RESOLVED,
    STRUCTURED_ANSWERS,
    STRUCTURED_NAMES,
    TOGETHER,
)

_EXAMS = {
    "PA": "Chest radiograph, PA view",
    "AP": "Portable chest radiograph, AP view",
    "LL": "Chest radiograph, lateral view",
}
_BANNERS = {
    ReadStatus.PRELIMINARY: ("PRELIMINARY REPORT, not yet reviewed by the attending radiologist.",),
    ReadStatus.CORRECTED: ("CORRECTED REPORT. This version replaces the one issued before.",),
}
_ORDER = ("cardiomegaly", "consolidation", "nodule", "pleural_effusion", "pneumothorax")
_WIDTH = 100


@dataclass(frozen=True, kw_only=True, slots=True)
class Report:
    """A worded version."""

    examination: Examination
    version: Version
    text: str

    @property
    def labels(self) -> Mapping[str, Label]:
        """What the reader meant to say of each finding, to measure a label extractor against."""
        return self.version.labels

    @property
    def signed_at(self) -> datetime:
        """When it was signed."""
        return self.examination.moment(self.version.signed)

    @property
    def sent_at(self) -> datetime:
        """When it was sent."""
        return self.examination.moment(self.version.sent)


@dataclass(frozen=True, kw_only=True, slots=True)
class _Pen:
    """A reader at work on one examination: their phrases, their dice and the particulars they settled on."""

    reader: Reader
    rng: np.random.Generator
    slots: Mapping[str, str]

    def choose(self, phrases: Sequence[str]) -> str:
        """A favourite phrase as often as habit has it, else any; particulars filled in."""
        favourite = phrases[int(self.reader.number[1:]) % len(phrases)]
        phrase = favourite if self.rng.random() < self.reader.habit else pick(self.rng, phrases)
        return phrase.format_map(self.slots)


def word(examination: Examination, version: Version, house: House) -> str:
    """The text of a version: lines joined by newlines, the same for the same arguments."""
    particulars = stream(examination.hospital, "particulars", examination.accession)
    rng = stream(examination.hospital, "words", examination.accession, version.number)
    pen = _Pen(reader=version.reader, rng=rng, slots=_slots(particulars))
    indication = pick(particulars, INDICATIONS)
    comparison = pick(particulars, COMPARISONS[examination.returning])
    opening = (_EXAMS[examination.case.view], indication, comparison)
    lines = [*_BANNERS.get(version.status, ()), *_LAYOUTS[house](pen, opening, version.labels)]
    return _slipped("\n".join(lines), pen)


def _slots(rng: np.random.Generator) -> Mapping[str, str]:
    draws = {
        "side": pick(rng, ("left", "right")),
        "size": pick(rng, ("small", "small", "moderate", "large")),
        "degree": pick(rng, ("mildly", "mildly", "moderately", "markedly")),
        "zone": pick(rng, ("upper", "mid", "lower", "lower")),
        "millimetres": str(int(rng.integers(5, 25))),
    }
    return draws | {name.capitalize(): text.capitalize() for name, text in draws.items()}


def _prose(pen: _Pen, opening: Sequence[str], labels: Mapping[str, Label]) -> list[str]:
    sections = (
        ("EXAM", [f"{opening[0]}."]),
        ("INDICATION", [opening[1]]),
        ("COMPARISON", [opening[2]]),
        ("FINDINGS", _findings(pen, labels)),
        ("IMPRESSION", _impression(pen, labels)),
    )
    return [line for title, sentences in sections for line in _section(pen.reader, title, sentences)]


def _section(reader: Reader, title: str, sentences: Sequence[str]) -> list[str]:
    if len(sentences) == 1:
        return [f"{title}: {sentences[0]}"]
    body = textwrap.wrap(" ".join(sentences), _WIDTH) if reader.paragraphs else list(sentences)
    return [f"{title}:", *body]


def _findings(pen: _Pen, labels: Mapping[str, Label]) -> list[str]:
    sentences, told = _denied_together(pen, labels)
    for name in _ORDER:
        label = labels.get(name, Label.NOT_MENTIONED)
        if name not in told and label is not Label.NOT_MENTIONED:
            sentences.append(pen.choose(_ways(name, label, pen)))
    extras = dict.fromkeys(pick(pen.rng, INCIDENTALS) for _ in range(int(pen.rng.integers(0, 3))))
    return [*sentences, *extras] or ["Unremarkable chest."]


def _ways(name: str, label: Label, pen: _Pen) -> Sequence[str]:
    """The phrases to choose from; now and then a finding is absent because it has resolved."""
    if label is Label.ABSENT and name in RESOLVED and pen.rng.random() < 0.04:
        return RESOLVED[name]
    return FINDINGS[name][label]


def _denied_together(pen: _Pen, labels: Mapping[str, Label]) -> tuple[list[str], tuple[str, ...]]:
    """One sentence that denies several findings, and which; half the time, where it may be said at all."""
    sayable = [names for names in TOGETHER if all(labels.get(name) is Label.ABSENT for name in names)]
    if not sayable or pen.rng.random() < 0.5:
        return [], ()
    return [pen.choose(TOGETHER[sayable[0]])], sayable[0]


def _impression(pen: _Pen, labels: Mapping[str, Label]) -> list[str]:
    said = [pen.choose(IMPRESSION[name][labels[name]]) for name in _ORDER if labels.get(name) in IMPRESSION[name]]
    if not said:
        return [pen.choose(CLEAR)]
    rest = pen.choose(NOTHING_ELSE)
    numbered = [*said, rest] if rest else said
    return [f"{place}. {sentence}" for place, sentence in enumerate(numbered, start=1)]


def _structured(pen: _Pen, opening: Sequence[str], labels: Mapping[str, Label]) -> list[str]:
    answers = [
        f"{STRUCTURED_NAMES[name]}: {pen.choose(STRUCTURED_ANSWERS[labels[name]])}"
        for name in _ORDER
        if labels.get(name) in STRUCTURED_ANSWERS
    ]
    return [
        f"EXAMINATION: {opening[0]}",
        f"CLINICAL INFORMATION: {opening[1]}",
        f"PREVIOUS: {opening[2]}",
        "RESULT",
        *answers,
        f"Other: {pick(pen.rng, INCIDENTALS)}",
        "CONCLUSION",
        *_impression(pen, labels),
    ]


_LAYOUTS: Mapping[House, Callable[[_Pen, Sequence[str], Mapping[str, Label]], list[str]]] = {
    House.PROSE: _prose,
    House.STRUCTURED: _structured,
}


def _slipped(text: str, pen: _Pen) -> str:
    """The text, now and then with two neighbouring letters of a longer word exchanged."""
    if pen.rng.random() >= pen.reader.typos:
        return text
    start = text.find("\n")
    letters = [i for i in range(start, len(text) - 5) if text[i : i + 5].isalpha() and text[i : i + 5].islower()]
    if not letters:
        return text
    at = 1 + letters[int(pen.rng.integers(len(letters)))]
    return f"{text[:at]}{text[at + 1]}{text[at]}{text[at + 2 :]}"
