"""The report for people."""

import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from monitor.drift.compare import compare
from monitor.drift.report import write_report
from monitor.drift.sample import Sample


@pytest.mark.filterwarnings("ignore")  # evidently's own, at import and while it plots
def test_verdict_stands_above_evidentlys_pages(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The file opens with our verdict, its names escaped, holds evidently's report, and telemetry is off."""
    monkeypatch.delenv("DO_NOT_TRACK", raising=False)
    rng = np.random.default_rng(1)
    columns = [{"<b>": rng.normal(size=n), "x": rng.normal(size=n)} for n in (200, 60)]
    comparison = compare(Sample(numeric=columns[0]), Sample(numeric=columns[1]))
    path = tmp_path / "report.html"
    write_report(pd.DataFrame(columns[0]), pd.DataFrame(columns[1]), path, comparison=comparison)
    page = path.read_text()
    assert "<h1>Overread: no_drift</h1>" in page
    assert "<td>&lt;b&gt;</td>" in page
    assert page.count("<script") >= 1
    assert len(page) > 100_000
    assert os.environ["DO_NOT_TRACK"] == "1"


def test_evidently_is_not_imported_before_it_is_needed() -> None:
    """Importing the drift room leaves evidently and pandas alone: they take seconds."""
    code = "import sys, monitor.drift.report, monitor.cli.drift; print({'evidently', 'pandas'} & set(sys.modules))"
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert run.stdout.strip() == "set()"
