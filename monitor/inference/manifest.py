"""What a model package says of itself: `model.toml`, validated. Unknown keys are errors."""

from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, model_validator

from models.networks import NETWORKS
from monitor.core.series import Prefer, SeriesRule

Share = Annotated[float, Field(gt=0, lt=1)]
Text = Annotated[str, Field(min_length=1, max_length=4000)]
Code = Annotated[str, Field(pattern=r"^[A-Z0-9_]{1,16}$|^unknown$")]
Slug = Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9-]{0,63}$")]
FindingName = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]{0,63}$")]
Digest = Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]


class _Part(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", strict=False)


class Finding(_Part):
    """A finding and the score from which on it is called."""

    name: FindingName
    operating_point: Share


class Preprocessing(_Part):
    """How pixels become network input: rows and columns, clip percentiles, mean and standard deviation.

    With `voi`, images come through their own VOI LUT or window, as a reader would first see them.
    """

    size: tuple[Annotated[int, Field(ge=16, le=2048)], Annotated[int, Field(ge=16, le=2048)]]
    clip: tuple[Annotated[float, Field(ge=0, le=100)], Annotated[float, Field(ge=0, le=100)]]
    mean: float
    sd: Annotated[float, Field(gt=0)]
    voi: bool = False

    @model_validator(mode="after")
    def _ordered(self) -> "Preprocessing":
        if self.clip[0] >= self.clip[1]:
            message = "clip: the first percentile must be below the second"
            raise ValueError(message)
        return self


class Series(_Part):
    """Which series of a study is scored; see `monitor.core.series.SeriesRule`."""

    orientation: Literal["axial", "coronal", "sagittal"] | None = None
    kernels: tuple[Annotated[str, Field(pattern=r"^[\w .+*?/()-]{1,64}$")], ...] = ()
    min_slices: Annotated[int, Field(ge=1, le=10_000)] = 1
    prefer: Prefer = "first"

    @property
    def rule(self) -> SeriesRule:
        """The rule as the rest of the house knows it."""
        return SeriesRule(**self.model_dump())


class Architecture(_Part):
    """The network, by its name in `models.networks`, and its arguments."""

    architecture: str
    arguments: dict[str, Any] = Field(default_factory=dict)

    @model_validator(mode="after")
    def _known(self) -> "Architecture":
        if self.architecture not in NETWORKS:
            message = f"architecture {self.architecture!r}; accepted are {', '.join(sorted(NETWORKS))}"
            raise ValueError(message)
        return self


class Training(_Part):
    """What the model was trained on, in words, and the seed that reproduces it."""

    statement: Text
    studies: Annotated[int, Field(gt=0)]
    seed: int


class Claim(_Part):
    """What the vendor promises of a finding, or of any: an agreement statistic of at least this value."""

    finding: FindingName
    statistic: Literal["ppa", "npa", "agreement"]
    at_least: Annotated[float, Field(gt=0, le=1)]


class Golden(_Part):
    """The scores the package must give for the reference image (`monitor.inference.golden`), and the tolerance."""

    scores: tuple[Annotated[float, Field(ge=0, le=1)], ...]
    tolerance: Annotated[float, Field(gt=0, le=0.01)]


class Files(_Part):
    """The sha256 of every file beside `model.toml`."""

    card: Digest = Field(alias="card.md")
    weights: Digest = Field(alias="weights.safetensors")


class Manifest(_Part):
    """All of `model.toml`."""

    name: Slug
    version: Annotated[str, Field(pattern=r"^[0-9A-Za-z][0-9A-Za-z.+-]{0,63}$")]
    title: Annotated[str, Field(min_length=1, max_length=80)]
    task: Literal["classification"]
    profile: Slug
    modalities: Annotated[tuple[Code, ...], Field(min_length=1)]
    body_parts: Annotated[tuple[Code, ...], Field(min_length=1)]
    views: Annotated[tuple[Code, ...], Field(min_length=1)]
    intended_use: Text
    limits: tuple[Text, ...]
    findings: Annotated[tuple[Finding, ...], Field(min_length=1, max_length=64)]
    series: Series = Field(default_factory=Series)
    preprocessing: Preprocessing
    network: Architecture
    training: Training
    claims: tuple[Claim, ...] = ()
    golden: Golden
    files: Files

    @model_validator(mode="after")
    def _consistent(self) -> "Manifest":
        names = [finding.name for finding in self.findings]
        if len(set(names)) != len(names):
            message = f"findings {names}: a finding is named twice"
            raise ValueError(message)
        if len(self.golden.scores) != len(names):
            message = f"golden scores: {len(self.golden.scores)} given; one per finding, {len(names)}, are needed"
            raise ValueError(message)
        strange = [claim.finding for claim in self.claims if claim.finding not in {*names, "any"}]
        if strange:
            message = f"claims of finding {', '.join(strange)}; accepted are any, {', '.join(names)}"
            raise ValueError(message)
        return self
