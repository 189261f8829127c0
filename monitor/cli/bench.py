"""`overread bench`."""

from dataclasses import asdict
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
