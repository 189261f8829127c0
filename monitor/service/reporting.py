"""Builds what takes final reads in, for the listener, the HTTP door and the command line."""

from collections.abc import Sequence
from zoneinfo import ZoneInfo

from monitor.core.errors import SettingError
from monitor.core.ports import Clock
from monitor.core.read import ReadStatus, Visibility
from monitor.labels import TextLabeler, labeler_for, profile_for
from monitor.reads.charset import known
from monitor.reads.intake import Desk, ReadIntake
from monitor.reads.report import ReportFacts
from monitor.reads.source import AccessionRule, Source
from monitor.service import rooms
from monitor.service.running import Running
from monitor.settings import Settings
from monitor.settings.sources import SourceSettings
from monitor.store.sql import SqlStore

PROFILE = "chest-radiograph"
"""The lexicons of a report that no profile is for, or more than one."""


def desk(settings: Settings, clock: Clock) -> Desk:
    """What turns the facts of reports into reads."""
    return Desk(pseudonyms=rooms.pseudonyms(settings), labeler_for=labeler_of, clock=clock)


def labeler_of(facts: ReportFacts) -> TextLabeler:
    """The labeler for a report's kind of examination."""
    profile = profile_for(facts.modality or "", body_part=facts.body_part, description=facts.description)
    return labeler_for(profile or PROFILE)


def sources(settings: Settings) -> Sequence[Source]:
    """The senders that are let in; whoever writes where none is set.

    Raises:
        SettingError: a character set is none that can be decoded.
    """
    default = settings.mllp.default_charset
    for charset in (default, *(one.charset for one in settings.reads.sources)):
        if charset is not None and not known(charset):
            message = f"character set {charset!r} is not known; accepted: a name of HL7 table 0211 such as 8859/1"
            raise SettingError(message)
    found = tuple(_source(one, settings) for one in settings.reads.sources)
    return found or (Source(charset=default, zone=settings.zone),)


def read_intake(running: Running, store: SqlStore, clock: Clock) -> ReadIntake:
    """The HL7 door; a sender that is refused is logged and audited."""

    def refused(peer: str) -> None:
        running.log.warning("refused", door="hl7", peer=peer)
        store.audit("mllp", "sender_refused", peer, at=clock.now())

    settings = running.settings
    return ReadIntake(store=store, desk=desk(settings, clock), sources=sources(settings), on_refused=refused)


def _source(one: SourceSettings, settings: Settings) -> Source:
    return Source(
        name=one.name,
        senders=one.senders,
        addresses=one.addresses,
        charset=one.charset or settings.mllp.default_charset,
        zone=ZoneInfo(one.timezone) if one.timezone else settings.zone,
        statuses={" ".join(word.upper().split()): ReadStatus(status) for word, status in one.statuses.items()},
        accession=AccessionRule(**one.accession.model_dump()),
        issuer=one.issuer,
        visibility=Visibility(one.visibility),
    )
