"""What becomes of a quiet study: chosen, decoded once, scored by whoever accepts it, settled once."""

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from monitor.core.ports import Arrival, Decoded, Scored
from monitor.core.series import Pick, SeriesRule
from monitor.core.study import Acquisition, Exclusion, Failure, Features, Instance, Prediction, Study, StudyState
from monitor.pipeline.shadow import choose, score_quiet, settle
from monitor.store.memory import MemoryStore

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)


def instance(study: str, sop: str = "a", view: str = "PA") -> Instance:
    """One image of a study."""
    return Instance(
        digest=f"{study}-{sop}",
        sop=f"{study}-{sop}",
        series=None,
        study=study,
        patient=None,
        accession=None,
        issuer_accession=None,
        sop_class="",
        transfer_syntax="",
        rows=1,
        columns=1,
        frames=1,
        series_number=1,
        instance_number=ord(sop),
        acquisition=Acquisition(view_position=view),
        studied_at=NOW,
        received_at=NOW,
    )


@dataclass
class Images:
    """Decodes everything but what it was told to fail on, and counts."""

    fails: dict[str, Failure | Exclusion] = field(default_factory=dict)
    decoded: list[str] = field(default_factory=list)

    def parse(self, arrival: Arrival) -> Instance | Failure:
        """Nothing arrives here."""
        raise NotImplementedError

    def decode(self, instance: Instance, *, voi: bool = False) -> Decoded[str] | Exclusion | Failure:
        """The digest stands for the pixels."""
        self.decoded.append(f"{instance.digest} by its window" if voi else instance.digest)
        return self.fails.get(instance.digest) or Decoded(pixels=instance.digest, statistics={"mean": 0.5})


@dataclass
class Model:
    """Accepts one view; answers .9, or fails where told."""

    model: str
    view: str = "PA"
    version: str = "1"
    fails: tuple[str, ...] = ()
    series: SeriesRule = field(default_factory=SeriesRule)
    voi: bool = False

    def accepts(self, instance: Instance) -> Exclusion | None:
        """By view."""
        return None if instance.acquisition.view_position == self.view else Exclusion.WRONG_VIEW

    def score(self, batch: Sequence[tuple[Study, Decoded[str]]], *, scored_at: datetime) -> Sequence[Scored | Failure]:
        """One finding a study."""
        return [self._one(study, scored_at) for study, _ in batch]

    def _one(self, study: Study, scored_at: datetime) -> Scored | Failure:
        if study.key in self.fails:
            return Failure.INVALID_OUTPUT
        prediction = Prediction(
            study=study.key,
            model=self.model,
            version=self.version,
            finding="nodule",
            score=0.9,
            operating_point=0.5,
            call=True,
            scored_at=scored_at,
        )
        features = Features(study=study.key, model=self.model, version=self.version, latency_seconds=0.1)
        return Scored(predictions=(prediction,), features=features)


def run(store: MemoryStore, images: Images, *models: Model) -> int:
    """One round over everything quiet."""
    with ThreadPoolExecutor(2) as pool:
        return score_quiet(store, images, models, now=NOW, quiet=timedelta(0), limit=100, jails=pool)


def test_an_image_is_decoded_once_however_many_models_look() -> None:
    """Two models over one image: one decode, two answers."""
    store, images = MemoryStore(), Images()
    store.register([instance("s")])
    assert run(store, images, Model("one"), Model("two")) == 1
    assert images.decoded == ["s-a"]
    assert store.model_versions() == [("one", "1"), ("two", "1")]


def test_a_model_that_wants_the_window_gets_its_own_image() -> None:
    """Models that want an image alike share one decoding; one that wants it otherwise costs another."""
    store, images = MemoryStore(), Images()
    store.register([instance("s")])
    run(store, images, Model("one"), Model("two", voi=True), Model("three", voi=True))
    assert sorted(images.decoded) == ["s-a", "s-a by its window"]
    assert {scored.features.chosen for scored in store._all_scored()} == {"view PA, 1 image"}


def test_an_invalid_output_fails_the_study_and_is_never_a_negative() -> None:
    """A model that answers nonsense leaves no prediction behind."""
    store = MemoryStore()
    store.register([instance("s"), instance("t")])
    run(store, Images(), Model("one", fails=("s",)))
    status = store.status(now=NOW).studies
    assert status.failed == {"invalid_output": 1}
    assert status.scored == 1
    assert [scored.features.study for scored in store._all_scored()] == ["t"]


def test_the_first_image_a_model_accepts_is_chosen() -> None:
    """A lateral before the frontal is passed over."""
    study = Study(
        key="s",
        patient=None,
        accession=None,
        issuer_accession=None,
        acquisition=Acquisition(),
        studied_at=NOW,
        received_at=NOW,
        last_instance_at=NOW,
    )
    chosen = choose(study, [instance("s", "a", "LL"), instance("s", "b"), instance("s", "c")], [Model("one")])
    assert chosen.by_model == (Pick(instance=instance("s", "b"), reason="view PA, 2 images"),)
    assert settle(study, [Exclusion.WRONG_MODALITY, Exclusion.WRONG_VIEW]).reason is Exclusion.WRONG_VIEW


@given(st.lists(st.sampled_from(["scored", "lateral", "undecodable", "truncated", "invalid"]), max_size=12))
def test_every_study_ends_in_exactly_one_state(fates: list[str]) -> None:
    """Whatever happens to each, received = scored + excluded + failed + pending, and a second round finds nothing."""
    store = MemoryStore()
    keys = [f"s{index}" for index in range(len(fates))]
    store.register(
        [instance(key, view="LL" if fate == "lateral" else "PA") for key, fate in zip(keys, fates, strict=True)]
    )
    outcomes = {"undecodable": Exclusion.UNDECODABLE, "truncated": Failure.TRUNCATED}
    fails = {f"{key}-a": outcomes[fate] for key, fate in zip(keys, fates, strict=True) if fate in outcomes}
    invalid = tuple(key for key, fate in zip(keys, fates, strict=True) if fate == "invalid")
    assert run(store, Images(fails=fails), Model("one", fails=invalid)) == len(fates)
    status = store.status(now=NOW).studies
    assert status.balanced
    assert status.pending == 0
    assert status.scored == fates.count("scored")
    assert sum(status.excluded.values()) == fates.count("lateral") + fates.count("undecodable")
    assert {study.state for study in store._studies.values()} <= set(StudyState) - {StudyState.PENDING}
    assert run(store, Images(fails=fails), Model("one", fails=invalid)) == 0
