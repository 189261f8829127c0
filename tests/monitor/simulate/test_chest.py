import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from monitor.simulate.case import Case, Scanner
from monitor.simulate.chest import ChestGenerator, conspicuity, sides

GENERATOR = ChestGenerator()
DEVICE = Scanner(institution="a", station="b", manufacturer="c", model_name="d", software="1")

cases = st.builds(
    Case,
    seed=st.integers(0, 2**31),
    age=st.integers(0, 100),
    sex=st.sampled_from(["F", "M"]),
    size=st.floats(0.85, 1.15),
    view=st.sampled_from(["PA", "AP", "LL"]),
    findings=st.dictionaries(st.sampled_from(GENERATOR.findings), st.floats(0.05, 1), max_size=5),
)


def plain(case: Case) -> Case:
    """The same person without any finding."""
    return Case(seed=case.seed, age=case.age, sex=case.sex, size=case.size, view=case.view)


@settings(max_examples=8, deadline=None)
@given(cases)
def test_a_drawing_is_determined_by_its_case(case: Case) -> None:
    """The same case gives the same image and masks, in [0, 1] and without a hole."""
    first, second = GENERATOR.draw(case), GENERATOR.draw(case)
    assert np.array_equal(first.image, second.image)
    assert all(np.array_equal(first.masks[name], second.masks[name]) for name in first.masks)
    assert first.image.shape == (512, 512)
    assert first.image.dtype == np.float32
    assert 0 <= first.image.min() <= first.image.max() <= 1


@settings(max_examples=8, deadline=None)
@given(cases)
def test_findings_change_the_image_only_within_their_masks(case: Case) -> None:
    """Outside the union of the masks a sick chest is the healthy one, pixel by pixel, but for an enlarged heart."""
    lesions = {name: value for name, value in case.findings.items() if name != "cardiomegaly"}
    sick = Case(seed=case.seed, age=case.age, sex=case.sex, size=case.size, view=case.view, findings=lesions)
    drawing = GENERATOR.draw(sick)
    changed = drawing.image != GENERATOR.draw(plain(case)).image
    union = np.zeros_like(changed)
    for mask in drawing.masks.values():
        union |= mask
    assert not (changed & ~union).any()


@pytest.mark.parametrize("finding", GENERATOR.findings)
def test_a_plainer_finding_changes_more(finding: str) -> None:
    """The change a finding makes inside its mask grows with its conspicuity."""
    changes = []
    for value in (0.4, 0.7, 1.0):  # a subtler effusion may hide behind the diaphragm
        case = Case(seed=5, age=50, sex="F", findings={finding: value})
        drawing = GENERATOR.draw(case)
        change = np.abs(drawing.image - GENERATOR.draw(plain(case)).image)
        assert change[drawing.masks[finding]].mean() > 5 * change[~drawing.masks[finding]].mean()
        changes.append(float(change.sum()))
    assert changes == sorted(changes)
    assert changes[0] < changes[-1] / 2


def test_an_enlarged_heart_is_wider() -> None:
    """Cardiomegaly widens the heart to both sides, and its mask lies around the midline."""
    drawing = GENERATOR.draw(Case(seed=5, age=50, sex="M", findings={"cardiomegaly": 1.0}))
    columns = np.flatnonzero(drawing.masks["cardiomegaly"].any(axis=0))
    assert columns.min() < 230
    assert columns.max() > 330


@pytest.mark.parametrize("finding", ["pleural_effusion", "consolidation", "pneumothorax", "nodule"])
def test_a_finding_lies_on_the_side_that_is_told(finding: str) -> None:
    """`sides` names the side, and the patient's right is drawn on the left of the image."""
    told = set()
    for seed in range(8):
        case = Case(seed=seed, age=40, sex="M", findings={finding: 0.8})
        side = sides(case)[finding]
        center = np.flatnonzero(GENERATOR.draw(case).masks[finding].any(axis=0)).mean()
        assert (center < 256) == (side == "right")
        told.add(side)
    assert told == {"left", "right"}


def test_a_child_is_smaller() -> None:
    """More of the image is air around a child than around an adult."""
    air = [float((GENERATOR.draw(Case(seed=3, age=age, sex="M")).image < 0.02).mean()) for age in (2, 40)]
    assert air[0] > 1.5 * air[1]


def test_a_lateral_view_shows_no_finding() -> None:
    """A lateral view is another picture, and carries no mask."""
    case = Case(seed=3, age=40, sex="M", view="LL", findings={"nodule": 1.0})
    drawing = GENERATOR.draw(case)
    frontal = GENERATOR.draw(Case(seed=3, age=40, sex="M"))
    assert not drawing.masks
    assert np.abs(drawing.image - frontal.image).mean() > 0.1


@pytest.mark.parametrize(
    ("case", "named"),
    [
        (Case(seed=1, age=1, sex="F", view="RAO"), "RAO"),
        (Case(seed=1, age=1, sex="F", findings={"fracture": 0.5}), "fracture"),
        (Case(seed=1, age=1, sex="F", findings={"nodule": 0.0}), "nodule"),
    ],
)
def test_an_unknown_view_or_finding_is_refused(case: Case, named: str) -> None:
    """The error names what was asked for and what is accepted."""
    with pytest.raises(ValueError, match=f"{named}.*accepted are"):
        GENERATOR.draw(case)


def test_conspicuity_is_a_share() -> None:
    """Conspicuity lies in (0, 1] and is mostly evident, sometimes subtle."""
    rng = np.random.default_rng(1)
    drawn = np.array([conspicuity(rng) for _ in range(500)])
    assert 0 < drawn.min() < 0.3
    assert 0.8 < drawn.max() <= 1
    assert 0.5 < drawn.mean() < 0.75
