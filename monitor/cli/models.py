"""`overread models`."""

from pathlib import Path
from typing import Annotated, Any

import typer

from monitor.cli.output import Json, print_json, print_table

app = typer.Typer(help="Model packages.", no_args_is_help=True)


@app.command("list")
def list_models(*, as_json: Json = False) -> None:
    """List the packages in the models folder."""
    from monitor import settings  # noqa: PLC0415  # the command line stays quick
    from monitor.inference.package import load_packages  # noqa: PLC0415
    from monitor.service import rooms  # noqa: PLC0415

    packages = load_packages(rooms.models_dir(settings.load()))
    rows = [(package.name, package.version, package.manifest.title, list(package.findings)) for package in packages]
    if as_json:
        print_json([dict(zip(("model", "version", "title", "findings"), row, strict=True)) for row in rows])
        return
    print_table(
        ("model", "version", "title", "findings"),
        [(name, version, title, ", ".join(findings)) for name, version, title, findings in rows],
        empty="No package here; OVERREAD_MODELS__DIR names the folder.",
    )


@app.command()
def show(name: Annotated[str, typer.Argument(help="The package's name.")], *, as_json: Json = False) -> None:
    """Show a package's model.toml and its card."""
    from monitor import settings  # noqa: PLC0415
    from monitor.core.errors import UsageError  # noqa: PLC0415
    from monitor.inference.package import load_packages  # noqa: PLC0415
    from monitor.service import rooms  # noqa: PLC0415

    packages = load_packages(rooms.models_dir(settings.load()))
    chosen = [package for package in packages if package.name == name]
    if not chosen:
        known = ", ".join(sorted({package.name for package in packages})) or "none"
        message = f"no package {name!r}; there are: {known}"
        raise UsageError(message)
    for package in chosen:
        if as_json:
            print_json(package.manifest.model_dump(mode="json"))
        else:
            typer.echo((package.folder / "card.md").read_text(encoding="utf-8"))


@app.command()
def verify(*, as_json: Json = False) -> None:
    """Check every package: digests, model.toml, and its self-test on this machine."""
    from monitor import settings  # noqa: PLC0415
    from monitor.inference.runner import load_scorers  # noqa: PLC0415
    from monitor.service import rooms  # noqa: PLC0415

    loaded = settings.load()
    scorers = load_scorers(rooms.models_dir(loaded), loaded.device)
    rows = [{"model": scorer.model, "version": scorer.version, "verified": True} for scorer in scorers]
    if as_json:
        print_json(rows)
        return
    print_table(
        ("model", "version", "verdict"),
        [(row["model"], row["version"], "digests and self-test hold") for row in rows],
        empty="No package here; OVERREAD_MODELS__DIR names the folder.",
    )


@app.command()
def score(path: Annotated[Path, typer.Argument(exists=True, help="A DICOM file, or a folder of them.")]) -> None:
    """Score DICOM files with every package that accepts them; one JSON line a file, nothing stored."""
    from monitor import settings  # noqa: PLC0415
    from monitor.service.scoring import score_files  # noqa: PLC0415

    row: dict[str, Any]
    for row in score_files(settings.load(), path):
        print_json(row)
