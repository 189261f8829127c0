"""Scores studies with a package's network, in batches."""

import math
import os
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from time import perf_counter
from typing import TypeAlias

import numpy as np
import torch
from numpy.typing import NDArray
from safetensors import SafetensorError
from safetensors.torch import load
from torch import Tensor

from models.networks import Network, build
from monitor.core.errors import PackageError, SettingError
from monitor.core.ports import Decoded, Scored
from monitor.core.series import SeriesRule
from monitor.core.study import Exclusion, Failure, Features, Instance, Prediction, Study
from monitor.inference.golden import golden_image
from monitor.inference.package import MANIFEST, WEIGHTS, Package, load_packages, read_verified
from monitor.inference.preprocess import prepare

Pixels: TypeAlias = NDArray[np.float32]

SCORE_DECIMALS, EMBEDDING_DECIMALS = 6, 4


@dataclass(frozen=True, kw_only=True, slots=True)
class _Answer:
    """One study's probabilities and embedding, and the seconds they took."""

    scores: tuple[float, ...]
    embedding: tuple[float, ...]
    seconds: float


class TorchScorer:
    """One package on one device; a `monitor.core.ports.Scorer` of float32 images (rows × columns)."""

    def __init__(self, package: Package, *, device: str = "auto") -> None:
        """Load a package and pass its self-test.

        Raises:
            PackageError: the weights do not fit the network, or its golden scores are not met.
            SettingError: a device that is not accepted or not there.
        """
        self.package = package
        self._device = chosen_device(device)
        self._network = _network_of(package).to(self._device).eval()
        self._self_test()

    @property
    def model(self) -> str:
        """The package's name."""
        return self.package.name

    @property
    def version(self) -> str:
        """The package's version."""
        return self.package.version

    @property
    def series(self) -> SeriesRule:
        """Which series of a study the package is for."""
        return self.package.manifest.series.rule

    @property
    def voi(self) -> bool:
        """Whether the package wants images seen through their own VOI LUT or window."""
        return self.package.manifest.preprocessing.voi

    def accepts(self, instance: Instance) -> Exclusion | None:
        """None where this instance is what the package was made for, else the first thing that is wrong with it."""
        manifest, acquisition = self.package.manifest, instance.acquisition
        gates = (
            (acquisition.modality in manifest.modalities, Exclusion.WRONG_MODALITY),
            (acquisition.body_part in manifest.body_parts, Exclusion.WRONG_BODY_PART),
            (acquisition.view_position in manifest.views, Exclusion.WRONG_VIEW),
            (instance.unusable is None, instance.unusable),
        )
        reasons = (reason for open_, reason in gates if not open_ and reason is not None)
        return min(reasons, key=lambda reason: reason.rank, default=None)

    def score(
        self, batch: Sequence[tuple[Study, Decoded[Pixels]]], *, scored_at: datetime
    ) -> Sequence[Scored | Failure]:
        """Score a batch; one result per study, in order.

        A score that is not a number in [0, 1] is `INVALID_OUTPUT`, never a negative. Where a batch raises, its studies
        are scored one by one, so that only the culprit is a `SCORING_ERROR`.
        """
        answers = self._answers([decoded.pixels for _, decoded in batch])
        return [
            answer if isinstance(answer, Failure) else self._scored(study, decoded, answer, scored_at)
            for (study, decoded), answer in zip(batch, answers, strict=True)
        ]

    def _answers(self, images: Sequence[Pixels]) -> list[_Answer | Failure]:
        if not images:
            return []
        try:
            return list(self._forward(images))
        except Exception:  # noqa: BLE001  # whatever one image did, the others are owed their score
            if len(images) == 1:
                return [Failure.SCORING_ERROR]
            return [answer for image in images for answer in self._answers([image])]

    @torch.inference_mode()
    def _forward(self, images: Sequence[Pixels]) -> list[_Answer]:
        started = perf_counter()
        inputs = torch.stack([prepare(image, self.package.manifest.preprocessing) for image in images])
        logits, features = self._network(inputs.to(self._device))
        scores, embeddings = torch.sigmoid(logits.double()).tolist(), features.double().tolist()
        seconds = (perf_counter() - started) / len(images)
        return [
            _Answer(scores=tuple(s), embedding=tuple(e), seconds=seconds)
            for s, e in zip(scores, embeddings, strict=True)
        ]

    def _scored(self, study: Study, decoded: Decoded[Pixels], answer: _Answer, scored_at: datetime) -> Scored | Failure:
        finite = all(map(math.isfinite, (*answer.scores, *answer.embedding)))
        if not finite or not all(0 <= score <= 1 for score in answer.scores):
            return Failure.INVALID_OUTPUT
        rounded = [round(score, SCORE_DECIMALS) for score in answer.scores]
        predictions = tuple(
            Prediction(
                study=study.key,
                model=self.model,
                version=self.version,
                finding=finding.name,
                score=score,
                operating_point=finding.operating_point,
                call=score >= finding.operating_point,
                scored_at=scored_at,
            )
            for finding, score in zip(self.package.manifest.findings, rounded, strict=True)
        )
        features = Features(
            study=study.key,
            model=self.model,
            version=self.version,
            statistics=decoded.statistics,
            histogram=decoded.histogram,
            embedding=tuple(round(value, EMBEDDING_DECIMALS) for value in answer.embedding),
            latency_seconds=answer.seconds,
        )
        return Scored(predictions=predictions, features=features)

    def _self_test(self) -> None:
        golden = self.package.manifest.golden
        found = self._forward([golden_image()])[0].scores
        if not all(abs(a - b) <= golden.tolerance for a, b in zip(found, golden.scores, strict=True)):
            message = (
                f"{self.package.folder / MANIFEST}: golden.scores is {list(golden.scores)}; "
                f"this device gives {[round(value, 6) for value in found]}, more than {golden.tolerance} away"
            )
            raise PackageError(message)


def load_scorers(models_dir: Path, device: str = "auto") -> list[TorchScorer]:
    """A scorer for every package below a models folder, by name and version.

    On a CPU one core stays free for the doors. Threads that outnumber the cores wait for each other busily: on two
    cores with other work, two threads took ten times the processor time of one for the same batch.

    Raises:
        PackageError: a package is not what its `model.toml` says.
        SettingError: a device that is not accepted or not there.
    """
    torch.set_num_threads(max(1, (os.cpu_count() or 1) - 1))
    return [TorchScorer(package, device=device) for package in load_packages(models_dir)]


def chosen_device(name: str) -> torch.device:
    """The device of this name: auto (the CUDA device that is there, else the CPU), cpu, cuda or cuda:N.

    Raises:
        SettingError: another name, or a device this machine does not have.
    """
    count = torch.cuda.device_count() if torch.cuda.is_available() else 0
    if name == "auto":
        return torch.device("cuda" if count else "cpu")
    here = {"cpu", *(["cuda"] if count else []), *(f"cuda:{index}" for index in range(count))}
    if name not in here:
        message = f"device: {name!r}; accepted here are auto, {', '.join(sorted(here))}"
        raise SettingError(message)
    return torch.device(name)


def _network_of(package: Package) -> Network:
    manifest, path = package.manifest, package.folder / WEIGHTS
    try:
        network = build(manifest.network.architecture, manifest.network.arguments, findings=len(manifest.findings))
    except (TypeError, ValueError) as error:
        message = f"{package.folder / MANIFEST}: network.arguments is {manifest.network.arguments}: {error}"
        raise PackageError(message) from error
    try:
        tensors: dict[str, Tensor] = load(read_verified(package, WEIGHTS))
        network.load_state_dict(tensors, strict=True)
    except (SafetensorError, RuntimeError) as error:
        message = f"{path}: does not hold the tensors of this {manifest.network.architecture}: {error}"
        raise PackageError(message) from error
    return network
