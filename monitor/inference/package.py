"""Model packages on disk: `<name>/<version>/{model.toml,card.md,weights.safetensors}`. Nothing in them is ever run."""

import hashlib
import tomllib
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from monitor.core.errors import PackageError
from monitor.inference.manifest import Manifest

MANIFEST, CARD, WEIGHTS = "model.toml", "card.md", "weights.safetensors"
LARGEST = {MANIFEST: 256 * 1024, CARD: 1024**2, WEIGHTS: 1024**3}
"""The largest size in bytes of each file; a larger one is not read."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Package:
    """A package: where it lies and what it says of itself."""

    folder: Path
    manifest: Manifest

    @property
    def name(self) -> str:
        """The model's name."""
        return self.manifest.name

    @property
    def version(self) -> str:
        """The model's version."""
        return self.manifest.version

    @property
    def findings(self) -> tuple[str, ...]:
        """The findings it scores, in the order of its outputs."""
        return tuple(finding.name for finding in self.manifest.findings)


def load_packages(folder: Path) -> tuple[Package, ...]:
    """Every package below a models folder, by name and version, its files verified.

    Raises:
        PackageError: the folder is missing, or a package is not what its `model.toml` says.
    """
    if not folder.is_dir():
        message = f"{folder}: not a folder; a models folder holds <name>/<version>/{MANIFEST}"
        raise PackageError(message)
    packages = tuple(load_package(path.parent) for path in sorted(folder.glob(f"*/*/{MANIFEST}")))
    for package in packages:
        verify(package)
    return packages


def load_package(folder: Path) -> Package:
    """Read and validate the `model.toml` of one package folder; its other files are left for `verify`.

    Raises:
        PackageError: naming file, field, value and what would be accepted.
    """
    path = folder / MANIFEST
    try:
        content = tomllib.loads(_bounded(path).decode())
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        message = f"{path}: not TOML in UTF-8: {error}"
        raise PackageError(message) from error
    try:
        manifest = Manifest.model_validate(content)
    except ValidationError as error:
        raise PackageError("\n".join(f"{path}: {_told(problem)}" for problem in error.errors())) from error
    if (folder.parent.name, folder.name) != (manifest.name, manifest.version):
        says = f"its folder says {folder.parent.name}/{folder.name}"
        message = f"{path}: name {manifest.name!r}, version {manifest.version!r}; {says}"
        raise PackageError(message)
    return Package(folder=folder, manifest=manifest)


def verify(package: Package) -> None:
    """Check that every file of a package is the one its `model.toml` names.

    Raises:
        PackageError: a file is missing, too large, or has another sha256; names the file and both digests.
    """
    for name in (CARD, WEIGHTS):
        read_verified(package, name)


def read_verified(package: Package, name: str) -> bytes:
    """The bytes of one file of a package, which are those its `model.toml` names.

    What is checked is what is returned: nothing can change between the two.

    Raises:
        PackageError: the file is missing, too large, or has another sha256.
    """
    path = package.folder / name
    content = _bounded(path)
    expected = package.manifest.files.weights if name == WEIGHTS else package.manifest.files.card
    found = hashlib.sha256(content).hexdigest()
    if found != expected:
        message = f"{path}: sha256 is {found}; {MANIFEST} says {expected}"
        raise PackageError(message)
    return content


def _bounded(path: Path) -> bytes:
    """The content of a file, unless it is larger than its kind may be."""
    limit = LARGEST[path.name]
    try:
        with path.open("rb") as file:
            content = file.read(limit + 1)
    except OSError as error:
        message = f"{path}: cannot be read ({error.strerror}); a package holds {MANIFEST}, {CARD} and {WEIGHTS}"
        raise PackageError(message) from error
    if len(content) > limit:
        message = f"{path}: larger than {limit} bytes, the most that is accepted"
        raise PackageError(message)
    return content


def _told(problem: Any) -> str:
    """A validation problem as field, value and what would be accepted."""
    field = ".".join(str(part) for part in problem["loc"]) or "the file"
    value = problem["input"]
    shown = "" if isinstance(value, dict) else f" is {value!r:.80}"
    return f"{field}{shown}: {problem['msg']}"
