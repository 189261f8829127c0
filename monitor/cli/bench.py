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
    hl7: Annotated[bool, typer.Option("--hl7", help="Measure HL7 reports through the socket instead.")] = False,
    messages: Annotated[int, typer.Option(min=100, max=1_000_000, help="Reports sent with --hl7.")] = 5000,
    as_json: Json = False,
) -> None:
    """Measure the spool's durable write against a bare write and fsync, for a CT slice and a radiograph."""
    if hl7:
        _hl7(messages, as_json=as_json)
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


def _hl7(messages: int, *, as_json: bool) -> None:
    """Reports as fast as they are answered, and at the pace of 500 a second."""
    from monitor.bench.hl7 import hl7_speed  # noqa: PLC0415  # the command line stays quick

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
        for speed in [hl7_speed(messages, rate=rate)]
    ]
    if as_json:
        print_json(rows)
        return
    print_table(
        ("pace", "reports", "reports /s", "median ms", "p99 ms", "write + fsync /s", "ratio"),
        [tuple(row.values()) for row in rows],
        empty="nothing measured",
    )
