"""Which study a read belongs to, and what the two together say."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from enum import StrEnum
from typing import Protocol

from monitor.core.read import Label, Read, Visibility, in_force
from monitor.core.study import UNKNOWN, Failure, Prediction, Study

ACCESSION_WINDOW = timedelta(days=7)


class MatchMethod(StrEnum):
    """How a read was matched, surest first."""

    STUDY_UID = "study_uid"
    ISSUER_ACCESSION = "issuer_accession"
    ACCESSION = "accession"
    LINKED = "linked"


HEADLINE_METHODS = (MatchMethod.STUDY_UID, MatchMethod.ISSUER_ACCESSION)
"""Only these enter headline figures: an accession alone can belong to another site, and a person can err."""

FINAL_METHODS = (MatchMethod.STUDY_UID, MatchMethod.LINKED)
"""What these placed stays there, whatever studies come later."""


class Referring(Protocol):
    """What names a study: a read, or a result of the production AI."""

    @property
    def study_uid(self) -> str | None:
        """Pseudonym of the Study Instance UID."""

    @property
    def accession(self) -> str | None:
        """Pseudonym of the accession number."""

    @property
    def issuer_accession(self) -> str | None:
        """Pseudonym of the accession number within its issuer."""

    @property
    def patient(self) -> str | None:
        """Pseudonym of the patient."""

    @property
    def modality(self) -> str | None:
        """The modality it speaks of."""

    @property
    def signed_at(self) -> datetime:
        """When it was given."""


class Unmatched(StrEnum):
    """Why a read has no study (yet)."""

    NO_CANDIDATE = "no_candidate"
    AMBIGUOUS = "ambiguous"
    PATIENT_DIFFERS = "patient_differs"
    ACCESSION_ONLY = "accession_only"


@dataclass(frozen=True, kw_only=True, slots=True)
class Match:
    """A read's study and how it was found."""

    study: str
    method: MatchMethod


@dataclass(frozen=True, kw_only=True, slots=True)
class Pair:
    """One AI call beside one final label. `label` is None where the report is uncertain: counted, never scored."""

    study: str
    model: str
    version: str
    finding: str
    call: bool
    label: bool | None
    score: float
    day: date
    site: str
    manufacturer: str
    method: MatchMethod
    visibility: Visibility
    read: str


def match(read: Referring, candidates: Sequence[Study]) -> Match | Unmatched:
    """Find the study of a read among those that share an identifier with it.

    The order is fixed: ① Study Instance UID; ② issuer and accession, and the patient agrees; ③ accession alone, exactly
    one candidate, patient and modality agree, signed within seven days of the study. Anything else stays unmatched.

    Where one issuer's accession has several studies of the patient, the modality decides if exactly one has the read's;
    else the read is ambiguous, and a person has to link it.

    Args:
        read: the read, or result, to place.
        candidates: every study that shares its study UID or accession pseudonym.
    """
    if read.study_uid is not None:
        named = [study for study in candidates if study.key == read.study_uid]
        if named:
            return Match(study=named[0].key, method=MatchMethod.STUDY_UID)
    issued = _sharing(candidates, "issuer_accession", read.issuer_accession)
    if issued:
        return _only(_of_modality(read, [s for s in issued if _same_patient(read, s)]), MatchMethod.ISSUER_ACCESSION)
    bare = _sharing(candidates, "accession", read.accession)
    if not bare:
        return Unmatched.NO_CANDIDATE
    if len(bare) > 1:
        return Unmatched.AMBIGUOUS
    if not _near(read, bare[0]):
        return Unmatched.NO_CANDIDATE
    return _only([s for s in bare if _same_patient(read, s)], MatchMethod.ACCESSION)


def place(result: Referring, candidates: Sequence[Study]) -> Match | Unmatched:
    """Find the study of a production AI's result: as `match`, and never by an accession alone.

    A pair carries how its read was matched; a result that was matched less surely would not show in it.
    """
    found = match(result, candidates)
    by_number = isinstance(found, Match) and found.method is MatchMethod.ACCESSION
    return Unmatched.ACCESSION_ONLY if by_number else found


def pairs_of(
    study: Study, predictions: Iterable[Prediction], reads: Iterable[tuple[Read, MatchMethod]]
) -> tuple[Pair, ...]:
    """All pairs a study gives now: each prediction beside the label in force for its finding.

    A finding the final report does not mention is absent, as a radiologist's silence is read; an uncertain one gives a
    pair without a label. No report in force, or one in a language the labeler does not know, gives no pair; nor does a
    study in which the images of two patients came together.
    """
    if study.reason == Failure.MIXED_PATIENTS:
        return ()
    methods = {read.key: (read, method) for read, method in reads}
    chosen = in_force(read for read, _ in methods.values())
    if chosen is None or not chosen.labels:
        return ()
    method = methods[chosen.key][1]
    predictions = tuple(predictions)
    seen = visibility(chosen, predictions)
    return tuple(
        Pair(
            study=study.key,
            model=prediction.model,
            version=prediction.version,
            finding=prediction.finding,
            call=prediction.call,
            label=_truth(chosen.labels[prediction.finding]),
            score=prediction.score,
            day=study.day,
            site=study.acquisition.site,
            manufacturer=study.acquisition.manufacturer,
            method=method,
            visibility=seen,
            read=chosen.key,
        )
        for prediction in predictions
        if prediction.finding in chosen.labels
    )


def visibility(read: Read, predictions: Iterable[Prediction]) -> Visibility:
    """Whether the reader could see an AI's result: what the source's settings say, else the time stamps.

    Any result of the study shown by the time of signing counts for all its pairs, the shadow's too: it repeats what the
    product showed. Unknown where no result says when it was shown.
    """
    if read.visibility is not Visibility.UNKNOWN:
        return read.visibility
    timed = [p for p in predictions if p.shown_at is not None or p.opened_at is not None]
    if any(p.opened_at is not None and p.opened_at <= read.signed_at for p in timed):
        return Visibility.OPENED
    if any(p.shown_at is not None and p.shown_at <= read.signed_at for p in timed):
        return Visibility.AVAILABLE
    return Visibility.BLINDED if timed else Visibility.UNKNOWN


def _truth(label: Label) -> bool | None:
    return None if label is Label.UNCERTAIN else label is Label.PRESENT


def _sharing(candidates: Sequence[Study], name: str, value: str | None) -> list[Study]:
    return [] if value is None else [study for study in candidates if getattr(study, name) == value]


def _of_modality(read: Referring, studies: list[Study]) -> list[Study]:
    """Of several studies those of the read's modality, if any are."""
    same = [study for study in studies if study.acquisition.modality == read.modality]
    return same if len(studies) > 1 and same else studies


def _same_patient(read: Referring, study: Study) -> bool:
    return read.patient is not None and read.patient == study.patient


def _near(read: Referring, study: Study) -> bool:
    """Whether a study is one the read can speak of: of its modality, as far as that is known, and of its days."""
    same_modality = read.modality is None or study.acquisition.modality in {read.modality, UNKNOWN}
    return same_modality and abs(read.signed_at - study.studied_at) <= ACCESSION_WINDOW


def _only(studies: Sequence[Study], method: MatchMethod) -> Match | Unmatched:
    if not studies:
        return Unmatched.PATIENT_DIFFERS
    return Match(study=studies[0].key, method=method) if len(studies) == 1 else Unmatched.AMBIGUOUS
