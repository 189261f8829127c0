"""The `ImageSource` port: spooled objects, parsed and decoded in jails."""

from collections.abc import Mapping
from datetime import tzinfo

import numpy as np
from numpy.typing import NDArray

from monitor.core.identity import Pseudonyms
from monitor.core.ports import Arrival, Decoded
from monitor.core.study import Exclusion, Failure, Instance
from monitor.ingest.facts import instance_of
from monitor.ingest.jail import Jails
from monitor.ingest.spool import DiskSpool


class JailedSource:
    """Answers from any thread; as many at a time as there are jails."""

    def __init__(
        self, spool: DiskSpool, jails: Jails, pseudonyms: Pseudonyms, *, sites: Mapping[str, str], zone: tzinfo
    ) -> None:
        self._spool, self._jails, self._pseudonyms = spool, jails, pseudonyms
        self._sites, self._zone = sites, zone

    def parse(self, arrival: Arrival) -> Instance | Failure:
        """See `ImageSource.parse`."""
        answer, _ = self._jails.ask({"verb": "parse", "path": str(arrival.path.absolute())})
        if "failure" in answer:
            return Failure(answer["failure"])
        return instance_of(arrival, answer["tags"], pseudonyms=self._pseudonyms, sites=self._sites, zone=self._zone)

    def decode(self, instance: Instance) -> Decoded[NDArray[np.float32]] | Exclusion | Failure:
        """See `ImageSource.decode`."""
        path = self._spool.path(instance.digest).absolute()
        if not path.exists():
            return Failure.BYTES_GONE
        request = {"verb": "decode", "path": str(path), "max_pixels": self._jails.bounds.max_pixels}
        answer, image = self._jails.ask(request)
        if image is not None:
            return Decoded(pixels=image, statistics=answer["statistics"])
        return Exclusion(answer["unusable"]) if "unusable" in answer else Failure(answer["failure"])
