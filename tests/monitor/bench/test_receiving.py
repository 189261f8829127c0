"""The receivers are measured side by side, those that are not installed left out."""

from pathlib import Path

from monitor.bench.receiving import missing, receiver_speeds


def test_each_cell_has_a_rate_for_every_receiver_that_is_here(tmp_path: Path) -> None:
    """Slices and radiographs, one association and four: ours has a rate everywhere, and so has whoever is installed."""
    cells = receiver_speeds(4, rounds=1, folder=tmp_path)
    assert [(cell.kind, cell.associations) for cell in cells] == [
        (kind, associations) for kind in ("CT 512×512", "CR 2500×2048") for associations in (1, 4)
    ]
    for cell in cells:
        assert cell.images_per_second["overread"] > 0
        assert {peer for peer in ("orthanc", "storescp") if cell.ratio(peer) is None} == set(missing())
