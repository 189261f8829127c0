"""The import contracts: which rooms open on which."""

import subprocess
import sys
import tomllib
from pathlib import Path

ROOT = Path(__file__).parents[2]


def test_import_contracts_hold() -> None:
    """No room imports what its contract forbids; the contracts and their reasons stand in pyproject.toml."""
    lint = "from importlinter.cli import lint_imports_command; lint_imports_command()"
    run = subprocess.run(
        [sys.executable, "-c", lint, "--no-cache"], cwd=ROOT, capture_output=True, text=True, timeout=120, check=False
    )
    assert run.returncode == 0, run.stdout + run.stderr
    assert "0 broken" in run.stdout


def test_every_room_is_in_a_layer() -> None:
    """A room that nobody placed would be under no rule."""
    contracts = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["importlinter"]["contracts"]
    layers = next(contract["layers"] for contract in contracts if contract["type"] == "layers")
    placed = {room.strip() for layer in layers for room in layer.split("|")}
    rooms = {path.name for path in (ROOT / "monitor").iterdir() if (path / "__init__.py").is_file()}
    modules = {path.stem for path in (ROOT / "monitor").glob("*.py")} - {"__init__", "__main__"}
    assert rooms | modules <= placed
