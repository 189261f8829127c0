"""`overread serve` and `overread dashboard`."""

from enum import StrEnum
from typing import Annotated

import typer


class Which(StrEnum):
    """The roles a person may ask for."""

    RECEIVER = "receiver"
    WORKER = "worker"
    EVALUATOR = "evaluator"
    API = "api"
    ALL = "all"


def serve(
    role: Annotated[Which, typer.Option(help="One process of the sidecar, or all of them supervised.")] = Which.ALL,
    *,
    supervised: Annotated[bool, typer.Option("--supervised", hidden=True)] = False,
) -> None:
    """Run the sidecar: DICOM and HL7 listeners, scoring, pairing, verdicts, /metrics. Prints `ready` on stderr."""
    from monitor import settings  # noqa: PLC0415  # the command line stays quick
    from monitor.service.roles import Role, run  # noqa: PLC0415
    from monitor.service.supervisor import prepare, supervise  # noqa: PLC0415

    loaded = settings.load()
    if role is Which.ALL:
        supervise(loaded)
        return
    if not supervised:
        prepare(loaded)
    run(Role(role), loaded, supervised=supervised)


def dashboard() -> None:
    """Open the Streamlit dashboard on what the sidecar has stored."""
    import os  # noqa: PLC0415

    from dashboard import launch  # noqa: PLC0415
    from monitor import settings  # noqa: PLC0415

    command = launch.command(settings.load())
    os.execv(command[0], command)  # noqa: S606  # our own interpreter; the dashboard takes this process's place
