"""One answer of the production AI, from the plain fields every format comes down to."""

import hashlib
import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, tzinfo
from typing import Any

from monitor.core.identity import Pseudonyms
from monitor.core.result import OPERATING_POINT, PRODUCTION, Result, ResultStatus

_MAX_FIELD = 256
Refuse = Callable[[str, str], Exception]
"""Makes the error of a field, from its name and what would be accepted."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Door:
    """What every format needs to make a result: pseudonyms, the source's name and zone, and when it was received."""

    pseudonyms: Pseudonyms
    source: str
    zone: tzinfo
    received_at: datetime
    issuer: str | None = None

    def result(self, fields: Mapping[str, Any], refuse: Refuse) -> Result:
        """A result from its fields, checked.

        `model` and `version`; `study_uid` or `accession` (with `issuer`, `patient_id`); `finding`, `score`, `call`,
        `threshold`; `status`; the times `produced_at`, `shown_at`, `opened_at`.

        Raises:
            Exception: what `refuse` makes of the first field that is not accepted.
        """
        given = _Fields(fields, refuse, self.zone)
        status = given.status()
        score, call, threshold = given.share("score"), given.call(), given.share("threshold")
        point = OPERATING_POINT if threshold is None else threshold
        if status is ResultStatus.OK and score is None and call is None:
            raise refuse("score", "a number in [0, 1], or a call in its stead")
        names, accession = self.pseudonyms, given.text("accession")
        issuer = given.text("issuer") or self.issuer
        study, number = names.uid(given.text("study_uid")), names.accession(accession)
        if study is None and number is None:
            raise refuse("study_uid", "a Study Instance UID, or an accession in its stead")
        said = call if call is not None or score is None else score >= point
        return Result(
            key=_key(self.source, fields),
            source=self.source,
            study_uid=study,
            accession=number,
            issuer_accession=names.accession(accession, issuer=issuer) if issuer else None,
            patient=names.patient(given.text("patient_id")),
            model=given.needed("model"),
            version=f"{given.needed('version')}{PRODUCTION}",
            finding=given.needed("finding") if status is ResultStatus.OK else given.text("finding"),
            score=score,
            operating_point=point,
            call=said if status is ResultStatus.OK else None,
            status=status,
            received_at=self.received_at,
            produced_at=given.moment("produced_at"),
            shown_at=given.moment("shown_at"),
            opened_at=given.moment("opened_at"),
        )


@dataclass(frozen=True, slots=True)
class _Fields:
    given: Mapping[str, Any]
    refuse: Refuse
    zone: tzinfo

    def text(self, field: str) -> str | None:
        value = self.given.get(field)
        if value is None or (isinstance(value, str) and not value.strip()):
            return None
        if not isinstance(value, str) or len(value) > _MAX_FIELD:
            raise self.refuse(field, f"a string of 1 to {_MAX_FIELD} characters")
        return value.strip()

    def needed(self, field: str) -> str:
        value = self.text(field)
        if value is None:
            raise self.refuse(field, f"a string of 1 to {_MAX_FIELD} characters")
        return value

    def status(self) -> ResultStatus:
        value = self.given.get("status")
        if value is None or value == "":
            return ResultStatus.OK
        if value not in tuple(ResultStatus):
            raise self.refuse("status", ", ".join(ResultStatus))
        return ResultStatus(value)

    def share(self, field: str) -> float | None:
        value = self.given.get(field)
        if value is None or value == "":
            return None
        try:
            number = math.nan if isinstance(value, bool) else float(value)
        except (TypeError, ValueError):
            number = math.nan
        if not 0 <= number <= 1:
            raise self.refuse(field, "a number in [0, 1]")
        return number

    def call(self) -> bool | None:
        value = self.given.get("call")
        word = str(value).lower()
        if value is None or value == "":
            return None
        if word not in {"true", "false", "1", "0"}:
            raise self.refuse("call", "true, false, 1 or 0")
        return word in {"true", "1"}

    def moment(self, field: str) -> datetime | None:
        value = self.given.get(field)
        if value is None or value == "":
            return None
        try:
            moment = value if isinstance(value, datetime) else datetime.fromisoformat(value)
        except (TypeError, ValueError):
            raise self.refuse(field, "a time such as 2026-01-31T08:15:00+01:00") from None
        return moment if moment.tzinfo is not None else moment.replace(tzinfo=self.zone)


def _key(source: str, fields: Mapping[str, Any]) -> str:
    """What makes a result the same one sent again: the source and every field, in no order."""
    said = sorted((name, str(value)) for name, value in fields.items() if value is not None)
    return hashlib.sha256(repr([source, said]).encode(errors="surrogatepass")).hexdigest()
