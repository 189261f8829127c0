"""Attributes of a frame, wherever an object keeps them: at its top, or in the functional groups of enhanced objects."""

from collections.abc import Iterator
from typing import Any

from pydicom import Dataset

_PLACES = (("PerFrameFunctionalGroupsSequence", True), ("SharedFunctionalGroupsSequence", False))


def of_frame(dataset: Dataset, keyword: str, *, group: str, frame: int = 0) -> Any:
    """The value of an attribute for one frame; None where it is not stated.

    Args:
        dataset: classic or enhanced.
        keyword: of the attribute.
        group: keyword of the functional group macro that holds it in an enhanced object.
        frame: from 0.
    """
    stating = holder(dataset, keyword, group=group, frame=frame)
    return None if stating is None else stating.get(keyword)


def holder(dataset: Dataset, keyword: str, *, group: str, frame: int = 0) -> Dataset | None:
    """The part of an object that states an attribute for one frame; None where none does."""
    return next((item for item in _holders(dataset, group, frame) if item.get(keyword) is not None), None)


def _holders(dataset: Dataset, group: str, frame: int) -> Iterator[Dataset]:
    """Where an attribute may be, the nearest to the frame first."""
    for place, per_frame in _PLACES:
        items = dataset.get(place) or ()
        index = frame if per_frame else 0
        if index < len(items):
            yield from items[index].get(group) or ()
    yield dataset
