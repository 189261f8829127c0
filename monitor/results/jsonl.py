"""The production AI's own outputs, one JSON object a line."""

import json
import math
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from monitor.core.errors import TableError
from monitor.core.identity import Pseudonyms

MAX_LINE = 64 * 1024
_MAX_FIELD = 256


class ResultStatus(StrEnum):
    """What became of a study sent to the production AI."""

    OK = "ok"
    REJECTED_INPUT = "rejected_input"
    FAILED = "failed"
    TIMEOUT = "timeout"
    NOT_SENT = "not_sent"


@dataclass(frozen=True, kw_only=True, slots=True)
class Result:
    """One answer of the production AI, or why there is none. `study` is a pseudonym; `score` lies in [0, 1]."""

    study: str
    model: str
    version: str
    finding: str | None
    score: float | None
    call: bool | None
    status: ResultStatus


def parse(lines: Iterable[str], *, name: str, pseudonyms: Pseudonyms) -> Iterator[Result]:
    """The results of a file, line by line; blank lines are skipped.

    Args:
        lines: the file's lines.
        name: what to call the file in errors.
        pseudonyms: what replaces study UIDs.

    Raises:
        TableError: a line is not a result; the message names file, line, field and what would be accepted.
    """
    for number, line in enumerate(lines, start=1):
        if line.strip():
            yield _Line(name, number).result(line, pseudonyms)


@dataclass(frozen=True, slots=True)
class _Line:
    name: str
    number: int

    def result(self, line: str, pseudonyms: Pseudonyms) -> Result:
        row = self._object(line)
        status = self._status(row)
        score, call = self._score(row), self._call(row)
        if status is ResultStatus.OK and score is None and call is None:
            raise self._wrong("score", "a number in [0, 1], or a call in its stead")
        study = pseudonyms.uid(self._text(row, "study_uid"))
        if study is None:
            raise self._wrong("study_uid", "a Study Instance UID")
        return Result(
            study=study,
            model=self._text(row, "model"),
            version=self._text(row, "version"),
            finding=self._text(row, "finding") if status is ResultStatus.OK or row.get("finding") is not None else None,
            score=score,
            call=call,
            status=status,
        )

    def _object(self, line: str) -> dict[str, Any]:
        if len(line) > MAX_LINE:
            raise self._wrong("line", f"at most {MAX_LINE} characters")
        try:
            row = json.loads(line)
        except (ValueError, RecursionError):
            row = None
        if not isinstance(row, dict):
            raise self._wrong("line", "one JSON object")
        return row

    def _text(self, row: dict[str, Any], field: str) -> str:
        value = row.get(field)
        if not isinstance(value, str) or not value.strip() or len(value) > _MAX_FIELD:
            raise self._wrong(field, f"a string of 1 to {_MAX_FIELD} characters")
        return value.strip()

    def _status(self, row: dict[str, Any]) -> ResultStatus:
        value = row.get("status", "ok")
        if value not in tuple(ResultStatus):
            raise self._wrong("status", ", ".join(ResultStatus))
        return ResultStatus(value)

    def _score(self, row: dict[str, Any]) -> float | None:
        value = row.get("score")
        if value is None:
            return None
        if (
            isinstance(value, bool)
            or not isinstance(value, int | float)
            or not (0 <= value <= 1 and math.isfinite(value))
        ):
            raise self._wrong("score", "a number in [0, 1]")
        return float(value)

    def _call(self, row: dict[str, Any]) -> bool | None:
        value = row.get("call")
        if value is not None and (not isinstance(value, bool | int) or value not in (0, 1)):
            raise self._wrong("call", "true, false, 1 or 0")
        return None if value is None else bool(value)

    def _wrong(self, field: str, accepted: str) -> TableError:
        return TableError(f"{self.name}: line {self.number}: {field}: not accepted; accepted: {accepted}")
