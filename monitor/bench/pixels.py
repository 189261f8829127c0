"""What a radiograph costs once it is here: decoding beside pylibjpeg, statistics beside naive calls, and the jail."""

import importlib
import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import imagecodecs
import numpy as np
from numpy.typing import NDArray

from monitor.core.identity import Pseudonyms
from monitor.core.study import Instance
from monitor.ingest import codecs
from monitor.ingest.jail import Bounds, Jails
from monitor.ingest.pixels import Frame
from monitor.ingest.source import JailedSource
from monitor.ingest.spool import DiskSpool
from monitor.ingest.statistics import described
from monitor.simulate.bare import bare_radiograph

PEERS = "pip install pylibjpeg-libjpeg pylibjpeg-openjpeg, in an environment of its own: the first is GPL-3.0"
CR_SHAPE, CT_SHAPE = (2500, 2048), (512, 512)
_START = datetime(2026, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, kw_only=True, slots=True)
class Cost:
    """Least milliseconds of a task, ours and the peer's in alternating rounds; None where the peer is not here.

    The least, for whatever else a machine does only ever adds to it.
    """

    task: str
    milliseconds: float
    peer: str
    peer_milliseconds: float | None

    @property
    def ratio(self) -> float | None:
        """How many times as fast as the peer."""
        return None if self.peer_milliseconds is None else self.peer_milliseconds / self.milliseconds


@dataclass(frozen=True, kw_only=True, slots=True)
class _Syntax:
    name: str
    uid: str
    encode: Callable[[NDArray[np.uint16]], bytes | bytearray]
    peer: str


_SYNTAXES = (
    _Syntax(name="JPEG-LS", uid="1.2.840.10008.1.2.4.80", encode=imagecodecs.jpegls_encode, peer="libjpeg"),
    _Syntax(name="JPEG lossless", uid="1.2.840.10008.1.2.4.70", encode=imagecodecs.ljpeg_encode, peer="libjpeg"),
    _Syntax(
        name="JPEG 2000",
        uid="1.2.840.10008.1.2.4.90",
        encode=lambda image: imagecodecs.jpeg2k_encode(image, level=0, codecformat="j2k"),
        peer="openjpeg",
    ),
)


def radiograph(shape: tuple[int, int] = CR_SHAPE) -> NDArray[np.uint16]:
    """Something like a radiograph: smooth structure of 16 bits under a noise of 8 grey levels."""
    y, x = np.mgrid[-1 : 1 : shape[0] * 1j, -1 : 1 : shape[1] * 1j]
    signal = 20_000 + 15_000 * np.sin(7 * x) * np.cos(5 * y) + 8_000 * np.exp(-4 * (x * x + y * y))
    noisy = signal + np.random.default_rng(1).normal(0, 8, shape)
    return np.asarray(noisy.clip(0, 65_535), dtype=np.uint16)


def pixel_costs(rounds: int) -> list[Cost]:
    """Everything this file measures, in `rounds` alternating rounds each."""
    image = radiograph()
    return [
        *(_decoding(syntax, image, rounds) for syntax in _SYNTAXES),
        _describing(image, rounds),
        *jail_costs(rounds),
    ]


def jail_costs(rounds: int) -> list[Cost]:
    """From the spool to facts, and to pixels with their statistics, through one jail: what an instance waits for us."""
    with tempfile.TemporaryDirectory() as folder:
        spool, jails = DiskSpool(Path(folder)), Jails(Bounds(), size=1)
        source = JailedSource(spool, jails, Pseudonyms(key=b"bench" * 8), sites={}, zone=UTC)
        costs = []
        for name, shape in (("CT slice", CT_SHAPE), ("radiograph", CR_SHAPE)):
            image = radiograph(shape)
            times = [_through(spool, source, bare_radiograph(image, number)) for number in range(rounds + 1)][1:]
            for task, column in zip(("to facts", "to pixels"), zip(*times, strict=True), strict=True):
                costs.append(_alone(f"{name}, spool {task}", min(column)))
        jails.close()
    return costs


def _alone(task: str, seconds: float) -> Cost:
    return Cost(task=task, milliseconds=seconds * 1e3, peer="", peer_milliseconds=None)


def _through(spool: DiskSpool, source: JailedSource, content: bytes) -> tuple[float, float]:
    spool.write((content,), received_at=_START)
    (arrival,) = spool.arrivals(1)
    began = time.perf_counter()
    instance = source.parse(arrival)
    parsed = time.perf_counter()
    spool.hold(arrival)
    held = time.perf_counter()
    if isinstance(instance, Instance):
        source.decode(instance)
    return parsed - began, time.perf_counter() - held


def _decoding(syntax: _Syntax, image: NDArray[np.uint16], rounds: int) -> Cost:
    stream = bytes(syntax.encode(image))
    theirs = _peer(syntax.peer)
    tasks: list[Callable[[], object]] = [
        lambda: codecs.decoded(syntax.uid, stream),
        *([] if theirs is None else [lambda: theirs(stream)]),
    ]
    return _cost(f"{syntax.name} decode", tasks, "pylibjpeg", rounds)


def _describing(image: NDArray[np.uint16], rounds: int) -> Cost:
    levels = np.arange(1 << 16, dtype=np.float64)
    frame = Frame(stored=image, levels=levels, padding=np.zeros(levels.shape, dtype=bool))
    return _cost("statistics", [lambda: described(frame), lambda: _naive(image)], "numpy, one call each", rounds)


def _naive(image: NDArray[np.uint16]) -> tuple[Any, ...]:
    return image.mean(), image.std(), np.percentile(image, (1, 5, 50, 95, 99)), np.histogram(image, 64)


def _peer(package: str) -> Callable[[bytes], Any] | None:
    """The decoder of one of the packages of pylibjpeg, where that is installed."""
    try:
        module = importlib.import_module(package)
    except ImportError:
        return None
    decode: Callable[[bytes], Any] = module.decode
    return decode


def _cost(task: str, tasks: Sequence[Callable[[], object]], peer: str, rounds: int) -> Cost:
    times: list[list[float]] = [[] for _ in tasks]
    for _ in range(rounds):
        for measured, one in zip(times, tasks, strict=True):
            began = time.perf_counter()
            one()
            measured.append(time.perf_counter() - began)
    ours, *theirs = (min(measured) * 1e3 for measured in times)
    return Cost(task=task, milliseconds=ours, peer=peer, peer_milliseconds=theirs[0] if theirs else None)
