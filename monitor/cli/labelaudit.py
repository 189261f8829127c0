"""`overread reads audit`: how far the labeler itself can be believed, from reports that a person coded."""

from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from monitor.cli.output import Json, print_json
from monitor.core.errors import TableError, UsageError

if TYPE_CHECKING:
    from monitor.agreement.proportion import Proportion
    from monitor.labels.audit import Stratum

Reports = Mapping[str, tuple["Stratum", str]]


def audit(
    file: Annotated[Path, typer.Argument(help='JSON lines {"id","text","language"?}: the reports of a period.')],
    *,
    finding: Annotated[str, typer.Option(help="The finding whose labels are audited.")],
    profile: Annotated[str, typer.Option(help="Which lexicons to use.")] = "chest-radiograph",
    sample: Annotated[int, typer.Option("--sample", min=1, max=100_000, help="How many reports to draw.")] = 200,
    seed: Annotated[int, typer.Option(help="Of the draw: the same gives the same sample.")] = 1,
    coded: Annotated[Path | None, typer.Option(help="The drawn reports as coded by hand: a table id,label.")] = None,
    as_json: Json = False,
) -> None:
    """Draw reports for human coding; with --coded, estimate the labeler's own PPA and NPA and correct agreement.

    The sample goes to stdout as JSON lines, without the labeler's answer: whoever codes it must not see it.
    """
    from monitor.labels.audit import draw  # noqa: PLC0415  # the command line stays quick

    reports = _labelled(file, profile, finding)
    if coded is None:
        for one in draw({key: stratum for key, (stratum, _) in reports.items()}, n=sample, seed=seed):
            print_json({"id": one, "finding": finding, "text": reports[one][1], "label": None})
        return
    found = _estimated(reports, coded, finding)
    if as_json:
        print_json(found)
        return
    for name in ("ppa", "npa"):
        typer.echo(f"labeler {name}: {_said(found['labeler'][name])}")
    for row in found["agreement"]:
        typer.echo(f"{row['model']} {row['version']}")
        for name in ("agreement", "ppa", "npa"):
            typer.echo(f"  {name}: raw {_said(row['raw'][name])}; corrected {_said(row['corrected'][name])}")


def _labelled(file: Path, profile: str, finding: str) -> Reports:
    """Each report's stratum and text, by its id. Reports in a language without lexicon are not of the audit."""
    from monitor.labels import labeler_for  # noqa: PLC0415  # compiling lexicons is not part of `overread --help`
    from monitor.labels.audit import Stratum  # noqa: PLC0415
    from monitor.service.imports import json_rows  # noqa: PLC0415

    labeler = labeler_for(profile)
    if finding not in labeler.findings:
        message = f"--finding {finding!r}: not known to {profile}; accepted: {', '.join(labeler.findings)}"
        raise UsageError(message)
    if not file.is_file():
        message = f"{file}: no such file; accepted: JSON lines of reports"
        raise TableError(message)
    found: dict[str, tuple[Stratum, str]] = {}
    for number, row in enumerate(json_rows(file), start=1):
        key, text, language = row.get("id"), row.get("text"), row.get("language")
        if not isinstance(key, str | int) or not isinstance(text, str):
            message = f'{file}: line {number}: not accepted; accepted: {{"id", "text", "language"?}}'
            raise TableError(message)
        said = labeler.label(text, language if isinstance(language, str) else None)
        if finding in said.labels:
            found[str(key)] = Stratum(said.labels[finding], said.language), text
    return found


def _estimated(reports: Reports, coded: Path, finding: str) -> dict[str, Any]:
    from collections import Counter  # noqa: PLC0415  # as above

    from monitor.agreement.stratified import CodedStratum, stratified_agreement  # noqa: PLC0415
    from monitor.labels.audit import tabulated  # noqa: PLC0415

    labels = _coded(coded, reports)
    cells = tabulated(
        Counter(stratum for stratum, _ in reports.values()),
        [(reports[key][0], label) for key, label in labels.items()],
    )
    strata = [CodedStratum(called=c.called, size=c.size, positive=c.positive, negative=c.negative,
                           undecided=c.undecided) for c in cells]  # fmt: skip
    try:
        labeler = stratified_agreement(strata)
    except ValueError as error:
        message = f"{coded}: {error}"
        raise TableError(message) from None
    return {
        "finding": finding,
        "coded": len(labels),
        "labeler": {"ppa": _plain(labeler.ppa), "npa": _plain(labeler.npa)},
        "agreement": _corrected(finding, labeler.ppa, labeler.npa),
    }


def _coded(path: Path, reports: Reports) -> dict[str, Any]:
    """What a person says of each drawn report."""
    from monitor.cli.tables import read_table, require  # noqa: PLC0415  # as above
    from monitor.core.read import Label  # noqa: PLC0415

    frame = read_table(path, columns=("id", "label"))
    require(frame, path, ("id", "label"))
    words = {"1": Label.PRESENT, "0": Label.ABSENT, **{label.value: label for label in Label}}
    found: dict[str, Label] = {}
    for number, (key, word) in enumerate(frame.iter_rows(), start=1):
        if word is None:
            continue
        known = str(key) in reports
        if not known or str(word) not in words:
            column, accepted = ("label", ", ".join(words)) if known else ("id", "an id of the reports")
            message = f"{path}: row {number}: column {column!r}: not accepted; accepted: {accepted}"
            raise TableError(message)
        found[str(key)] = words[str(word)]
    return found


def _corrected(finding: str, ppa: "Proportion | None", npa: "Proportion | None") -> list[dict[str, Any]]:
    """Agreement of every model version of the store, raw and corrected; none where there is no store."""
    from monitor.agreement.judgement import judge  # noqa: PLC0415  # as above
    from monitor.agreement.rogan_gladen import corrected_agreement  # noqa: PLC0415
    from monitor.cli.opened import store_at_hand  # noqa: PLC0415
    from monitor.core.errors import UnreachableError  # noqa: PLC0415

    try:
        rows = [row for row in store_at_hand().counts() if row.finding == finding]
    except UnreachableError:
        return []
    names = ("agreement", "ppa", "npa")
    found = []
    for row in rows:
        shares = judge(row.counts).proportions
        raw = {name: _plain(getattr(shares, name)) for name in names}
        corrected: dict[str, Any] = dict.fromkeys(names, "no_coded_cases")
        if ppa is not None and npa is not None:
            better = corrected_agreement(row.counts, label_ppa=ppa, label_npa=npa)
            corrected = {name: _plain(getattr(better, name)) for name in names}
        found.append({"model": row.model, "version": row.version, "raw": raw, "corrected": corrected})
    return found


def _plain(share: Any) -> Any:
    """A proportion as plain values; why there is none as its word."""
    return asdict(share) if hasattr(share, "low") else share


def _said(share: Any) -> str:
    if isinstance(share, dict):
        return f"{share['value']:.3f} ({share['low']:.3f} to {share['high']:.3f}, n {share['n']})"
    return "no such case" if share is None else f"cannot be told ({share})"
