"""The store over SQLite or Postgres."""

from monitor.store.arrivals import SqlArrivals
from monitor.store.audit import SqlAudit
from monitor.store.casebook import SqlCasebook
from monitor.store.cube import SqlCube
from monitor.store.database import Database
from monitor.store.evaluations import SqlEvaluations
from monitor.store.holdings import SqlHoldings
from monitor.store.models import SqlModels
from monitor.store.pairs import SqlPairs
from monitor.store.reads import SqlReads
from monitor.store.resolution import SqlResolution
from monitor.store.results import SqlResults
from monitor.store.status import SqlStatus
from monitor.store.studies import SqlStudies


class SqlStore(
    SqlArrivals,
    SqlStudies,
    SqlCasebook,
    SqlHoldings,
    SqlReads,
    SqlResults,
    SqlResolution,
    SqlPairs,
    SqlModels,
    SqlEvaluations,
    SqlCube,
    SqlStatus,
    SqlAudit,
):
    """Everything one database offers; each part in its own file."""

    def __init__(self, database: Database) -> None:
        self.database = database

    def close(self) -> None:
        """Let go of all connections."""
        self.database.close()
