"""A table of a lexicon file, read field by field, so that a mistake in it is named and none goes unseen."""

from collections.abc import Iterator, Mapping
from enum import StrEnum
from typing import Any, TypeVar

from monitor.core.errors import OverreadError

ChoiceT = TypeVar("ChoiceT", bound=StrEnum)


class LexiconError(OverreadError):
    """A lexicon file is not what the labeler reads."""


class Table:
    """One TOML table: `file` and `path` say where it stands. What has been read is remembered."""

    def __init__(self, file: str, path: str, fields: object) -> None:
        self._file, self._path = file, path
        if not isinstance(fields, Mapping):
            message = f"{file}: {path}: {type(fields).__name__}; accepted: a table"
            raise LexiconError(message)
        self._fields: Mapping[str, Any] = fields
        self._read: set[str] = set()

    def names(self) -> tuple[str, ...]:
        """The fields that are there, in order."""
        return tuple(self._fields)

    def has(self, field: str) -> bool:
        """Whether a field is there; to ask is to know of it."""
        self._read.add(field)
        return field in self._fields

    def text(self, field: str) -> str:
        """A field that is a text and not empty."""
        value = self._take(field)
        if not isinstance(value, str) or not value:
            raise self.refused(field, value, "a text")
        return value

    def text_or_none(self, field: str) -> str | None:
        """The same, where it may be left out."""
        return self.text(field) if self.has(field) else None

    def flag(self, field: str, *, default: bool = False) -> bool:
        """A field that is true or false, and may be left out."""
        value = self._take(field) if self.has(field) else default
        if not isinstance(value, bool):
            raise self.refused(field, value, "true or false")
        return value

    def count(self, field: str) -> int:
        """A field that is a whole number above 0."""
        value = self._take(field)
        if not isinstance(value, int) or isinstance(value, bool) or value < 1:
            raise self.refused(field, value, "a whole number above 0")
        return value

    def one_of(self, field: str, choices: type[ChoiceT]) -> ChoiceT:
        """A field that is one of a few words."""
        value = self._take(field)
        try:
            return choices(value)
        except ValueError:
            raise self.refused(field, value, ", ".join(choices)) from None

    def texts(self, field: str) -> tuple[str, ...]:
        """A field that is a list of texts; left out, it is empty."""
        value = self._take(field) if self.has(field) else []
        if not isinstance(value, list) or not all(isinstance(item, str) and item for item in value):
            raise self.refused(field, value, "a list of texts")
        return tuple(value)

    def table(self, field: str) -> "Table":
        """A field that is a table; left out, it is empty."""
        return Table(self._file, f"{self._path}.{field}", self._take(field) if self.has(field) else {})

    def tables(self, field: str) -> Iterator["Table"]:
        """A field that is a list of tables; left out, it is empty."""
        value = self._take(field) if self.has(field) else []
        if not isinstance(value, list):
            raise self.refused(field, value, "a list of tables")
        for number, row in enumerate(value):
            yield Table(self._file, f"{self._path}.{field}[{number}]", row)

    def nothing_else(self) -> None:
        """Refuse a field that nothing has read: a misspelt one would be silently without effect."""
        for field in self._fields:
            if field not in self._read:
                raise self.refused(field, self._fields[field], ", ".join(sorted(self._read)))

    def refused(self, field: str, value: object, accepted: str) -> LexiconError:
        """The error that names the file, the field, its value and what would be accepted."""
        return LexiconError(f"{self._file}: {self._path}.{field}: {str(value)[:80]!r}; accepted: {accepted}")

    def _take(self, field: str) -> Any:
        self._read.add(field)
        if field not in self._fields:
            raise self.refused(field, None, "a value; it is missing")
        return self._fields[field]
