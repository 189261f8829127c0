"""`overread studies import` and `pull`: what they print, and how they end."""

import json
import os
import shutil
import time
from pathlib import Path

import pytest
from typer.testing import CliRunner

from monitor.cli.app import app
from monitor.core.errors import OverreadError
from tests.acceptance.sidecar import free_port
from tests.monitor.ingest.files import dicom_file


@pytest.fixture(autouse=True)
def site(tmp_path: Path, sqlite_template: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A data folder with an empty store, and no setting of whoever runs the tests."""
    for name in os.environ:
        if name.upper().startswith("OVERREAD_"):
            monkeypatch.delenv(name)
    shutil.copy(sqlite_template, tmp_path / "overread.sqlite")
    monkeypatch.setenv("OVERREAD_DATA_DIR", str(tmp_path))
    return tmp_path


@pytest.fixture
def files(tmp_path: Path) -> Path:
    """Two images, one of them twice, and a note."""
    folder = tmp_path / "Canary^Clara"
    folder.mkdir()
    for name, number in (("a", 1), ("b", 2), ("c", 2)):
        (folder / name).write_bytes(dicom_file(number))
    (folder / "note").write_text("no image")
    return folder


def run(*arguments: str) -> tuple[int, str]:
    """One `overread studies` command; its exit code and output. An error of ours is raised, as `main` would get it."""
    result = CliRunner().invoke(app, ["studies", *arguments])
    if isinstance(result.exception, OverreadError):
        raise result.exception
    return result.exit_code, result.stdout


def test_an_import_counts_what_it_found(files: Path) -> None:
    """A dry run, the run and the run after it give the same names; only the second takes anything."""
    dry, first, again = (
        json.loads(run("import", str(files), "--json", *options)[1]) for options in (["--dry-run"], [], [])
    )
    taken = {"found": 4, "imported": 2, "known": 1, "skipped": {"not_dicom": 1}, "refused": {}}
    assert dry == {"dry_run": True, **taken}
    assert first == {"dry_run": False, **taken}
    assert (again["imported"], again["known"]) == (0, 3)
    code, table = run("import", str(files))
    assert code == 0
    assert [line.split()[:2] for line in table.splitlines()[1:]] == [
        ["found", "4"],
        ["imported", "0"],
        ["known", "3"],
        ["skipped", "1"],
        ["refused", "0"],
    ]


def test_a_refused_file_ends_in_one(files: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where an image could not be taken, the exit code says so and the count says why."""
    monkeypatch.setenv("OVERREAD_DICOM__MAX_OBJECT_BYTES", str(1 << 20))
    (files / "large").write_bytes(dicom_file(3, pixels=800))
    code, text = run("import", str(files), "--json")
    assert (code, json.loads(text)["refused"]) == (1, {"too_large": 1})


def test_a_single_file_is_taken(files: Path) -> None:
    """A path may be one file."""
    assert json.loads(run("import", str(files / "a"), "--json")[1])["imported"] == 1


@pytest.mark.parametrize(
    ("arguments", "code", "said"),
    [
        (["import", "/nowhere"], 2, "/nowhere: no such file or folder; accepted: a DICOM file"),
        (["pull"], 2, "OVERREAD_DICOMWEB__URL is not set; accepted: the DICOMweb service of an archive"),
    ],
)
def test_a_mistake_is_named(arguments: list[str], code: int, said: str) -> None:
    """A path that is not there and an archive that was not set are the user's to mend, and are told apart."""
    with pytest.raises(OverreadError, match=said) as caught:
        run(*arguments)
    assert caught.value.exit_code == code


def test_an_archive_that_is_away_is_a_service_unreachable(monkeypatch: pytest.MonkeyPatch) -> None:
    """A pull from where nobody listens is tried a few times and ends with 4."""
    waits: list[float] = []
    monkeypatch.setattr(time, "sleep", waits.append)
    monkeypatch.setenv("OVERREAD_DICOMWEB__URL", f"http://127.0.0.1:{free_port()}/dicom-web")
    with pytest.raises(OverreadError, match="it does not answer") as caught:
        run("pull", "--since", "2026-03-01")
    assert caught.value.exit_code == 4
    assert len(waits) > 1
