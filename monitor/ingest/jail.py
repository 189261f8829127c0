"""Parser jails seen from outside: processes that may crash, hang or grow without hurting anyone."""

import json
import os
import queue
import select
import signal
import subprocess
import sys
import time
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from monitor.core.study import Failure

_MAX_HEADER = 1 << 20
_START_SECONDS = 60.0
"""What a process may take to start on a machine that is busy: its own affair, and not the object's."""
_HEIR_AT = 0.9
"""The share of its objects after which a jail's successor is started."""
_LARGEST_HEADER = 16 << 20
"""Of a deflated object, beside its pixels."""
_PIPE_BYTES = 1 << 20
"""What an image passes through to us: a radiograph in twenty turns instead of three hundred."""
_THREADLESS = dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"), "1")


@dataclass(frozen=True, kw_only=True, slots=True)
class Bounds:
    """What one object may cost.

    `seconds` bounds the wall clock; the processor time, of which a decoder's two threads each use some, twice that.
    """

    memory_bytes: int = 2 << 30
    seconds: float = 20.0
    max_pixels: int = 64 << 20
    recycle_after: int = 2000

    def asked_of_a_jail(self) -> dict[str, Any]:
        """The bounds that a jail keeps by itself; more bytes than these, inflated, would hold too many pixels."""
        return {
            "seconds": 2 * self.seconds,
            "max_pixels": self.max_pixels,
            "most_inflated": 2 * self.max_pixels + _LARGEST_HEADER,
        }


class _HungError(Exception):
    pass


class _DiedError(Exception):
    pass


class _Jail:
    """One confined process; replaced when it dies, hangs or has served long enough.

    Its heir starts before its time is up, so that nobody waits the second or more that a start takes.
    """

    def __init__(self, bounds: Bounds) -> None:
        self._bounds = bounds
        self._served = 0
        self._process = self._spawn()
        self._heir: subprocess.Popen[bytes] | None = None

    def ask(self, request: dict[str, Any]) -> tuple[dict[str, Any], NDArray[np.float32] | None]:
        if self._served >= self._bounds.recycle_after or self._process.poll() is not None:
            self._replace()
        self._served += 1
        if self._served >= self._bounds.recycle_after * _HEIR_AT and self._heir is None:
            self._heir = self._spawn()
        try:
            return self._exchange(request)
        except _HungError:
            self._replace()
            return {"failure": Failure.PARSER_TIMED_OUT}, None
        except (_DiedError, OSError, ValueError):
            _end(self._process)
            spent = self._process.returncode == -signal.SIGXCPU
            self._replace()
            return {"failure": Failure.PARSER_TIMED_OUT if spent else Failure.PARSER_CRASHED}, None

    def close(self) -> None:
        for process in (self._process, self._heir):
            if process is not None:
                _end(process)

    def _spawn(self) -> "subprocess.Popen[bytes]":
        return subprocess.Popen(  # noqa: S603  # our own module, under our own interpreter
            [sys.executable, "-m", "monitor.ingest.jailed", str(self._bounds.memory_bytes)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            env=_bare_environment(),
            bufsize=0,
            pipesize=_PIPE_BYTES,
        )

    def _replace(self) -> None:
        _end(self._process)
        self._served = 0
        self._process, self._heir = self._heir or self._spawn(), None

    def _exchange(self, request: dict[str, Any]) -> tuple[dict[str, Any], NDArray[np.float32] | None]:
        if self._process.stdin is None:
            raise _DiedError
        if self._served == 1:
            self._read(1, time.monotonic() + _START_SECONDS)
        deadline = time.monotonic() + self._bounds.seconds
        self._process.stdin.write(json.dumps(request | self._bounds.asked_of_a_jail()).encode() + b"\n")
        size = int.from_bytes(self._read(4, deadline), "big")
        if size > _MAX_HEADER:
            raise _DiedError
        header: dict[str, Any] = json.loads(self._read(size, deadline))
        if "shape" not in header:
            return header, None
        rows, columns = (int(side) for side in header["shape"])
        if not 0 < rows * columns <= self._bounds.max_pixels:
            raise _DiedError
        pixels = np.frombuffer(self._read(rows * columns * 4, deadline), dtype=np.float32)
        return header, pixels.reshape(rows, columns)

    def _read(self, size: int, deadline: float) -> bytearray:
        if self._process.stdout is None:
            raise _DiedError
        handle = self._process.stdout.fileno()
        gathered = bytearray(size)
        view = memoryview(gathered)
        while view:
            left = deadline - time.monotonic()
            if left <= 0 or not select.select([handle], [], [], left)[0]:
                raise _HungError
            taken = os.readv(handle, [view])
            if taken == 0:
                raise _DiedError
            view = view[taken:]
        return gathered


class Jails:
    """A few jails; callers on any thread wait for a free one."""

    def __init__(self, bounds: Bounds, *, size: int = 2) -> None:
        self.bounds = bounds
        self._all = [_Jail(bounds) for _ in range(size)]
        self._free: queue.SimpleQueue[_Jail] = queue.SimpleQueue()
        for jail in self._all:
            self._free.put(jail)

    def ask(self, request: dict[str, Any]) -> tuple[dict[str, Any], NDArray[np.float32] | None]:
        """Put a request to a free jail; its header, and the image where it gave one. Never raises for bad bytes."""
        jail = self._free.get()
        try:
            return jail.ask(request)
        finally:
            self._free.put(jail)

    def close(self) -> None:
        """End every jail."""
        for jail in self._all:
            jail.close()


def _end(process: "subprocess.Popen[bytes]") -> None:
    with suppress(OSError):
        process.kill()
    process.wait()
    for stream in (process.stdin, process.stdout):
        if stream is not None:
            with suppress(OSError):
                stream.close()


def _bare_environment() -> dict[str, str]:
    """What Python needs to find this code, and nothing else: no setting and no secret enters a jail."""
    kept = {"PATH": os.defpath, "PYTHONPATH": os.pathsep.join(path for path in sys.path if path)}
    return kept | _THREADLESS
