"""Which language a report is written in, from its script and its small words. Doubt is an answer too."""

import re
import tomllib
from importlib.resources import files

OTHER = "other"
"""A language there is evidence for, and that is none of those with a lexicon."""
UNKNOWN = "unknown"
"""Too little to tell, and nothing declared."""

_KNOWN = frozenset({"en", "ja", "ko"})
_WORD = re.compile(r"[^\W\d_]{1,40}")
_KANA = re.compile(r"[\u3041-\u30fe\uff66-\uff9f]")
_HAN = re.compile(r"[\u4e00-\u9fff\u3400-\u4dbf\u3005]")
_HANGUL = re.compile(r"[\uac00-\ud7a3\u1100-\u11ff\u3131-\u318e]")
_LATIN = re.compile(r"[A-Za-z\u00c0-\u024f\u1e00-\u1eff]")
_ACCENTED = re.compile(r"[\u00c0-\u024f\u1e00-\u1eff]")
_FOREIGN_SCRIPT = re.compile(
    r"[^\W\d_a-zA-Z\u00c0-\u024f\u1e00-\u1eff\u3041-\u30fe\uff66-\uff9f\u4e00-\u9fff\u3400-\u4dbf\u3005"
    r"\uac00-\ud7a3\u1100-\u11ff\u3131-\u318e\u02b0-\u036f]"
)
_SAMPLE = 8_000  # characters
_SHORT = 6  # words: a bare diagnosis, which no small word need accompany

_WORDS = tomllib.loads((files("monitor.labels") / "languages.toml").read_text("utf-8"))
_ENGLISH = frozenset(_WORDS["english"].split())
_FOREIGN = frozenset(word for words in _WORDS["foreign"].values() for word in words.split())
_NEUTRAL = _ENGLISH | frozenset(_WORDS["neutral"].split())
_JAPANESE = frozenset(_WORDS["japanese"].split())


def spoken(text: str, declared: str | None) -> str:
    """The language to read a report in: what it plainly is, else what was declared, else `UNKNOWN`.

    A declared language nobody has a lexicon for is believed at once. One that is known is believed of a short text
    only: a long one in it would show.

    Args:
        text: the report; its first 8 000 characters are looked at.
        declared: what the sender says (BCP 47), if anything.
    """
    named = (declared or "").strip().lower().replace("_", "-").partition("-")[0][:8]
    if named and named not in _KNOWN:
        return named if named.isascii() and named.isalpha() else UNKNOWN
    found = detect(text)
    if found is not None:
        return found
    words = len(_WORD.findall(text[:_SAMPLE]))
    return named if named and 0 < words <= _SHORT else UNKNOWN


def detect(text: str) -> str | None:
    """`"en"`, `"ja"`, `"ko"`, `OTHER`, or `None` where there is too little to tell."""
    sample = text[:_SAMPLE]
    if sample.isascii():
        return _latin(sample)
    kana, han, hangul = len(_KANA.findall(sample)), len(_HAN.findall(sample)), len(_HANGUL.findall(sample))
    latin = len(_LATIN.findall(sample))
    foreign = len(_FOREIGN_SCRIPT.findall(sample))
    if foreign * 5 > kana + han + hangul + latin:
        return OTHER
    # A Japanese or Korean character says about as much as four Latin ones.
    if hangul * 4 > latin and hangul > kana:
        return "ko" if hangul >= 2 else OTHER
    if (kana + han) * 4 > latin:
        japanese = kana >= 2 and kana * 20 >= han + 1
        return "ja" if japanese or any(word in sample for word in _JAPANESE) else OTHER
    return _latin(sample) if latin else None


def _latin(sample: str) -> str | None:
    words = [word.lower() for word in _WORD.findall(sample)]
    english = sum(word in _ENGLISH for word in words)
    foreign = sum(word in _FOREIGN or (not word.isascii() and _ACCENTED.search(word) is not None) for word in words)
    if foreign and foreign >= english:
        return OTHER
    if english >= 2 and english * 10 >= len(words):
        return "en"
    short = 0 < len(words) <= _SHORT and not foreign
    return "en" if short and (english or all(word in _NEUTRAL for word in words)) else None
