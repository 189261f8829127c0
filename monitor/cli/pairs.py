"""Predictions beside reads, from two tables; every row of either is paired, or excluded with a reason and counted."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import polars as pl

from monitor.agreement.uncertain import Uncertain
from monitor.cli.tables import column_names, listed, read_table, require
from monitor.core.errors import TableError, UsageError
from monitor.core.study import UNKNOWN

KEY = ("study_id", "finding")
MODEL = ("model", "version")
STRATUM = "stratum:"
"""Prefix of the columns that hold strata, so that no column name of a file can clash with ours."""

_TAKEN = {*KEY, *MODEL, "score", "threshold", "call", "label"}
_CALLS = {"1": True, "1.0": True, "true": True, "0": False, "0.0": False, "false": False}
_LABELS = {
    **dict.fromkeys(("1", "1.0", "true", "present"), 1),
    **dict.fromkeys(("0", "0.0", "false", "absent", "not_mentioned", "", "nan"), 0),
    **dict.fromkeys(("-1", "-1.0", "uncertain"), -1),
}
_RANKS = {"preliminary": 0, "final": 1, "corrected": 2, "addendum": 2, "retracted": 3}


@dataclass(frozen=True, kw_only=True, slots=True)
class Paired:
    """`frame` holds a row a pair: model, version, finding, the strata, score, call and label (None: uncertain)."""

    frame: pl.DataFrame
    excluded: dict[str, int]


def pair(predictions: Path, reads: Path, *, by: Sequence[str] = (), uncertain: Uncertain = Uncertain.EXCLUDE) -> Paired:
    """Read both tables and pair them by study and finding.

    A call is the column `call`, else `score >= threshold`. A blank label is a finding the report does not mention,
    which is read as absent; -1 is uncertain. The answer never depends on the order of rows:

    - rows of one key that are alike in every column used count once, the others as `duplicate_prediction` or
      `duplicate_read`; rows that contradict each other are all set aside as `conflicting_prediction` or
      `conflicting_read`, since nothing says which one holds;
    - with a `status`, only final and corrected reads count: a correction or an addendum supersedes the final read
      (`superseded_read`), a retraction takes all of them back (`retracted_read`).

    Raises:
        TableError: a table cannot be read, or lacks a column.
        UsageError: a column of `by` is one that cannot be a stratum.
    """
    sources = _strata_sources(predictions, reads, by)
    excluded: Counter[str] = Counter()
    calls = _predictions(predictions, [name for name in by if sources[name] == predictions], excluded)
    labels = _reads(reads, [name for name in by if sources[name] == reads], excluded)
    if calls.schema["study_id"] != labels.schema["study_id"]:
        calls, labels = (frame.with_columns(pl.col("study_id").cast(pl.String)) for frame in (calls, labels))
    joined = calls.join(labels.with_row_index("read"), on=KEY, how="left")
    unread = joined["read"].null_count()
    excluded["unmatched_prediction"] += unread
    excluded["unmatched_read"] += labels.height - joined["read"].drop_nulls().n_unique()
    strata = [STRATUM + name for name in by]
    frame = (joined.filter(pl.col("read").is_not_null()) if unread else joined).with_columns(
        pl.col(strata).fill_null(UNKNOWN),
        pl.col("label").replace_strict({1: True, 0: False, -1: uncertain.ruling}, return_dtype=pl.Boolean),
    )
    excluded["uncertain"] += frame["label"].null_count()
    return Paired(
        frame=frame.select(*MODEL, "finding", *strata, "score", "call", "label"),
        excluded={reason: count for reason, count in sorted(excluded.items()) if count},
    )


def _strata_sources(predictions: Path, reads: Path, by: Sequence[str]) -> dict[str, Path]:
    """Which file each stratum comes from: the predictions where both have it."""
    there = {predictions: column_names(predictions), reads: column_names(reads)}
    for name in by:
        if name in _TAKEN:
            message = f"--by {name}: rows are split by model, version and finding already; name a further column"
            raise UsageError(message)
        if not any(name in names for names in there.values()):
            found = "; ".join(f"{path} has {listed(names)}" for path, names in there.items())
            message = f"--by {name}: no such column; {found}"
            raise TableError(message)
    return {name: predictions if name in there[predictions] else reads for name in by}


def _predictions(path: Path, by: Sequence[str], excluded: Counter[str]) -> pl.DataFrame:
    found = column_names(path)
    frame = read_table(path, columns=[*KEY, *MODEL, "score", "threshold", "call", *by])
    require(frame, path, [*KEY, "score"], found=found)
    if not {"call", "threshold"} & set(frame.columns):
        message = f"{path}: neither 'call' nor 'threshold' is there, so no score is a call; found {listed(found)}"
        raise TableError(message)
    frame = frame.select(
        *_keys(frame),
        *(_named(frame, name).alias(name) for name in MODEL),
        *(_text(name).alias(STRATUM + name) for name in by),
        _number("score"),
        pl.col("score").is_null().alias("blank"),
        _number("threshold") if "threshold" in frame.columns else pl.lit(None, pl.Float64).alias("threshold"),
        (_text("call") if "call" in frame.columns else pl.lit(None, pl.String)).str.to_lowercase().alias("said"),
    )
    called = pl.col("said").replace_strict(_CALLS, default=None, return_dtype=pl.Boolean)
    frame = frame.with_columns(called.fill_null(pl.col("score") >= pl.col("threshold")).alias("call"))
    reasons = {
        **_blank_keys(),
        "missing_score": pl.col("blank"),
        "invalid_score": ~pl.col("score").is_between(0, 1).fill_null(value=False),
        "invalid_call": pl.col("said").is_not_null() & ~pl.col("said").is_in(list(_CALLS)),
        "invalid_threshold": ~pl.col("threshold").is_between(0, 1),
        "missing_call": pl.col("call").is_null(),
    }
    kept = _exclude(frame, reasons, excluded).drop("blank", "said", "threshold")
    return _once(kept, [*KEY, *MODEL], "prediction", excluded)


def _reads(path: Path, by: Sequence[str], excluded: Counter[str]) -> pl.DataFrame:
    frame = read_table(path, columns=[*KEY, "label", "status", *by])
    require(frame, path, [*KEY, "label"], found=column_names(path))
    statused = "status" in frame.columns
    label, status = _text("label").str.to_lowercase().fill_null(""), _text("status").str.to_lowercase()
    frame = frame.select(
        *_keys(frame),
        *(_text(name).alias(STRATUM + name) for name in by),
        label.replace_strict(_LABELS, default=None, return_dtype=pl.Int8).alias("label"),
        (status.replace_strict(_RANKS, default=None, return_dtype=pl.Int8) if statused else pl.lit(1)).alias("rank"),
    )
    reasons = {
        **_blank_keys(),
        "invalid_label": pl.col("label").is_null(),
        "invalid_status": pl.col("rank").is_null(),
        "preliminary_read": pl.col("rank") == 0,
    }
    kept = _exclude(frame, reasons, excluded)
    if kept["rank"].n_unique() > 1:
        top = pl.col("rank").max().over(KEY)
        retracted = top == _RANKS["retracted"]
        kept = _exclude(kept, {"retracted_read": retracted, "superseded_read": pl.col("rank") < top}, excluded)
    elif kept.height and kept["rank"][0] == _RANKS["retracted"]:
        kept = _exclude(kept, {"retracted_read": pl.lit(value=True)}, excluded)
    return _once(kept.drop("rank"), KEY, "read", excluded)


def _keys(frame: pl.DataFrame) -> list[pl.Expr]:
    """Study as it is where it is a whole number, else as text; finding as text."""
    whole = frame.schema["study_id"].is_integer()
    return [pl.col("study_id") if whole else _text("study_id"), _text("finding")]


def _named(frame: pl.DataFrame, name: str) -> pl.Expr:
    return _text(name).fill_null(UNKNOWN) if name in frame.columns else pl.lit(UNKNOWN)


def _text(name: str) -> pl.Expr:
    """A column as stripped text, nothing left being null."""
    text = pl.col(name).cast(pl.String).str.strip_chars()
    return pl.when(text != "").then(text)


def _number(name: str) -> pl.Expr:
    return pl.col(name).cast(pl.Float64, strict=False)


def _blank_keys() -> dict[str, pl.Expr]:
    return {f"missing_{name}": pl.col(name).is_null() for name in KEY}


def _exclude(frame: pl.DataFrame, reasons: dict[str, pl.Expr], excluded: Counter[str]) -> pl.DataFrame:
    """Rows to which no reason applies; the others are counted under the first that does."""
    named = pl.coalesce(*(pl.when(applies).then(pl.lit(reason)) for reason, applies in reasons.items()))
    reason = frame.select(named.alias("reason"))["reason"]
    if reason.null_count() == frame.height:
        return frame
    for name, count in reason.drop_nulls().value_counts().iter_rows():
        excluded[name] += count
    return frame.filter(reason.is_null())


def _once(frame: pl.DataFrame, key: Sequence[str], kind: str, excluded: Counter[str]) -> pl.DataFrame:
    """One row a key: repeats collapse, contradictions are all set aside."""
    if frame.select(key).hash_rows().n_unique() == frame.height:  # far quicker, and all hashes apart are all keys apart
        return frame
    repeated = frame.select(key).is_duplicated()
    again = frame.filter(repeated)
    distinct = again.unique()
    agreeing = distinct.filter(~distinct.select(key).is_duplicated())
    excluded[f"duplicate_{kind}"] += again.height - distinct.height
    excluded[f"conflicting_{kind}"] += distinct.height - agreeing.height
    return pl.concat([frame.filter(~repeated), agreeing])
