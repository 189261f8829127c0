import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from monitor.cli.reads import app


def _run(*arguments: str, text: str | bytes = "") -> tuple[int, str, str]:
    result = CliRunner().invoke(app, ["label", *arguments], input=text)
    return result.exit_code, result.stdout, result.stderr


def test_lines_in_lines_out(tmp_path: Path) -> None:
    """Each line in gives a line out with status, labels, evidence and labeler, from a file as from standard input."""
    rows = [{"id": "1", "text": "The heart is enlarged."}, {"id": "2", "text": "Kein Erguss, das Herz ist normal."}]
    text = "\n".join(json.dumps(row) for row in rows)
    file = tmp_path / "reports.jsonl"
    file.write_text(text)
    code, out, _ = _run("--json", text=text)
    assert (code, out) == _run(str(file), "--json")[:2]
    first, second = (json.loads(line) for line in out.splitlines())
    assert (first["id"], first["status"], first["labels"]["cardiomegaly"]) == ("1", "ok", "present")
    assert first["evidence"]["cardiomegaly"] == [4, 21]
    assert first["labeler"].startswith("rules/chest-radiograph.en@")
    assert (second["status"], second["labels"], second["evidence"]) == ("unsupported_language", {}, {})


@pytest.mark.parametrize(
    ("line", "named"),
    [
        (b"{", "line: not a JSON object"),
        (b"[]", "line: not a JSON object"),
        (b'\xff{"id"}', "line: not a JSON object"),
        (b'{"id": "1"}', "text: missing"),
        (b'{"text": "SECRET"}', "id: missing"),
        (b'{"id": "1", "text": "SECRET", "language": 5}', "language: int"),
        (b'{"id": "1", "text": 5}', "text: int"),
        (json.dumps({"id": "1", "text": "SECRET " * 40_000}).encode(), "text: 280000 characters"),
    ],
)
def test_a_malformed_line_is_named(line: bytes, named: str) -> None:
    """A malformed line is named by file, number and field with what is accepted, exit 2, and its text is not quoted."""
    code, _, err = _run("--json", text=b'{"id": "0", "text": "Normal chest."}\n' + line)
    assert code == 2
    assert f"standard input: line 2: {named}" in err
    assert "accepted" in err
    assert "SECRET" not in err


def test_unknown_profile() -> None:
    """An unknown profile is refused with exit 2 and the accepted names."""
    code, _, err = _run("--profile", "knee")
    assert code == 2
    assert "chest-radiograph" in err


def test_missing_file(tmp_path: Path) -> None:
    """A file that cannot be read is named, exit 2."""
    code, _, err = _run(str(tmp_path / "none.jsonl"))
    assert code == 2
    assert "none.jsonl" in err


def test_grades_sizes_and_sides_come_along() -> None:
    """A line says the grade, the size and the side of what it labels, as JSON and in words."""
    text = json.dumps({"id": "1", "text": "Left upper lobe nodule, 1.2 x 0.8 cm. Lung-RADS 4A."})
    code, out, _ = _run("--profile", "chest-ct", "--json", text=text)
    row = json.loads(out)
    assert code == 0
    assert row["labels"]["lung_rads"] == row["labels"]["nodule"] == "present"
    assert row["grades"] == {"lung_rads": "4A"}
    assert row["measurements"] == {"nodule": {"value": 12.0, "unit": "mm"}}
    assert row["laterality"] == {"nodule": "left"}
    _, words, _ = _run("--profile", "chest-ct", text=text)
    assert "nodule=present (12 mm, left)" in words
    assert "lung_rads=present (4A)" in words


def test_unknown_labeler() -> None:
    """A labeler that is not installed is refused with exit 2 and the accepted names."""
    code, _, err = _run("--labeler", "other")
    assert code == 2
    assert "accepted: rules" in err
