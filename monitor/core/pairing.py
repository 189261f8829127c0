"""Which study a read belongs to, and what the two together say."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum

from monitor.core.read import Label, Read, Visibility, in_force
from monitor.core.study import UNKNOWN, Prediction, Study

ACCESSION_WINDOW = timedelta(days=7)


class MatchMethod(StrEnum):
    """How a read was matched, surest first."""

    STUDY_UID = "study_uid"
    ISSUER_ACCESSION = "issuer_accession"
    ACCESSION = "accession"


HEADLINE_METHODS = (MatchMethod.STUDY_UID, MatchMethod.ISSUER_ACCESSION)
"""Only these enter headline figures: an accession alone can belong to another site."""


class Unmatched(StrEnum):
    """Why a read has no study (yet)."""

    NO_CANDIDATE = "no_candidate"
    AMBIGUOUS = "ambiguous"
    PATIENT_DIFFERS = "patient_differs"


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


def match(read: Read, candidates: Sequence[Study]) -> Match | Unmatched:
    """Find the study of a read among those that share an identifier with it.

    The order is fixed: ① Study Instance UID; ② issuer and accession, and the patient agrees; ③ accession alone, exactly
    one candidate, patient and modality agree, signed within seven days of the study. Anything else stays unmatched.

    Args:
        read: the read to place.
        candidates: every study that shares its study UID or accession pseudonym.
    """
    if read.study_uid is not None:
        named = [study for study in candidates if study.key == read.study_uid]
        if named:
            return Match(study=named[0].key, method=MatchMethod.STUDY_UID)
    issued = _sharing(candidates, "issuer_accession", read.issuer_accession)
    if issued:
        return _only([s for s in issued if _same_patient(read, s)], MatchMethod.ISSUER_ACCESSION)
    bare = _sharing(candidates, "accession", read.accession)
    if not bare:
        return Unmatched.NO_CANDIDATE
    if len(bare) > 1:
        return Unmatched.AMBIGUOUS
    if not _near(read, bare[0]):
        return Unmatched.NO_CANDIDATE
    return _only([s for s in bare if _same_patient(read, s)], MatchMethod.ACCESSION)


def pairs_of(
    study: Study, predictions: Iterable[Prediction], reads: Iterable[tuple[Read, MatchMethod]]
) -> tuple[Pair, ...]:
    """All pairs a study gives now: each prediction beside the label in force for its finding.

    A finding the final report does not mention is absent, as a radiologist's silence is read; an uncertain one gives a
    pair without a label. No report in force, or one in a language the labeler does not know, gives no pair.
    """
    methods = {read.key: (read, method) for read, method in reads}
    chosen = in_force(read for read, _ in methods.values())
    if chosen is None or not chosen.labels:
        return ()
    method = methods[chosen.key][1]
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
            visibility=chosen.visibility,
            read=chosen.key,
        )
        for prediction in predictions
        if prediction.finding in chosen.labels
    )


def _truth(label: Label) -> bool | None:
    return None if label is Label.UNCERTAIN else label is Label.PRESENT


def _sharing(candidates: Sequence[Study], name: str, value: str | None) -> list[Study]:
    return [] if value is None else [study for study in candidates if getattr(study, name) == value]


def _same_patient(read: Read, study: Study) -> bool:
    return read.patient is not None and read.patient == study.patient


def _near(read: Read, study: Study) -> bool:
    """Whether a study is one the read can speak of: of its modality, as far as that is known, and of its days."""
    same_modality = read.modality is None or study.acquisition.modality in {read.modality, UNKNOWN}
    return same_modality and abs(read.signed_at - study.studied_at) <= ACCESSION_WINDOW


def _only(studies: Sequence[Study], method: MatchMethod) -> Match | Unmatched:
    if not studies:
        return Unmatched.PATIENT_DIFFERS
    return Match(study=studies[0].key, method=method) if len(studies) == 1 else Unmatched.AMBIGUOUS
