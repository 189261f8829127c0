"""The drift report people read: evidently's pages, with our verdict above them. It decides nothing."""

import os
from html import escape
from pathlib import Path
from typing import TYPE_CHECKING

from monitor.drift.columns import Tested
from monitor.drift.compare import Comparison

if TYPE_CHECKING:
    import pandas as pd


def write_report(reference: "pd.DataFrame", current: "pd.DataFrame", path: Path, *, comparison: Comparison) -> None:
    """Write one HTML file: our verdict and figures, then evidently's plots of every column.

    evidently's own share of drifted columns stays in its pages as a description; at hospital window sizes it calls
    drift on quiet days, which the file says.

    Args:
        reference: the reference window, a column a feature.
        current: the current window, the same columns.
        path: where to write; an existing file is replaced.
        comparison: what `compare` said of the two.
    """
    page = described(reference, current)
    head, tag, body = page.partition("<body>")
    verdict = f"<section>{_verdict(comparison)}</section>"
    path.write_text(f"{head}{tag}{verdict}{body}" if tag else verdict + page, encoding="utf-8")


def described(reference: "pd.DataFrame", current: "pd.DataFrame") -> str:
    """Evidently's default pages of two windows, as HTML; telemetry is off before it is imported."""
    os.environ["DO_NOT_TRACK"] = "1"  # written, not read: evidently has no other switch
    from evidently import Report  # noqa: PLC0415  four seconds to import, and only reports need it
    from evidently.presets import DataDriftPreset  # noqa: PLC0415

    snapshot = Report([DataDriftPreset()]).run(current, reference)
    return str(snapshot.get_html_str(as_iframe=False))


def _verdict(comparison: Comparison) -> str:
    tested = [*comparison.columns, *([comparison.embedding] if comparison.embedding else [])]
    rows = "".join(_row(one) for one in sorted(tested, key=lambda one: (one.p_adjusted is None, one.p_adjusted)))
    return (
        f"<h1>Overread: {escape(comparison.verdict.value)}</h1>"
        f"<p>{comparison.n_reference} reference and {comparison.n_current} current studies; a false verdict of drift "
        f"has probability at most {comparison.alpha:g} over all columns together. The pages below describe; they were "
        "not used for this verdict, and their own drift share is not calibrated for windows of this size.</p>"
        "<table><tr><th>column</th><th>test</th><th>effect</th><th>adjusted p</th><th>drifted</th></tr>"
        f"{rows}</table>"
    )


def _row(one: Tested) -> str:
    effect = "–" if one.effect is None else f"{one.effect:.3f}"
    p_adjusted = "–" if one.p_adjusted is None else f"{one.p_adjusted:.2g}"
    cells = [one.column, one.test, effect, p_adjusted, "yes" if one.drifted else "no"]
    return "<tr>" + "".join(f"<td>{escape(cell)}</td>" for cell in cells) + "</tr>"
