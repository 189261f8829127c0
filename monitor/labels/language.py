"""Which language a report is written in, from its script and its small words. Doubt is an answer too."""

import re
import tomllib
from importlib.resources import files

OTHER = "other"
"""A language there is evidence for, and that is not English or Japanese."""

_WORD = re.compile(r"[^\W\d_]{1,40}")
_KANA = re.compile(r"[\u3041-\u30ff\uff66-\uff9f]")
_HAN = re.compile(r"[\u4e00-\u9fff\u3400-\u4dbf]")
_LATIN = re.compile(r"[A-Za-z\u00c0-\u024f]")
_ACCENTED = re.compile(r"[\u00c0-\u024f]")
_FOREIGN_SCRIPT = re.compile(
    r"[^\W\d_a-zA-Z\u00c0-\u024f\u3041-\u30ff\uff66-\uff9f\u4e00-\u9fff\u3400-\u4dbf\u02b0-\u036f]"
)

_WORDS = tomllib.loads((files("monitor.labels") / "languages.toml").read_text("utf-8"))
_ENGLISH = frozenset(_WORDS["english"].split())
_FOREIGN = frozenset(word for words in _WORDS["foreign"].values() for word in words.split())


def detect(text: str) -> str | None:
    """`"en"`, `"ja"`, `OTHER`, or `None` where there is too little to tell.

    Args:
        text: the report; the first 20 000 characters are looked at.
    """
    sample = text[:20_000]
    kana, han = len(_KANA.findall(sample)), len(_HAN.findall(sample))
    latin = len(_LATIN.findall(sample))
    foreign = len(_FOREIGN_SCRIPT.findall(sample))
    if foreign * 5 > kana + han + latin:
        return OTHER
    if (kana + han) * 4 > latin:  # a Japanese character says about as much as four Latin ones
        return "ja" if kana * 20 >= han + 1 and kana >= 2 else OTHER
    return _latin(sample) if latin else None


def _latin(sample: str) -> str | None:
    words = [word.lower() for word in _WORD.findall(sample)]
    english = sum(word in _ENGLISH for word in words)
    foreign = sum(word in _FOREIGN or (_ACCENTED.search(word) is not None) for word in words)
    if foreign > english:
        return OTHER
    if english >= 2 and english > foreign and english * 12 >= len(words):
        return "en"
    return "en" if english >= 1 and len(words) <= 6 and not foreign else None
