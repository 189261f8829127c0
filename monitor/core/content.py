"""The content tree of a DICOM structured report, walked within bounds (PS3.3 C.17.3). Knows no DICOM library."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

MOST_ITEMS = 5_000
DEEPEST = 32


@dataclass(frozen=True, kw_only=True, slots=True)
class ContentItem:
    """One node: its concept's code and meaning in upper case, and whichever value it has. `path` numbers its place."""

    path: tuple[int, ...]
    kind: str
    code: str
    meaning: str
    text: str = ""
    number: float | None = None
    value_code: str = ""
    value_meaning: str = ""

    def below(self, other: "ContentItem") -> bool:
        """Whether this item lies in the branch of the other."""
        return self.path[: len(other.path)] == other.path


class TreeTooLargeError(ValueError):
    """The content tree has more items, or is deeper, than is walked."""


def content_items(document: Any) -> Iterator[ContentItem]:
    """The items below a document's root, in reading order. What an item lacks is empty; a reference is not followed.

    Args:
        document: the data set, whose attributes are read by keyword.

    Raises:
        TreeTooLargeError: more than `MOST_ITEMS` items, or deeper than `DEEPEST`.
    """
    stack: list[tuple[tuple[int, ...], Any]] = _numbered((), document)
    seen = 0
    while stack:
        path, item = stack.pop()
        seen += 1
        if seen > MOST_ITEMS or len(path) > DEEPEST:
            raise TreeTooLargeError
        yield _item(path, item)
        stack += _numbered(path, item)


def _numbered(path: tuple[int, ...], item: Any) -> list[tuple[tuple[int, ...], Any]]:
    """An item's children with their paths, the last first: that is how a stack gives them back."""
    children = list(item.get("ContentSequence") or ())
    return [((*path, number), child) for number, child in enumerate(children)][::-1]


def _item(path: tuple[int, ...], item: Any) -> ContentItem:
    code, meaning = _concept(item.get("ConceptNameCodeSequence"))
    value_code, value_meaning = _concept(item.get("ConceptCodeSequence"))
    text = next((str(item.get(name)) for name in ("TextValue", "UID", "PersonName") if item.get(name)), "")
    return ContentItem(
        path=path,
        kind=str(item.get("ValueType") or ""),
        code=code,
        meaning=meaning.upper(),
        text=text,
        number=_number(item.get("MeasuredValueSequence")),
        value_code=value_code,
        value_meaning=value_meaning,
    )


def _concept(sequence: Any) -> tuple[str, str]:
    """Code and meaning of the first entry; long and URN codes stand in for the short one."""
    for entry in sequence or ():
        names = ("CodeValue", "LongCodeValue", "URNCodeValue")
        code = next((str(entry.get(name)) for name in names if entry.get(name)), "")
        return code.strip(), str(entry.get("CodeMeaning") or "").strip()
    return "", ""


def _number(sequence: Any) -> float | None:
    for entry in sequence or ():
        try:
            return float(entry.get("NumericValue"))
        except (TypeError, ValueError):
            return None
    return None
