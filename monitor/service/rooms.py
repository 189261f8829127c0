"""Builds what every role needs from the settings.

What only some of them need stands in files of its own, `parsing.py` and `receiving.py`, so that no process loads what
only another uses.
"""

from datetime import timedelta
from pathlib import Path

import models
from monitor.core.errors import UnreachableError
from monitor.core.identity import Pseudonyms
from monitor.core.quiet import Quiet
from monitor.ingest.spool import DiskSpool, Watermarks
from monitor.settings import Settings, pseudonym_key
from monitor.store import revision
from monitor.store.database import Database
from monitor.store.sql import SqlStore


def open_store(settings: Settings) -> SqlStore:
    """The store, which must be there and at this version's schema.

    Raises:
        UnreachableError: it does not answer, was never made, or has another revision.
    """
    database = Database(settings.store_url)
    try:
        found, needed = revision.pending(database)
    except Exception as error:  # noqa: BLE001  # each driver has its own errors, and their text may hold the URL
        message = f"the store does not answer ({type(error).__name__}); check OVERREAD_STORE__URL"
        raise UnreachableError(message) from None
    if found is None:
        message = f"no store in {settings.data_dir}; `overread serve` makes one, `overread demo` shows one"
        raise UnreachableError(message)
    if found != needed:
        message = f"the store is at revision {found}, this version needs {needed}; run `overread db upgrade`"
        raise UnreachableError(message)
    return SqlStore(database)


def open_spool(settings: Settings) -> DiskSpool:
    """The spool folder, made where it is not."""
    marks = Watermarks(warn=settings.spool.warn_free_ratio, refuse=settings.spool.refuse_free_ratio)
    return DiskSpool(settings.spool_dir, marks)


def pseudonyms(settings: Settings) -> Pseudonyms:
    """Pseudonyms under the site's key."""
    return Pseudonyms(key=pseudonym_key(settings))


def quiet_of(settings: Settings) -> Quiet:
    """When a study is taken to be complete."""
    study = settings.study
    return Quiet(
        usual=timedelta(seconds=study.quiet_seconds),
        by_modality={name: timedelta(seconds=seconds) for name, seconds in study.quiet_by_modality.items()},
    )


def models_dir(settings: Settings) -> Path:
    """The folder of model packages: the one that was set, or those that ship."""
    return settings.models.dir or Path(models.__file__).parent
