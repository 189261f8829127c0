"""`overread bench`."""

from typing import Annotated

import typer

from monitor.cli.output import Json, print_json, print_table

app = typer.Typer(help="Ratios against a limit measured in the same run.", no_args_is_help=True)

SIZES = (512 << 10, 10 << 20)
PIXEL_ROUNDS = 9


@app.callback()
def root() -> None:
    """Ratios against a limit measured in the same run."""


@app.command()
def ingest(
    *,
    objects: Annotated[int, typer.Option(min=1, max=10_000, help="Objects a round.")] = 40,
    pixels: Annotated[bool, typer.Option("--pixels", help="Decoding, statistics and the jail instead.")] = False,
    as_json: Json = False,
) -> None:
    """Measure the spool's durable write against a bare write and fsync, for a CT slice and a radiograph."""
    if pixels:
        _pixels(as_json=as_json)
        return
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
