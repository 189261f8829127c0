import re
import tomllib
from pathlib import Path

ROOT = Path(__file__).parents[2]
DOCKERFILE = (ROOT / "Dockerfile").read_text().replace("\\\n", " ")
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())


def instructions(word: str) -> list[str]:
    """What follows an instruction, wherever it stands."""
    return re.findall(rf"^{word} +(.*)$", DOCKERFILE, flags=re.MULTILINE)


def copied() -> set[str]:
    """What is copied from the source tree."""
    return {source for line in instructions("COPY") if "--from" not in line for source in line.split()[:-1]}


def test_what_is_copied_exists() -> None:
    """Every source of a COPY is there."""
    assert all((ROOT / source).exists() for source in copied())


def test_what_is_copied_is_all_that_is_sent() -> None:
    """The build context holds what is copied and nothing besides: no data, no secrets."""
    lines = (ROOT / ".dockerignore").read_text().splitlines()
    assert lines[0] == "*"
    assert {line[1:] for line in lines if line.startswith("!")} == copied()


def test_everything_packaged_is_copied() -> None:
    """Every package of the wheel and every file its metadata names is there when it is built."""
    wheel = set(PROJECT["tool"]["hatch"]["build"]["targets"]["wheel"]["packages"])
    assert wheel | {PROJECT["project"]["readme"], *PROJECT["project"]["license-files"]} <= copied()


def test_image_does_not_run_as_root() -> None:
    """The last user is the one the chart runs as."""
    assert instructions("USER") == ["10001:10001"]
    assert "runAsUser: 10001" in (ROOT / "helm" / "overread" / "templates" / "_parts.tpl").read_text()


def test_image_runs_the_command() -> None:
    """The entrypoint is the package's script, on a Python it supports, and its health is asked of the API."""
    assert instructions("ENTRYPOINT") == ['["overread"]']
    assert "overread" in PROJECT["project"]["scripts"]
    assert all(base.startswith("python:3.11-slim") for base in instructions("FROM"))
    assert PROJECT["project"]["requires-python"] == ">=3.11"
    assert "127.0.0.1:8080/healthz" in instructions("HEALTHCHECK")[0]
