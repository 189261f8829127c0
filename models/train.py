"""Train the reference model: `python -m models.train chest-phantom --out DIR [--seed N]`."""

import argparse
import hashlib
import json
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from time import perf_counter
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from safetensors.torch import save
from torch import Tensor
from torch.nn.functional import binary_cross_entropy_with_logits

from models.networks import Network, build, parameters_of
from models.phantoms import UNNORMALISED, Material, imagined, rendered
from monitor.inference.golden import golden_image
from monitor.inference.manifest import Preprocessing
from monitor.inference.preprocess import prepare
from monitor.simulate.chest import ChestGenerator

VERSION = "1.0.0"
THREADS = 1
"""Sums differ in their last bits with the number of threads, and so would the weights."""

STUDIES, HELD_OUT, EXPOSURES = 4000, 1500, 2
EPOCHS, BATCH, PEAK_RATE = 8, 64, 4e-3
ENRICHED, NATURAL = 0.30, 0.08
SPECIFICITY = 0.97
ARCHITECTURE = "resnet"
ARGUMENTS: Mapping[str, Any] = {"layers": [1, 1, 1, 1], "widths": [16, 32, 48, 48]}


@dataclass(frozen=True, kw_only=True, slots=True)
class Measured:
    """How a finding fared on the held-out studies at its operating point."""

    finding: str
    operating_point: float
    auroc: float
    sensitivity: float
    specificity: float


def main() -> int:
    """Train a model and write its package below `--out`."""
    parser = argparse.ArgumentParser(prog="python -m models.train", description=__doc__)
    parser.add_argument("model", choices=["chest-phantom"])
    parser.add_argument("--out", type=Path, required=True, help="folder that gets chest-phantom/<version>/")
    parser.add_argument("--seed", type=int, default=1)
    chosen = parser.parse_args()
    folder = train_chest_phantom(chosen.out, seed=chosen.seed)
    print(folder)  # noqa: T201  # the answer of a command
    return 0


def train_chest_phantom(out: Path, *, seed: int) -> Path:
    """Train, choose operating points, write the package; returns its folder. The same seed gives the same weights."""
    torch.set_num_threads(THREADS)
    torch.use_deterministic_algorithms(mode=True)
    torch.manual_seed(seed)
    rng = np.random.default_rng(seed)
    started = perf_counter()
    train = rendered([imagined(rng, prevalence=ENRICHED) for _ in range(STUDIES)], rng=rng, exposures=EXPOSURES)
    held_out = rendered([imagined(rng, prevalence=ENRICHED) for _ in range(HELD_OUT)], rng=rng)
    _say(f"drawn after {perf_counter() - started:.0f} s")
    mean, sd = float(train.images.mean()), float(train.images.std())
    preprocessing = UNNORMALISED.model_copy(update={"mean": round(mean, 4), "sd": round(sd, 4)})
    network = build(ARCHITECTURE, ARGUMENTS, findings=len(ChestGenerator.findings))
    _fit(network, _normalised(train, preprocessing), rng=rng)
    _calibrate(network)
    scores = scores_of(network, _normalised(held_out, preprocessing).images)
    measured = [
        _measured(name, scores[:, i], held_out.truth[:, i].numpy() > 0)
        for i, name in enumerate(ChestGenerator.findings)
    ]
    _say(f"done after {perf_counter() - started:.0f} s")
    return _write(out / "chest-phantom" / VERSION, network, preprocessing, measured, seed=seed)


def scores_of(network: Network, images: Tensor) -> NDArray[np.float64]:
    """Probabilities (studies × findings) of normalised images."""
    network.eval()
    with torch.inference_mode():
        logits = torch.cat([network(part).logits for part in torch.split(images, 256)])
    return np.asarray(torch.sigmoid(logits.double()).numpy())


def auroc(scores: NDArray[np.float64], truth: NDArray[np.bool_]) -> float:
    """Area under the ROC curve: the chance that a positive outscores a negative (Mann and Whitney 1947), ties half."""
    negatives = np.sort(scores[~truth])
    below = np.searchsorted(negatives, scores[truth], side="left") + np.searchsorted(negatives, scores[truth], "right")
    return float(below.mean() / 2 / negatives.size)


def _normalised(material: Material, preprocessing: Preprocessing) -> Material:
    return Material(images=(material.images - preprocessing.mean) / preprocessing.sd, truth=material.truth)


def _fit(network: Network, train: Material, *, rng: np.random.Generator) -> None:
    """Minimise cross-entropy under a one-cycle rate (Smith 2018, arXiv:1803.09820), each batch shifted a little."""
    network.train()
    optimiser = torch.optim.AdamW(network.parameters(), lr=PEAK_RATE, weight_decay=1e-2)
    steps = len(train.images) // BATCH
    rate = torch.optim.lr_scheduler.OneCycleLR(optimiser, max_lr=PEAK_RATE, total_steps=EPOCHS * steps)
    for epoch in range(EPOCHS):
        order, total = rng.permutation(len(train.images)), 0.0
        for batch in order[: steps * BATCH].reshape(steps, BATCH):
            shift = tuple(int(step) for step in rng.integers(-4, 5, size=2))
            images = torch.roll(train.images[batch], shift, dims=(2, 3))
            loss = binary_cross_entropy_with_logits(network(images).logits, train.truth[batch])
            optimiser.zero_grad()
            loss.backward()  # type: ignore[no-untyped-call]
            optimiser.step()
            rate.step()
            total += loss.item()
        _say(f"epoch {epoch + 1} of {EPOCHS}: loss {total / steps:.4f}")


def _calibrate(network: Network) -> None:
    """Move the scores from the enriched prevalence of training to the natural one (Saerens et al. 2002)."""
    with torch.no_grad():
        network.head.bias.add_(float(np.log(NATURAL / (1 - NATURAL)) - np.log(ENRICHED / (1 - ENRICHED))))


def _measured(finding: str, scores: NDArray[np.float64], truth: NDArray[np.bool_]) -> Measured:
    """The Youden point (1950) among those specific enough that few of many healthy patients are called."""
    candidates = np.unique(np.round(scores[truth], 4))
    sensitivity = np.array([(scores[truth] >= point).mean() for point in candidates])
    specificity = np.array([(scores[~truth] < point).mean() for point in candidates])
    best = int(np.argmax(np.where(specificity >= SPECIFICITY, sensitivity + specificity, -1)))
    return Measured(
        finding=finding,
        operating_point=float(candidates[best]),
        auroc=auroc(scores, truth),
        sensitivity=float(sensitivity[best]),
        specificity=float(specificity[best]),
    )


def _write(
    folder: Path, network: Network, preprocessing: Preprocessing, measured: list[Measured], *, seed: int
) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    weights = save(parameters_of(network))
    golden = scores_of(network, prepare(golden_image(), preprocessing)[None])[0]
    digest = hashlib.sha256(weights).hexdigest()
    card = _card(measured, seed=seed, digest=digest, parameters=sum(p.numel() for p in network.parameters()))
    (folder / "weights.safetensors").write_bytes(weights)
    (folder / "card.md").write_text(card, encoding="utf-8")
    manifest = _manifest(measured, preprocessing, seed=seed, golden=[round(float(score), 6) for score in golden])
    manifest["files"] = {"card.md": hashlib.sha256(card.encode()).hexdigest(), "weights.safetensors": digest}
    (folder / "model.toml").write_text(_toml(manifest), encoding="utf-8")
    return folder


def _manifest(
    measured: list[Measured], preprocessing: Preprocessing, *, seed: int, golden: list[float]
) -> dict[str, Any]:
    return {
        "name": "chest-phantom",
        "version": VERSION,
        "title": "Chest X-ray",
        "task": "classification",
        "profile": ChestGenerator.profile,
        "modalities": ["CR", "DX"],
        "body_parts": ["CHEST", "THORAX", "LUNG"],
        "views": ["PA", "AP", "unknown"],
        "intended_use": "Show how Overread watches a chest radiograph classifier. It reads drawn phantoms.",
        "limits": [
            "Not a medical device, never trained on a patient: its scores for real radiographs mean nothing.",
            "Frontal views only.",
        ],
        "findings": [{"name": m.finding, "operating_point": m.operating_point} for m in measured],
        "preprocessing": preprocessing.model_dump(mode="json"),
        "network": {"architecture": ARCHITECTURE, "arguments": dict(ARGUMENTS)},
        "training": {
            "statement": f"Drawn chest phantoms on five simulated scanners, every finding in {ENRICHED:.0%} of them; "
            f"scores moved to a prevalence of {NATURAL:.0%}.",
            "studies": STUDIES,
            "seed": seed,
        },
        "claims": [
            {"finding": "any", "statistic": "agreement", "at_least": 0.93},
            {"finding": "any", "statistic": "npa", "at_least": 0.95},
        ],
        "golden": {"scores": golden, "tolerance": 0.002},
    }


def _toml(manifest: Mapping[str, Any]) -> str:
    """TOML of a two-level mapping: plain keys first, then tables, then arrays of tables."""
    plain = {key: value for key, value in manifest.items() if not _tabular(value)}
    blocks = [_lines(plain)]
    for key, value in manifest.items():
        if isinstance(value, dict):
            blocks.append(f"[{key}]\n{_lines(value)}")
        elif _tabular(value):
            blocks.extend(f"[[{key}]]\n{_lines(row)}" for row in value)
    return "\n".join(blocks)


def _tabular(value: object) -> bool:
    return isinstance(value, dict) or (isinstance(value, list) and bool(value) and isinstance(value[0], dict))


def _lines(table: Mapping[str, Any]) -> str:
    return "".join(f"{_key(key)} = {_value(value)}\n" for key, value in table.items())


def _key(key: str) -> str:
    return json.dumps(key) if "." in key else key


def _value(value: object) -> str:
    if isinstance(value, dict):
        return "{ " + ", ".join(f"{_key(key)} = {_value(inner)}" for key, inner in value.items()) + " }"
    return json.dumps(value, ensure_ascii=False)


def _card(measured: list[Measured], *, seed: int, digest: str, parameters: int) -> str:
    rows = "\n".join(
        f"| {m.finding} | {m.auroc:.3f} | {m.operating_point:.4f} | {m.sensitivity:.3f} | {m.specificity:.3f} |"
        for m in measured
    )
    return CARD.format(
        version=VERSION, rows=rows, seed=seed, digest=digest, parameters=parameters, studies=STUDIES, held_out=HELD_OUT
    )


CARD = """# chest-phantom {version}

A small residual network ({parameters} parameters, from MONAI) that finds five findings in *drawn* frontal chest
radiographs. It exists so that Overread can be tried, tested and demonstrated end to end. It is not a medical device; it
has never seen a patient, and its scores for real radiographs mean nothing.

## Made from
{studies} phantoms from `monitor.simulate.chest`, each exposed on two of five simulated scanners (three makers, both
photometric interpretations, 12 to 16 bits), every finding present in 30 % of them, its conspicuity drawn from
`monitor.simulate.chest.CONSPICUITY`. The scores are moved to a prevalence of 8 %.

## On {held_out} phantoms it was not trained on
| finding | AUROC | operating point | sensitivity | specificity |
|---|---|---|---|---|
{rows}

The operating point is the Youden point among those with a specificity of at least .97. It was chosen on these same
phantoms, so sensitivity and specificity are slightly flattering.

## Does it again
`python -m models.train chest-phantom --out models --seed {seed}` gives these weights, bit for bit, on the same kind of
processor with the same versions of torch and numpy; elsewhere the last bits differ, and with them the digest.
sha256 of weights.safetensors: `{digest}`

## Where it fails
Subtle findings, small nodules above all; lateral views (not accepted); a detector much noisier, softer or of other
contrast than those it knows. A change of scanner is what Overread is there to notice.
"""


def _say(line: str) -> None:
    print(line, file=sys.stderr)  # noqa: T201  # progress of a command of minutes


if __name__ == "__main__":
    sys.exit(main())
