"""Where every random number of the hospital comes from: one named stream per thing drawn."""

import hashlib
from collections.abc import Sequence
from typing import TypeVar
from uuid import UUID, uuid5

import numpy as np

ItemT = TypeVar("ItemT")


def stream(seed: int, *name: str | int) -> np.random.Generator:
    """A generator that depends on the seed and the name alone.

    One stream per examination, patient or report version keeps days independent of each other, and lets a shift change
    one thing without moving every draw after it.
    """
    digest = hashlib.blake2b("/".join(map(str, (seed, *name))).encode(), digest_size=16).digest()
    return np.random.default_rng(int.from_bytes(digest, "big"))


def pick(rng: np.random.Generator, items: Sequence[ItemT]) -> ItemT:
    """One of the items, each as likely: a tenth of the time `Generator.choice` takes, which makes an array first."""
    return items[int(rng.integers(len(items)))]


def uid(seed: int, *name: str | int) -> str:
    """A UID under the UUID arc 2.25 (DICOM PS3.5 B.2), the same for the same seed and name."""
    return f"2.25.{_uuid(seed, *name).int}"


def control_id(seed: int, *name: str | int) -> str:
    """A message control ID of 20 characters, the most MSH-10 holds in HL7 2.5.1."""
    return _uuid(seed, *name).hex[:20].upper()


def _uuid(seed: int, *name: str | int) -> UUID:
    return uuid5(UUID(int=seed % 2**128), "/".join(map(str, name)))
