"""The database: tables, migrations, the cube, queries and the audit chain; and a fake behind the same port."""
