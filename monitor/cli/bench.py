"""`overread bench`."""

from typing import Annotated

import typer

from monitor.cli.output import Json, print_json, print_table

app = typer.Typer(help="Ratios against a limit measured in the same run.", no_args_is_help=True)

SIZES = (512 << 10, 10 << 20)


@app.callback()
def root() -> None:
    """Ratios against a limit measured in the same run."""


@app.command()
def ingest(
    *,
    objects: Annotated[int, typer.Option(min=1, max=10_000, help="Objects a round.")] = 40,
    as_json: Json = False,
) -> None:
    """Measure the spool's durable write against a bare write and fsync, for a CT slice and a radiograph."""
    from monitor.bench.ingest import spool_speed  # noqa: PLC0415  # the command line stays quick

    speeds = [spool_speed(size, objects=objects) for size in SIZES]
    rows = [
        {
            "bytes": speed.size,
            "spool_per_second": round(1 / speed.spool_seconds, 1),
            "floor_per_second": round(1 / speed.floor_seconds, 1),
            "ratio": round(speed.ratio, 3),
        }
        for speed in speeds
    ]
    if as_json:
        print_json(rows)
        return
    print_table(
        ("bytes", "spool /s", "write + fsync /s", "ratio"),
        [tuple(row.values()) for row in rows],
        empty="nothing measured",
    )


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
