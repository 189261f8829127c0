"""A study as `overread studies` prints it."""

from datetime import datetime
from typing import TYPE_CHECKING, Any

import typer

from monitor.cli.output import print_table
from monitor.core.attempts import MOST_ATTEMPTS
from monitor.core.study import Study, StudyState

if TYPE_CHECKING:
    from monitor.store.casebook import Case


def row_of(study: Study, now: datetime) -> dict[str, Any]:
    """A study in a list; `age_seconds` since it was received."""
    return {
        "study": study.key,
        "received_at": study.received_at.isoformat(timespec="seconds"),
        "studied_at": study.studied_at.isoformat(timespec="seconds"),
        "site": study.acquisition.site,
        "manufacturer": study.acquisition.manufacturer,
        "model_name": study.acquisition.model_name,
        "state": study.state,
        "reason": study.reason,
        "partial": study.partial,
        "attempts": study.attempts,
        "dead": study.state is StudyState.FAILED and study.attempts >= MOST_ATTEMPTS,
        "age_seconds": max(0.0, (now - study.received_at).total_seconds()),
    }


def case_of(case: "Case", now: datetime) -> dict[str, Any]:
    """All that is known of a study, as JSON holds it."""
    return {
        **row_of(case.study, now),
        "modality": case.study.acquisition.modality,
        "last_instance_at": case.study.last_instance_at.isoformat(timespec="seconds"),
        "settled_at": case.settled_at,
        "not_before": case.not_before if case.study.state is StudyState.PENDING else None,
        "conflicts": sum(bool(instance["conflict"]) for instance in case.instances),
        "instances": list(case.instances),
        "predictions": list(case.predictions),
        "superseded": list(case.superseded),
    }


def print_case(found: dict[str, Any]) -> None:
    """A study for a person: facts, answers in force and before, instances."""
    facts = [(name, value) for name, value in found.items() if not isinstance(value, list) and value not in {None, ""}]
    print_table(("", ""), facts, empty="")
    answers = [("in force", answer) for answer in found["predictions"]]
    answers += [("superseded", answer) for answer in found["superseded"]]
    typer.echo()
    print_table(
        ("answer", "model", "finding", "score", "call", "scored"),
        [
            (
                standing,
                f"{answer['model']} {answer['version']}",
                answer["finding"],
                f"{answer['score']:.3f}",
                "positive" if answer["call"] else "negative",
                f"{answer['scored_at']:%Y-%m-%d %H:%M:%S}",
            )
            for standing, answer in answers
        ],
        empty="No model has answered.",
    )
    typer.echo()
    print_table(
        ("series", "instance", "size", "digest", ""),
        [
            (
                one["series_number"],
                one["instance_number"],
                f"{one['rows']} × {one['columns']} × {one['frames']}",
                one["digest"][:12],
                "conflict" if one["conflict"] else one["unusable"] or "",
            )
            for one in found["instances"]
        ],
        empty="No object of it could be read.",
    )
