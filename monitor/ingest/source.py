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
        reason = answer["unusable"]
        unusable = None if reason is None else Exclusion(reason)
        return instance_of(
            arrival, answer["tags"], unusable=unusable, pseudonyms=self._pseudonyms, sites=self._sites, zone=self._zone
        )

    def decode(self, instance: Instance, *, voi: bool = False) -> Decoded[NDArray[np.float32]] | Exclusion | Failure:
        """See `ImageSource.decode`. Of an object of many frames the middle one is decoded."""
        path = str(self._spool.path(instance.digest).absolute())
        request = {"verb": "decode", "path": path, "frame": (instance.frames - 1) // 2, "voi": voi}
        answer, image = self._jails.ask(request)
        if image is None:
            return Exclusion(answer["unusable"]) if "unusable" in answer else Failure(answer["failure"])
        statistics = answer["statistics"] | instance.technique.stated()
        return Decoded(pixels=image, statistics=statistics, histogram=tuple(answer["histogram"]))
