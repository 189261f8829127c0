"""What Alembic runs inside: the engine is handed in by `monitor.store.schema`."""

from alembic import context
from sqlmodel import SQLModel

import monitor.store.tables  # noqa: F401  # fills SQLModel.metadata

connection = context.config.attributes["connection"]
context.configure(connection=connection, target_metadata=SQLModel.metadata)
with context.begin_transaction():
    context.run_migrations()
