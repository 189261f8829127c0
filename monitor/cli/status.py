"""`overread status`."""

from monitor.cli.output import Json, print_json, print_table


def status(*, as_json: Json = False) -> None:
    """Say where everything received stands: received = scored + excluded + failed + pending."""
    from monitor import settings  # noqa: PLC0415  # the command line stays quick
    from monitor.service import rooms  # noqa: PLC0415
    from monitor.service.clocks import clock_of  # noqa: PLC0415

    loaded = settings.load()
    store = rooms.open_store(loaded)
    waiting = rooms.open_spool(loaded).waiting() if loaded.spool_dir.is_dir() else 0
    found = store.status(now=clock_of(loaded.clock.file).now(), waiting=waiting)
    if as_json:
        print_json(found.as_json())
        return
    studies, reads, pairs = found.studies, found.reads, found.pairs
    rows: list[tuple[str, object, str]] = [
        ("studies received", studies.received, "= scored + excluded + failed + pending"),
        ("  scored", studies.scored, ""),
        ("  excluded", sum(studies.excluded.values()), _reasons(studies.excluded)),
        ("  failed", sum(studies.failed.values()), _reasons(studies.failed)),
        ("  pending", studies.pending, "" if studies.balanced else "the equation does not hold: please report this"),
        ("  partial", studies.partial, "their association broke off"),
        ("  dead letters", studies.dead_letters, "tried as often as allowed; overread studies list --dead"),
        ("instances in conflict", studies.conflicts, "same UID, other bytes"),
        ("reads received", reads.received, ""),
        ("  final or corrected", reads.final + reads.corrected, f"{reads.preliminary} preliminary"),
        ("  retracted", reads.retracted, ""),
        ("  quarantined", reads.quarantined, ""),
        ("  without a study", reads.unmatched, ""),
        ("pairs counted", pairs.counted, _reasons(pairs.by_match)),
    ]
    if found.oldest_pending_seconds is not None:
        rows.append(("oldest pending", f"{found.oldest_pending_seconds:.0f} s", ""))
    print_table(("", "", ""), rows, empty="")


def _reasons(counts: object) -> str:
    return ", ".join(f"{n} {name}" for name, n in counts.items()) if isinstance(counts, dict) else ""
