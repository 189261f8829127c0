"""Running counts and heartbeats, moved in the transaction of what they count; `/metrics` is read from them."""

import json
from collections import Counter
from collections.abc import Mapping
from datetime import datetime

from sqlmodel import Session, select

from monitor.core.study import LATENCY_BOUNDS_SECONDS
from monitor.store.database import Database
from monitor.store.tables import HeartbeatRow, TallyRow

LATENCY_BUCKET = "inference_seconds_bucket"
LATENCY_SUM = "inference_seconds_sum"

Tally = Counter[tuple[str, tuple[str, ...]]]


def bucket(seconds: float) -> str:
    """The upper bound of the histogram bucket that `seconds` falls in."""
    return str(next((bound for bound in LATENCY_BOUNDS_SECONDS if seconds <= bound), "+Inf"))


def move(database: Database, session: Session, tally: Mapping[tuple[str, tuple[str, ...]], float]) -> None:
    """Add to the running counts."""
    rows = [
        {"name": name, "labels": json.dumps(labels), "value": float(value)} for (name, labels), value in tally.items()
    ]
    database.add(session, TallyRow, sorted(rows, key=lambda row: (str(row["name"]), str(row["labels"]))), "value")


def beat(database: Database, session: Session, stage: str, at: datetime) -> None:
    """Note that a stage has succeeded."""
    database.put(session, HeartbeatRow, [{"stage": stage, "at": at}])


def totals(session: Session) -> dict[str, dict[tuple[str, ...], float]]:
    """All running counts, by name and label values."""
    found: dict[str, dict[tuple[str, ...], float]] = {}
    for row in session.exec(select(TallyRow)):
        found.setdefault(row.name, {})[tuple(json.loads(row.labels))] = row.value
    return found
