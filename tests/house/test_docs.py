"""What is documented is what there is."""

import re
import shlex
from pathlib import Path

import pytest
import typer

from monitor.cli.app import app
from monitor.settings import Settings, rows

ROOT = Path(__file__).parents[2]


def test_every_setting_is_documented_with_its_meaning() -> None:
    """docs/settings.md has one row for each setting, and none for what is no setting."""
    page = (ROOT / "docs/settings.md").read_text(encoding="utf-8")
    listed = re.findall(r"^\| `(OVERREAD_\w+)` \| .* \| (.+) \|$", page, re.MULTILINE)
    assert listed == [(name, meaning) for name, _, meaning in rows(Settings.model_construct())]


def _documented() -> list[str]:
    """Every `overread …` command line in the README, the doors' page and the runbooks."""
    pages = [ROOT / "README.md", ROOT / "docs/doors.md", *sorted((ROOT / "alerts/runbooks").glob("*.md"))]
    text = "\n".join(page.read_text(encoding="utf-8") for page in pages)
    return sorted(set(re.findall(r"(?:^|`)(overread [a-z][^`#\n|]*)", text, re.MULTILINE)))


@pytest.mark.parametrize("line", _documented())
def test_every_documented_command_exists(line: str) -> None:
    """The README and the runbooks name only commands and options that the command line has."""
    command = typer.main.get_command(app)
    for word in shlex.split(line.strip())[1:]:
        if word.startswith("--"):
            assert word in {option for parameter in command.params for option in parameter.opts}, line
        elif hasattr(command, "commands"):
            assert word in command.commands, line
            command = command.commands[word]
