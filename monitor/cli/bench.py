"""`overread bench`."""

from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Annotated, Any

import typer

from monitor.cli.output import Json, print_json, print_table

app = typer.Typer(help="Ratios against a limit or a peer measured in the same run.", no_args_is_help=True)

SIZES = (512 << 10, 10 << 20)
PIXEL_ROUNDS = 9


@app.callback()
def root() -> None:
    """Ratios against a limit or a peer measured in the same run."""


@app.command()
def ingest(
    *,
    objects: Annotated[int, typer.Option(min=1, max=10_000, help="Objects a round.")] = 40,
    images: Annotated[int, typer.Option(min=0, max=10_000, help="CT slices a receiver and round; 0: none.")] = 200,
    rounds: Annotated[int, typer.Option(min=1, max=100, help="Rounds of the receivers.")] = 3,
    folder: Annotated[Path | None, typer.Option(help="Where all store; the temporary folder when not given.")] = None,
    pixels: Annotated[bool, typer.Option("--pixels", help="Decoding, statistics and the jail instead.")] = False,
    hl7: Annotated[bool, typer.Option("--hl7", help="HL7 reports through the socket instead.")] = False,
    as_json: Json = False,
) -> None:
    """Measure the spool against a bare write and fsync, and the receiver against Orthanc and dcmtk's storescp."""
    if pixels:
        _pixels(as_json=as_json)
        return
    if hl7:
        _hl7(as_json=as_json)
        return
    spool, receivers = _spool(objects), _receivers(images, rounds, folder) if images else []
    if as_json:
        print_json({"spool": spool, "receivers": receivers})
        return
    print_table(
        ("bytes", "spool /s", "write + fsync /s", "ratio"),
        [tuple(row.values()) for row in spool],
        empty="nothing measured",
    )
    print_table(
        ("images", "associations", "overread /s", "orthanc /s", "storescp /s", "over orthanc", "over storescp"),
        [tuple("" if value is None else value for value in row.values()) for row in receivers],
        empty="no receivers measured",
    )


def _spool(objects: int) -> Sequence[dict[str, Any]]:
    from monitor.bench.ingest import spool_speed  # noqa: PLC0415  # the command line stays quick

    return [
        {
            "bytes": speed.size,
            "spool_per_second": round(1 / speed.spool_seconds, 1),
            "floor_per_second": round(1 / speed.floor_seconds, 1),
            "ratio": round(speed.ratio, 3),
        }
        for speed in (spool_speed(size, objects=objects) for size in SIZES)
    ]


def _pixels(*, as_json: bool) -> None:
    from monitor.bench.pixels import PEERS, pixel_costs  # noqa: PLC0415  # the command line stays quick

    costs = pixel_costs(rounds=PIXEL_ROUNDS)
    rows = [
        {
            "task": cost.task,
            "milliseconds": round(cost.milliseconds, 1),
            "peer": cost.peer,
            "peer_milliseconds": None if cost.peer_milliseconds is None else round(cost.peer_milliseconds, 1),
            "ratio": None if cost.ratio is None else round(cost.ratio, 2),
        }
        for cost in costs
    ]
    if any(cost.peer and cost.ratio is None for cost in costs):
        typer.echo(f"pylibjpeg is not here: {PEERS}", err=True)
    if as_json:
        print_json(rows)
        return
    print_table(
        ("task", "ms", "peer", "peer ms", "ratio"),
        [tuple("" if value is None else value for value in row.values()) for row in rows],
        empty="nothing measured",
    )


def _receivers(images: int, rounds: int, folder: Path | None) -> Sequence[dict[str, Any]]:
    from monitor.bench.receiving import missing, receiver_speeds  # noqa: PLC0415  # the command line stays quick

    for name in missing():
        typer.echo(f"{name} is not installed; skipped", err=True)
    return [
        {
            "images": speed.kind,
            "associations": speed.associations,
            "overread_per_second": round(speed.images_per_second["overread"], 1),
            "orthanc_per_second": _rounded(speed.images_per_second.get("orthanc"), 1),
            "storescp_per_second": _rounded(speed.images_per_second.get("storescp"), 1),
            "ratio_orthanc": _rounded(speed.ratio("orthanc"), 2),
            "ratio_storescp": _rounded(speed.ratio("storescp"), 2),
        }
        for speed in receiver_speeds(images, rounds=rounds, folder=folder)
    ]


def _rounded(value: float | None, digits: int) -> float | None:
    return None if value is None else round(value, digits)


@app.command()
def drift(
    *,
    rows: Annotated[list[int] | None, typer.Option(min=100, max=1_000_000, help="Rows a window; repeatable.")] = None,
    evidently: Annotated[bool, typer.Option(help="Time evidently's default preset beside it.")] = True,
    errors: Annotated[int, typer.Option(min=0, help="Measure error rates and power instead, in so many pairs.")] = 0,
    reference: Annotated[int, typer.Option(min=50, help="Reference studies of a pair.")] = 1_000,
    current: Annotated[int, typer.Option(min=30, help="Current studies of a pair.")] = 200,
    as_json: Json = False,
) -> None:
    """Measure the drift tests against scipy, a permutation loop and evidently; or how often they err."""
    from monitor.bench import drift as speeds  # noqa: PLC0415
    from monitor.bench.drift_errors import CHANGES, cell  # noqa: PLC0415

    if errors:
        measured = [cell(change, reference, current, repetitions=errors) for change in CHANGES]
        names = ("change", "reference", "current", "repetitions", "drift", "peer")
        found = [{name: getattr(one, name) for name in names} for one in measured]
    else:
        sizes = rows or [10_000, 100_000]
        timed = [*map(speeds.distances_speed, sizes), speeds.mmd_speed(), speeds.linear_speed()]
        timed += map(speeds.evidently_speed, sizes if evidently else ())
        names = ("what", "peer", "seconds", "peer_seconds", "ratio", "gap")
        found = [{name: getattr(one, name) for name in names} for one in timed]
    if as_json:
        print_json(found)
        return
    cells = [tuple(f"{value:.4g}" if isinstance(value, float) else value for value in row.values()) for row in found]
    print_table(names, cells, empty="nothing measured")


def _hl7(*, as_json: bool) -> None:
    """Reports as fast as they are answered, and at the pace of 500 a second."""
    from monitor.bench.hl7 import MESSAGES, hl7_speed  # noqa: PLC0415  # the command line stays quick

    rows = [
        {
            "pace": "unbounded" if rate is None else f"{rate} /s",
            "messages": speed.messages,
            "per_second": round(speed.per_second, 1),
            "median_ms": round(1000 * speed.median_seconds, 1),
            "p99_ms": round(1000 * speed.p99_seconds, 1),
            "floor_per_second": round(speed.floor_per_second, 1),
            "ratio": round(speed.ratio, 2),
        }
        for rate in (None, 500)
        for speed in [hl7_speed(MESSAGES, rate=rate)]
    ]
    if as_json:
        print_json(rows)
        return
    print_table(
        ("pace", "reports", "reports /s", "median ms", "p99 ms", "write + fsync /s", "ratio"),
        [tuple(row.values()) for row in rows],
        empty="nothing measured",
    )


@app.command()
def detection(
    *,
    runs: Annotated[int, typer.Option(min=10, max=100_000, help="Simulated streams a setting.")] = 500,
    as_json: Json = False,
) -> None:
    """Measure days until a rise in discordance is seen, beside a CUSUM that knows the rise and generic detectors."""
    from monitor.bench.detection import SETTINGS, SHIFTS, measure, river_detectors  # noqa: PLC0415  # as above

    rows = [asdict(one) for setting in SETTINGS for one in measure(setting, runs=runs)]
    if not river_detectors():
        typer.echo(
            "ADWIN, Page-Hinkley and DDM are left out: `pip install river` in an environment of its own", err=True
        )
    if as_json:
        print_json({"shifts": SHIFTS, "rows": rows})
        return
    print_table(
        ("setting", "detector", "false alarms a year", *(f"days to {shift}" for shift in SHIFTS)),
        [
            (
                row["setting"],
                row["detector"],
                f"{row['false_alarms_per_year']:.3f}",
                *(f"{d:.1f}" for d in row["delays"]),
            )
            for row in rows
        ],
        empty="nothing measured",
    )
