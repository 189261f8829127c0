import copy
import re
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pydicom
import pytest
import torch
from pydicom.data import get_testdata_file

from monitor.core.errors import PackageError, SettingError
from monitor.core.ports import Decoded, Scored, Scorer
from monitor.core.study import Exclusion, Failure, Instance, Study
from monitor.inference.golden import golden_image
from monitor.inference.package import Package
from monitor.inference.runner import Pixels, TorchScorer, chosen_device, load_scorers

MODELS = Path(__file__).parents[3] / "models"
NOON = datetime(2026, 3, 2, 12, 0, tzinfo=UTC)

Build = Callable[[str], Study]


def noise(seed: int) -> Pixels:
    """An image of nothing in particular."""
    return np.random.default_rng(seed).normal(500, 100, (200 + 10 * seed, 180)).astype(np.float32)


def batch(study: Build, images: list[Pixels]) -> list[tuple[Study, Decoded[Pixels]]]:
    """The images as studies of consecutive keys."""
    return [(study(f"s{i}"), Decoded(pixels=p, statistics={"mean": 1.5})) for i, p in enumerate(images)]


@pytest.fixture
def poisoned(scorer: TorchScorer) -> TorchScorer:
    """The reference scorer with one weight that is not a number."""
    bad = copy.copy(scorer)
    bad._network = copy.deepcopy(scorer._network)
    with torch.no_grad():
        bad._network.head.bias[2] = float("nan")
    return bad


def test_every_package_below_the_models_folder_gets_a_scorer() -> None:
    """Loading the models folder gives a scorer of every package, ready to score."""
    scorers: list[Scorer[Pixels]] = list(load_scorers(MODELS, "cpu"))
    assert ("chest-phantom", "1.0.0") in [(scorer.model, scorer.version) for scorer in scorers]


def test_a_study_gets_a_score_for_every_finding(scorer: TorchScorer, study: Build) -> None:
    """Scores are rounded probabilities, calls follow the operating points, and the embedding comes with them."""
    (result,) = scorer.score(batch(study, [noise(1)]), scored_at=NOON)
    assert isinstance(result, Scored)
    assert tuple(p.finding for p in result.predictions) == scorer.package.findings
    for prediction in result.predictions:
        assert 0 <= prediction.score <= 1
        assert prediction.score == round(prediction.score, 6)
        assert prediction.call == (prediction.score >= prediction.operating_point)
        assert (prediction.study, prediction.scored_at) == ("s0", NOON)
    assert 0 < len(result.features.embedding) <= 64
    assert result.features.statistics == {"mean": 1.5}
    assert result.features.latency_seconds > 0


def test_a_batch_scores_as_its_studies_would_alone(scorer: TorchScorer, study: Build) -> None:
    """Company changes no score by more than 1e-5."""
    images = [noise(seed) for seed in range(6)]
    together = scorer.score(batch(study, images), scored_at=NOON)
    for image, result in zip(images, together, strict=True):
        (alone,) = scorer.score(batch(study, [image]), scored_at=NOON)
        assert isinstance(result, Scored)
        assert isinstance(alone, Scored)
        for a, b in zip(alone.predictions, result.predictions, strict=True):
            assert a.score == pytest.approx(b.score, abs=1e-5)


def test_an_empty_batch_gives_nothing(scorer: TorchScorer) -> None:
    """No studies, no results."""
    assert list(scorer.score([], scored_at=NOON)) == []


def test_an_output_that_is_no_number_is_never_a_negative(poisoned: TorchScorer, study: Build) -> None:
    """A network that answers NaN gives INVALID_OUTPUT for the study, and no prediction at all."""
    assert poisoned.score(batch(study, [noise(1), noise(2)]), scored_at=NOON) == [Failure.INVALID_OUTPUT] * 2


def test_pixels_that_are_no_numbers_are_invalid_for_their_study_alone(scorer: TorchScorer, study: Build) -> None:
    """A NaN among the pixels of one study leaves the others their scores."""
    hole = noise(2)
    hole[5, 5] = np.nan
    first, second, third = scorer.score(batch(study, [noise(1), hole, noise(3)]), scored_at=NOON)
    assert second is Failure.INVALID_OUTPUT
    assert isinstance(first, Scored)
    assert isinstance(third, Scored)


def test_only_the_culprit_of_a_failed_batch_fails(scorer: TorchScorer, study: Build) -> None:
    """An image that cannot be prepared is a SCORING_ERROR; those beside it are scored."""
    images = [noise(1), np.zeros((0, 0), dtype=np.float32), noise(3)]
    first, second, third = scorer.score(batch(study, images), scored_at=NOON)
    assert second is Failure.SCORING_ERROR
    assert isinstance(first, Scored)
    assert isinstance(third, Scored)


@pytest.mark.parametrize(
    ("acquisition", "expected"),
    [
        ({}, None),
        ({"modality": "CR"}, None),
        ({"view_position": "AP"}, None),
        ({"view_position": "unknown"}, None),
        ({"body_part": "THORAX"}, None),
        ({"modality": "CT"}, Exclusion.WRONG_MODALITY),
        ({"modality": "unknown"}, Exclusion.WRONG_MODALITY),
        ({"body_part": "HAND"}, Exclusion.WRONG_BODY_PART),
        ({"body_part": "unknown"}, Exclusion.WRONG_BODY_PART),
        ({"view_position": "LL"}, Exclusion.WRONG_VIEW),
        ({"view_position": "LATERAL"}, Exclusion.WRONG_VIEW),
        ({"modality": "CT", "view_position": "LL"}, Exclusion.WRONG_MODALITY),
        ({"unusable": Exclusion.TOO_LARGE}, Exclusion.TOO_LARGE),
        ({"unusable": Exclusion.TOO_LARGE, "modality": "CT"}, Exclusion.WRONG_MODALITY),
        ({"unusable": Exclusion.UNSUPPORTED_SOP_CLASS, "modality": "SR"}, Exclusion.UNSUPPORTED_SOP_CLASS),
    ],
)
def test_only_what_the_package_was_made_for_is_accepted(
    scorer: TorchScorer,
    instance: Callable[..., Instance],
    acquisition: dict[str, str],
    expected: Exclusion | None,
) -> None:
    """Modality, body part and view must be the package's, and the instance usable."""
    assert scorer.accepts(instance(**acquisition)) == expected


def test_a_package_that_misses_its_golden_scores_is_refused(copied: Path) -> None:
    """Weights that do not give the golden scores are refused when they are loaded."""
    path = copied / "model.toml"
    path.write_text(
        re.sub(r"^scores = .*$", "scores = [0.9, 0.1, 0.9, 0.1, 0.9]", path.read_text(), flags=re.MULTILINE)
    )
    with pytest.raises(PackageError, match=r"golden\.scores is"):
        load_scorers(copied.parents[1], "cpu")


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        ('{ "layers" = [1, 1, 1], "widths" = [4, 4, 4] }', "four positive numbers"),
        ('{ "depth" = 50 }', "network.arguments is"),
        ('{ "layers" = [1, 1, 1, 1], "widths" = [4, 4, 4, 4] }', "does not hold the tensors"),
    ],
)
def test_arguments_that_do_not_fit_are_refused(copied: Path, arguments: str, told: str) -> None:
    """A network that cannot be built, or that the weights do not fit, is refused by name."""
    path = copied / "model.toml"
    path.write_text(re.sub(r"^arguments = .*$", f"arguments = {arguments}", path.read_text(), flags=re.MULTILINE))
    with pytest.raises(PackageError, match=told):
        load_scorers(copied.parents[1], "cpu")


@pytest.mark.parametrize("name", ["gpu", "cuda:99", "", "cpu:0", "CUDA"])
def test_a_device_that_is_not_there_is_refused(name: str) -> None:
    """A device by a wrong name, or one this machine lacks, is told with what is accepted here."""
    with pytest.raises(SettingError, match="accepted here are auto, cpu"):
        chosen_device(name)


def test_the_same_scores_come_from_every_device_there_is(package: Package, scorer: TorchScorer, study: Build) -> None:
    """Whatever `auto` chooses gives the CPU's scores within the golden tolerance."""
    (there,) = TorchScorer(package, device="auto").score(batch(study, [golden_image()]), scored_at=NOON)
    (here,) = scorer.score(batch(study, [golden_image()]), scored_at=NOON)
    assert isinstance(there, Scored)
    assert isinstance(here, Scored)
    for a, b in zip(there.predictions, here.predictions, strict=True):
        assert a.score == pytest.approx(b.score, abs=package.manifest.golden.tolerance)


def test_a_real_radiograph_is_scored(scorer: TorchScorer, study: Build) -> None:
    """A public radiograph of full size gives finite scores; whether they are right is not claimed."""
    pixels = pydicom.dcmread(str(get_testdata_file("RG1_UNCR.dcm", download=False))).pixel_array.astype(np.float32)
    (result,) = scorer.score(batch(study, [pixels]), scored_at=NOON)
    assert isinstance(result, Scored)
