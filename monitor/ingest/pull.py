"""What did the archive get that we did not see? Found by comparison with the store, and fetched."""

from collections import Counter
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Protocol

from monitor.core.identity import Pseudonyms
from monitor.ingest.dicomweb import FIRST_WAIT_SECONDS, TRIES, Archive, ArchiveError, ListedInstance, ListedStudy
from monitor.ingest.doorway import Doorway, Ending

PULLS_OF_A_STUDY = 5
"""Scheduled attempts at one gap: what an archive lists and cannot deliver must not be asked for for ever."""


class Holdings(Protocol):
    """What is already here, by pseudonym."""

    def known_instances(self, sops: Sequence[str]) -> Collection[str]:
        """Those of these instances that are here."""

    def instance_counts(self, studies: Sequence[str]) -> Mapping[str, int]:
        """How many instances are here of each of these studies; those not here are left out."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Gap:
    """A study of which the archive has more than we do; `here` is how many instances of it we have."""

    study: ListedStudy
    key: str
    here: int


@dataclass(frozen=True, kw_only=True, slots=True)
class Listing:
    """What a look at the archive found. Studies: `listed` = `complete` + `missing` + `incomplete`."""

    listed: int
    gaps: tuple[Gap, ...]

    @property
    def missing(self) -> int:
        """Studies of which nothing is here."""
        return sum(not gap.here for gap in self.gaps)

    def as_json(self) -> dict[str, int]:
        """The counts, by the names scripts rely on."""
        return {
            "listed": self.listed,
            "complete": self.listed - len(self.gaps),
            "missing": self.missing,
            "incomplete": len(self.gaps) - self.missing,
        }


@dataclass(frozen=True, kw_only=True, slots=True)
class Pulled:
    """What a pull brought: whole studies fetched, what came of their instances, and studies that failed, by reason."""

    studies: int = 0
    endings: Counter[Ending] = field(default_factory=Counter)
    failed: Counter[str] = field(default_factory=Counter)

    def as_json(self) -> dict[str, object]:
        """The counts, by the names scripts rely on."""
        refused = {str(ending): self.endings[ending] for ending in sorted(self.endings) if ending not in _WELL}
        return {
            "pulled": self.studies,
            "instances": self.endings[Ending.TAKEN],
            "known": self.endings[Ending.KNOWN],
            "refused": refused,
            "failed": dict(sorted(self.failed.items())),
        }


_WELL = frozenset({Ending.TAKEN, Ending.KNOWN})


class Puller:
    """Compares one archive with what is here, and closes the gaps."""

    def __init__(
        self, archive: Archive, holdings: Holdings, pseudonyms: Pseudonyms, wait: Callable[[float], object]
    ) -> None:
        """`wait` waits for this many seconds before a study is asked for again."""
        self._archive, self._holdings, self._pseudonyms, self._wait = archive, holdings, pseudonyms, wait

    def look(self, since: date, modalities: Sequence[str]) -> Listing:
        """Which of the studies taken on `since` or later are not, or not wholly, here.

        Raises:
            ArchiveError: the archive cannot be searched.
        """
        listed: dict[str, ListedStudy] = {}
        for modality in modalities or (None,):
            for study in self._archive.studies(since, modality):
                listed[self._pseudonyms.uid(study.uid) or ""] = study
        here = self._holdings.instance_counts(list(listed))
        gaps = [
            Gap(study=study, key=key, here=here.get(key, 0))
            for key, study in listed.items()
            if here.get(key, 0) < (study.instances or 1)
        ]
        return Listing(listed=len(listed), gaps=tuple(gaps))

    def pull(self, gaps: Iterable[Gap], doorway: Doorway, *, on_study: Callable[[Gap], None]) -> Pulled:
        """Fetch what is lacking of these studies, each with a few tries; `on_study` is told of each that had them.

        One that fails does not stop the others; an archive that went away or lets us in no more does.

        Raises:
            SpoolError: the spool takes no more; what came before is durable.
        """
        pulled, studies = Pulled(), 0
        for gap in gaps:
            try:
                self._close(gap, doorway, pulled.endings)
                studies += 1
            except ArchiveError as error:
                pulled.failed[error.fault] += 1
                if error.fault.hopeless:
                    break
            on_study(gap)
        return Pulled(studies=studies, endings=pulled.endings, failed=pulled.failed)

    def _close(self, gap: Gap, doorway: Doorway, endings: Counter[Ending]) -> None:
        """Fetch one study, again from the start where it broke off: what came through is known by then."""
        for attempt in range(1, TRIES + 1):
            try:
                for instance in self._lacking(gap):
                    for part in self._archive.retrieve(gap.study.uid, instance):
                        endings[doorway.take(part.content)] += 1
            except ArchiveError as error:
                if not error.fault.passing or attempt == TRIES:
                    raise
                self._wait(FIRST_WAIT_SECONDS * 2**attempt)
            else:
                return

    def _lacking(self, gap: Gap) -> Iterator[ListedInstance | None]:
        """What to ask for: the whole study (None) where nothing of it is here, else each instance that is not.

        An instance we were sent by DICOM has other bytes ahead of its data set than the archive's file has, and must
        not be fetched as if it were another one.
        """
        if not gap.here:
            yield None
            return
        listed = {self._pseudonyms.uid(found.sop) or "": found for found in self._archive.instances(gap.study.uid)}
        known = set(self._holdings.known_instances(list(listed)))
        yield from (instance for key, instance in listed.items() if key not in known)


class Patience:
    """Which gaps a schedule closes now: those that stood unchanged at its last look, a few times at most.

    A study still on its way, to the archive or from it to us, is not a gap yet; one that was fetched in vain is not
    fetched for ever.
    """

    def __init__(self) -> None:
        self._stood: dict[str, tuple[int | None, int]] = {}
        self._pulls: Counter[str] = Counter()

    @property
    def given_up(self) -> int:
        """How many of the gaps of the last look are fetched no more."""
        return sum(pulls >= PULLS_OF_A_STUDY for pulls in self._pulls.values())

    def tried(self, gap: Gap) -> None:
        """Remember that the archive was asked for this. One that was away, or a disk that was full, does not count."""
        self._pulls[gap.key] += 1

    def due(self, gaps: Iterable[Gap]) -> list[Gap]:
        """Of the gaps found by this look, those to close now."""
        found = {gap.key: gap for gap in gaps}
        due = [gap for key, gap in found.items() if self._stood.get(key) == (gap.study.instances, gap.here)]
        self._stood = {key: (gap.study.instances, gap.here) for key, gap in found.items()}
        self._pulls = Counter({key: self._pulls[key] for key in found})
        return [gap for gap in due if self._pulls[gap.key] < PULLS_OF_A_STUDY]
