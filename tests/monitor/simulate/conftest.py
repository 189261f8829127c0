"""A stand-in for the drawing of chests, and a hospital around it."""

import hashlib
from collections.abc import Callable, Sequence
from datetime import date
from io import BytesIO

import numpy as np
import pytest
from numpy.typing import NDArray
from pydicom import dcmwrite

from monitor.simulate.case import Case, Drawing, Scanner
from monitor.simulate.hospital import Event, Hospital, StudySent
from monitor.simulate.practice import PREVALENCE
from monitor.simulate.shifts import Injection

FIRST = date(2026, 1, 5)


class FlatGenerator:
    """Draws a ramp that depends on the case: quick, deterministic, and no chest at all."""

    modality = "DX"
    body_part = "CHEST"
    profile = "chest-radiograph"
    findings = tuple(PREVALENCE)

    def draw(self, case: Case) -> Drawing:
        """A ramp of 64 × 48 whose height depends on the case."""
        ramp = np.linspace(0, 0.5 + case.seed % 97 / 200, 64 * 48, dtype=np.float32).reshape(64, 48)
        return Drawing(image=ramp, masks={})

    def acquire(self, drawing: Drawing, scanner: Scanner, *, seed: int) -> NDArray[np.uint16]:
        """The ramp with noise, scaled to the stored bits."""
        noisy = drawing.image + np.random.default_rng(seed).normal(0, scanner.noise, drawing.image.shape)
        return np.clip(noisy * 2**scanner.bits_stored, 0, 2**scanner.bits_stored - 1).astype(np.uint16)


GENERATOR = FlatGenerator()


def bytes_of(event: Event) -> bytes:
    """What goes over the wire for an event."""
    if not isinstance(event, StudySent):
        return event.message()
    written = BytesIO()
    dcmwrite(written, event.dataset(), enforce_file_format=True)
    return written.getvalue()


def digest_of(seed: int, day: int) -> str:
    """A digest of everything a hospital sends on a day."""
    events = Hospital(seed, FIRST, [], GENERATOR).events(day)
    return hashlib.sha256(b"".join(event.at.isoformat().encode() + bytes_of(event) for event in events)).hexdigest()


@pytest.fixture
def wire_bytes() -> Callable[[Event], bytes]:
    """`bytes_of`, as a fixture: test modules do not import each other."""
    return bytes_of


@pytest.fixture
def day_digest() -> Callable[[int, int], str]:
    """`digest_of`, likewise."""
    return digest_of


@pytest.fixture
def hospital() -> Hospital:
    """A hospital without shifts."""
    return Hospital(7, FIRST, [], GENERATOR)


@pytest.fixture
def build() -> Callable[[Sequence[Injection]], Hospital]:
    """Builds the same hospital with shifts."""
    return lambda shifts: Hospital(7, FIRST, shifts, GENERATOR)
