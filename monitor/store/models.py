"""The model versions known here."""

from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

from sqlmodel import col, select

from monitor.core.model import ModelCard, Target
from monitor.store.database import Database
from monitor.store.tables import ModelRow


class SqlModels:
    """The `ModelStore` port over a database."""

    database: Database

    def register_model(self, card: ModelCard) -> None:
        """See `ModelStore.register_model`."""
        with self.database.writing() as session:
            self.database.put(session, ModelRow, [card_row(card)])

    def models(self) -> Sequence[ModelCard]:
        """See `ModelStore.models`."""
        query = select(ModelRow).order_by(col(ModelRow.model), col(ModelRow.version))
        with self.database.reading() as session:
            return [_card(row) for row in session.exec(query)]


def card_row(card: ModelCard) -> dict[str, Any]:
    """The row of a card."""
    return {
        "model": card.model,
        "version": card.version,
        "title": card.title,
        "findings": list(card.findings),
        "targets": [asdict(target) for target in card.targets],
    }


def _card(row: ModelRow) -> ModelCard:
    return ModelCard(
        model=row.model,
        version=row.version,
        title=row.title,
        findings=tuple(row.findings),
        targets=tuple(Target(**target) for target in row.targets),
    )
