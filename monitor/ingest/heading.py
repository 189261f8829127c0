"""Which study an object belongs to, read from its first bytes alone: the verb `heading` of the parser jail."""

import base64
import io
import threading
import zlib
from collections.abc import Callable
from typing import Any

from pydicom.filereader import read_dataset
from pydicom.uid import DeflatedExplicitVRLittleEndian, ExplicitVRBigEndian, ImplicitVRLittleEndian

from monitor.ingest.jail import Jails
from monitor.ingest.part10 import file_meta

HEADING_BYTES = 128 << 10
"""Far enough for the Study Instance UID: only groups before 0020 come ahead of it."""
_STUDY = 0x0020000D


class StudyReader:
    """Reads a file's Study Instance UID in a jail, which is opened when first needed."""

    def __init__(self, open_jails: Callable[[], Jails]) -> None:
        self._open, self._opening = open_jails, threading.Lock()
        self._jails: Jails | None = None

    def __call__(self, content: bytes) -> str | None:
        """The UID, or None where it cannot be read."""
        with self._opening:
            self._jails = self._jails or self._open()
        head = base64.b64encode(content[:HEADING_BYTES]).decode()
        found, _ = self._jails.ask({"verb": "heading", "head": head})
        return found.get("study") or None

    def close(self) -> None:
        """End the jail."""
        if self._jails is not None:
            self._jails.close()


def heading(request: dict[str, Any]) -> tuple[dict[str, Any], None]:
    """Inside the jail: the Study Instance UID within `head`, the base64 of a file's first bytes, or an empty one."""
    head = base64.b64decode(request["head"])
    meta = file_meta(head)
    body = head[meta.end :]
    if meta.transfer_syntax == DeflatedExplicitVRLittleEndian:
        body = zlib.decompressobj(-zlib.MAX_WBITS).decompress(body, HEADING_BYTES)
    dataset = read_dataset(
        io.BytesIO(body),
        is_implicit_VR=meta.transfer_syntax == ImplicitVRLittleEndian,
        is_little_endian=meta.transfer_syntax != ExplicitVRBigEndian,
        stop_when=lambda tag, _kind, _size: tag > _STUDY,
        specific_tags=[_STUDY],
    )
    return {"study": str(dataset.get("StudyInstanceUID", ""))}, None
