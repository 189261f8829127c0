"""What is already here: asked by the doors before they take or fetch something again."""

from collections.abc import Collection, Iterator, Mapping, Sequence
from typing import Any

from sqlalchemy import func
from sqlmodel import col, select

from monitor.store.database import MOST_PARAMETERS, Database
from monitor.store.tables import InstanceRow, StudyRow


class SqlHoldings:
    """Part of `SqlStore`: reads only."""

    database: Database

    def known_objects(self, digests: Sequence[str]) -> Collection[str]:
        """Those of these objects that were registered, whatever became of them; an unreadable one is its own study."""
        parsed = set(self._among(select(InstanceRow.digest), col(InstanceRow.digest), digests))
        return parsed | set(self._among(select(StudyRow.key), col(StudyRow.key), digests))

    def known_instances(self, sops: Sequence[str]) -> Collection[str]:
        """Those of these pseudonyms of SOP Instance UIDs that were registered."""
        return set(self._among(select(InstanceRow.sop), col(InstanceRow.sop), sops))

    def instance_counts(self, studies: Sequence[str]) -> Mapping[str, int]:
        """How many different instances are registered of each of these studies; those not here are left out."""
        count = func.count(func.distinct(InstanceRow.sop))
        query = select(InstanceRow.study, count).group_by(col(InstanceRow.study))
        return dict(self._among(query, col(InstanceRow.study), studies))

    def _among(self, query: Any, column: Any, values: Sequence[str]) -> Iterator[Any]:
        """What a query finds where `column` is one of these values, however many they are."""
        with self.database.reading() as session:
            for first in range(0, len(values), MOST_PARAMETERS):
                yield from session.exec(query.where(column.in_(values[first : first + MOST_PARAMETERS])))
