"""Report versions, and what could not become one."""

from collections import Counter
from datetime import datetime

from monitor.core.read import QuarantineReason, Read
from monitor.store.database import Database
from monitor.store.records import read_row
from monitor.store.tables import QuarantineRow, ReadRow
from monitor.store.tally import beat, move


class SqlReads:
    """The `ReadStore` port over a database."""

    database: Database

    def add_read(self, read: Read) -> bool:
        """See `ReadStore.add_read`."""
        with self.database.writing() as session:
            if not self.database.insert_new(session, ReadRow, read_row(read)):
                return False
            move(self.database, session, Counter({("reads_received", (read.source, str(read.status))): 1}))
            beat(self.database, session, "read", read.received_at)
            return True

    def quarantine(self, key: str, source: str, reason: QuarantineReason, *, at: datetime) -> None:
        """See `ReadStore.quarantine`."""
        with self.database.writing() as session:
            row = {"key": key, "source": source, "reason": reason, "at": at}
            if self.database.insert_new(session, QuarantineRow, row):
                move(self.database, session, Counter({("reads_received", (source, "quarantined")): 1}))
