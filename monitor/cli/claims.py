"""Claims from a YAML file, and what `overread agreement claims` answers."""

from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Annotated, Any

import polars as pl
import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from monitor.agreement.claims import Claim, Settled, Share, Standing, settle
from monitor.agreement.uncertain import Uncertain
from monitor.cli.output import print_table
from monitor.cli.pairs import MODEL, STRATUM, Paired, pair
from monitor.core.counts import Counts
from monitor.core.errors import TableError
from monitor.core.model import EVERY_FINDING

MAX_BYTES = 1 << 20


class _Entry(BaseModel):
    """One claim as it is written."""

    model_config = ConfigDict(extra="forbid")

    name: Annotated[str, Field(min_length=1, max_length=200)]
    statistic: Share
    at_least: Annotated[float, Field(gt=0, lt=1)]
    finding: str = EVERY_FINDING
    across: list[str] = []


class _Ledger(BaseModel):
    """The file as it is written."""

    model_config = ConfigDict(extra="forbid")

    claims: Annotated[list[_Entry], Field(min_length=1)]


def read_claims(path: Path) -> list[Claim]:
    """The claims of a YAML file: `claims`, a list of name, statistic, at_least and perhaps finding and across.

    Raises:
        TableError: it cannot be read, or an entry is not a claim; names the field and what would be accepted.
    """
    try:
        if path.stat().st_size > MAX_BYTES:
            message = f"{path}: {path.stat().st_size} bytes; at most {MAX_BYTES} are accepted"
            raise TableError(message)
        ledger = _Ledger.model_validate(yaml.safe_load(path.read_text(encoding="utf-8")))
    except (OSError, UnicodeDecodeError, yaml.YAMLError) as error:
        message = f"{path}: cannot be read; a YAML file with a list `claims` is accepted ({type(error).__name__})"
        raise TableError(message) from None
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(str(step) for step in first["loc"]) or "claims"
        message = f"{path}: {where}: {first['msg']}"
        raise TableError(message) from None
    return [
        Claim(
            name=entry.name,
            statistic=entry.statistic,
            at_least=entry.at_least,
            finding=None if entry.finding == EVERY_FINDING else entry.finding,
            across=tuple(entry.across),
        )
        for entry in ledger.claims
    ]


def settle_claims(predictions: Path, reads: Path, claims: Path, *, uncertain: Uncertain) -> dict[str, Any]:
    """Every claim, of every model version, with its parts.

    Raises:
        TableError: a file cannot be read, or lacks a column that a claim goes across.
    """
    promised = read_claims(claims)
    columns = list(dict.fromkeys(name for claim in promised for name in claim.across))
    paired = pair(predictions, reads, by=columns, uncertain=uncertain)
    rows = [
        _row(settle(claim, parts), version) for claim in promised for version, parts in _parts(claim, paired).items()
    ]
    return {"claims": rows, "excluded": paired.excluded}


def refuted(answer: dict[str, Any]) -> bool:
    """Whether any claim is."""
    return any(row["standing"] == Standing.REFUTED for row in answer["claims"])


def show_claims(answer: dict[str, Any]) -> None:
    """The answer as a table, one line a part."""
    rows = []
    for row in answer["claims"]:
        for part in row["parts"]:
            share = part["share"]
            seen = f"{share['value']:.3f} ({share['low']:.3f} to {share['high']:.3f})" if share else "–"
            where = ", ".join(part["stratum"].values())
            note = "" if part["meaningful"] else f"never calling it reaches {part['always_negative']:.3f}"
            rows.append((row["name"], where, f"{row['statistic']} ≥ {row['at_least']}", seen, part["standing"], note))
    print_table(("claim", "of", "promise", "seen", "standing", "note"), rows, empty="No pairs.")


Parts = dict[tuple[tuple[str, str], ...], Counts]


def _parts(claim: Claim, paired: Paired) -> dict[tuple[str, ...], Parts]:
    """Counts by model version, then by finding and stratum; a claimed finding without a pair has an empty table."""
    frame, keys = paired.frame, ["finding", *(STRATUM + name for name in claim.across)]
    call, label = pl.col("call"), pl.col("label")
    cells = {"tp": call & label, "fp": call & ~label, "fn": ~call & label, "tn": ~call & ~label}
    found: dict[tuple[str, ...], Parts] = {}
    counted = frame.group_by([*MODEL, *keys]).agg(**{name: cell.sum() for name, cell in cells.items()})
    for row in counted.sort([*MODEL, *keys]).iter_rows(named=True):
        parts = found.setdefault(tuple(row[name] for name in MODEL), {})
        if claim.finding in {None, row["finding"]}:
            key = tuple((name.removeprefix(STRATUM), row[name]) for name in keys)
            parts[key] = Counts(**{name: row[name] for name in cells})
    for parts in found.values():
        if not parts:
            parts[(("finding", claim.finding or EVERY_FINDING),)] = Counts()
    return found


def _row(settled: Settled, version: Sequence[str]) -> dict[str, Any]:
    claim = settled.claim
    return {
        **dict(zip(MODEL, version, strict=True)),
        "name": claim.name,
        "statistic": claim.statistic,
        "at_least": claim.at_least,
        "standing": settled.standing.value,
        "parts": [{**asdict(part), "standing": part.standing.value} for part in settled.parts],
    }
