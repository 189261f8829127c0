import hashlib
import re
from pathlib import Path

import pytest

from monitor.core.errors import PackageError
from monitor.core.series import SeriesRule
from monitor.inference import package as packages
from monitor.inference.package import Package, load_package, load_packages, verify


def rewrite(folder: Path, old: str, new: str) -> None:
    """Replace the first match of a pattern in a package's model.toml."""
    path = folder / "model.toml"
    text, count = re.subn(old, new, path.read_text(), count=1, flags=re.MULTILINE)
    assert count == 1
    path.write_text(text)


def test_the_committed_package_is_what_it_says(package: Package) -> None:
    """The reference package verifies, names its five findings and stays small."""
    verify(package)
    assert package.findings == ("pleural_effusion", "cardiomegaly", "consolidation", "pneumothorax", "nodule")
    assert (package.folder / "weights.safetensors").stat().st_size <= 3_000_000


def test_packages_are_found_by_name_and_version(copied: Path) -> None:
    """Every <name>/<version>/model.toml below the models folder is a package."""
    (loaded,) = load_packages(copied.parents[1])
    assert (loaded.name, loaded.version) == ("chest-phantom", "1.0.0")


def test_a_missing_models_folder_is_named(tmp_path: Path) -> None:
    """A models folder that is not there is an error, not an empty one."""
    with pytest.raises(PackageError, match="nowhere: not a folder"):
        load_packages(tmp_path / "nowhere")


@pytest.mark.parametrize("name", ["weights.safetensors", "card.md"])
def test_a_changed_file_is_refused_with_both_digests(copied: Path, name: str) -> None:
    """One flipped bit is refused, naming the file, the digest found and the digest expected."""
    content = bytearray((copied / name).read_bytes())
    expected = hashlib.sha256(content).hexdigest()
    content[-1] ^= 1
    (copied / name).write_bytes(content)
    with pytest.raises(PackageError) as caught:
        load_packages(copied.parents[1])
    assert all(part in str(caught.value) for part in (name, expected, hashlib.sha256(content).hexdigest()))


@pytest.mark.parametrize("name", ["weights.safetensors", "card.md"])
def test_a_missing_file_is_named(copied: Path, name: str) -> None:
    """A file that is not there is named with what a package holds."""
    (copied / name).unlink()
    with pytest.raises(PackageError, match=f"{re.escape(name)}: cannot be read"):
        verify(load_package(copied))


def test_a_huge_file_is_not_read(copied: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A file above its limit is refused before it is held in memory."""
    monkeypatch.setitem(packages.LARGEST, "card.md", 10)
    with pytest.raises(PackageError, match=r"card\.md: larger than 10 bytes"):
        verify(load_package(copied))


@pytest.mark.parametrize(
    ("old", "new", "told"),
    [
        (r"^operating_point = .*$", "operating_point = 1.5", r"findings\.0\.operating_point is 1\.5: .*less than 1"),
        (r"^operating_point = .*$", "operating_point = nan", r"findings\.0\.operating_point is nan"),
        (r"^architecture = .*$", 'architecture = "perceptron"', r"'perceptron'.*accepted are .*resnet"),
        (r"^task =", 'mood = "good"\ntask =', r"mood is 'good': Extra inputs are not permitted"),
        (r"^clip = .*$", "clip = [99.0, 1.0]", "first percentile must be below"),
        (r"^statistic = .*$", 'statistic = "accuracy"', r"claims\.0\.statistic is 'accuracy'.*'agreement'"),
        (r"^finding = .*$", 'finding = "fracture"', "claims of finding fracture; accepted are any, pleural_effusion"),
        (r'^"weights.safetensors" = .*$', '"weights.safetensors" = "../../x"', r"files\.weights\.safetensors"),
        (r"^version = .*$", 'version = "2.0.0"', "its folder says chest-phantom/1.0.0"),
        (r"^scores = \[", "scores = [0.5, ", "one per finding, 5, are needed"),
        (r"^task =", "task", "not TOML"),
        (r"^sd = .*$", "sd = 1.0\nvoi = 7", "preprocessing.voi is 7"),
        (r"^\[network\]$", '[series]\nprefer = "best"\n[network]', "series.prefer is 'best': .*'thinnest'"),
        (r"^\[network\]$", "[series]\nmin_slices = 0\n[network]", "series.min_slices is 0"),
    ],
)
def test_a_bad_field_is_named(copied: Path, old: str, new: str, told: str) -> None:
    """An error names the file, the field, its value and what would be accepted."""
    rewrite(copied, old, new)
    with pytest.raises(PackageError, match=told) as caught:
        load_package(copied)
    assert str(copied / "model.toml") in str(caught.value)


def test_a_package_says_which_series_it_is_for(copied: Path, package: Package) -> None:
    """[series] becomes the rule of the core; a package that says nothing takes the first image it accepts."""
    assert package.manifest.series.rule == SeriesRule()
    rule = (
        '[series]\norientation = "axial"\nkernels = ["B3?F"]\nmin_slices = 16\nprefer = "thinnest"\n\n[preprocessing]'
    )
    rewrite(copied, r"^\[preprocessing\]$", rule.replace("\n", "\\n"))
    expected = SeriesRule(orientation="axial", kernels=("B3?F",), min_slices=16, prefer="thinnest")
    assert load_package(copied).manifest.series.rule == expected
