import json
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitor.core.errors import TableError
from monitor.core.identity import Pseudonyms
from monitor.core.result import ResultStatus
from monitor.results.answer import Door
from monitor.results.jsonl import parse

NAMES = Pseudonyms(key=b"k" * 32)
DOOR = Door(pseudonyms=NAMES, source="file", zone=UTC, received_at=datetime(2026, 2, 1, tzinfo=UTC))
ROW = {"study_uid": "1.2.3", "model": "vendor", "version": "2.1", "finding": "nodule", "score": 0.7, "status": "ok"}


def test_a_line_becomes_a_result() -> None:
    """A line becomes a record under the study's pseudonym."""
    (result,) = parse([json.dumps(ROW), "\n"], name="r.jsonl", door=DOOR)
    assert (result.study_uid, result.score, result.call) == (NAMES.uid("1.2.3"), 0.7, True)
    assert (result.model, result.version, result.status) == ("vendor", "2.1+production", ResultStatus.OK)


@pytest.mark.parametrize("status", ["rejected_input", "failed", "timeout", "not_sent"])
def test_no_answer_needs_no_score(status: str) -> None:
    """A study without an answer needs neither finding nor score."""
    row = {key: ROW[key] for key in ("study_uid", "model", "version")} | {"status": status}
    (result,) = parse([json.dumps(row)], name="r.jsonl", door=DOOR)
    assert (result.status.value, result.score, result.finding, result.call) == (status, None, None, None)


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"study_uid": ""}, "study_uid"),
        ({"study_uid": "\u0000"}, "study_uid"),
        ({"model": 3}, "model"),
        ({"version": None}, "version"),
        ({"finding": None}, "finding"),
        ({"score": 1.5}, "score"),
        ({"score": float("nan")}, "score"),
        ({"score": True}, "score"),
        ({"score": None}, "score"),
        ({"call": "yes"}, "call"),
        ({"call": 2}, "call"),
        ({"status": "fine"}, "status"),
        ({"status": []}, "status"),
    ],
)
def test_errors_name_file_line_and_field(change: dict[str, object], field: str) -> None:
    """A wrong field is named with its file, its line and what would be accepted."""
    with pytest.raises(TableError, match=rf"r\.jsonl: line 2: {field}: .*accepted: "):
        list(parse([json.dumps(ROW), json.dumps(ROW | change)], name="r.jsonl", door=DOOR))


@given(
    st.text(max_size=60)
    | st.dictionaries(st.sampled_from([*ROW, "call"]), st.none() | st.integers() | st.text(max_size=5)).map(json.dumps)
)
def test_any_line_is_a_result_or_a_named_error(line: str) -> None:
    """Any line is a result, blank, or an error that names it."""
    message = "r.jsonl: line 1"
    try:
        list(parse([line], name="r.jsonl", door=DOOR))
    except TableError as error:
        message = str(error)
    assert message.startswith("r.jsonl: line 1")
