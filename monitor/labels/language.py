"""Which language a report is written in, from its script and its small words. Doubt is an answer too."""

import re

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

_ENGLISH = frozenset(
    "the of and is are there with without was were has have been within or to for from this that which not be by at as on it its "
    "seen normal clear heart lungs lung chest unremarkable unchanged stable effusion effusions pleural size limits acute "
    "disease evidence enlarged mild small right left pneumonia edema cardiomegaly consolidation atelectasis fracture "
    "opacity opacities negative likely possible increased bilateral upper lower lobe lines tubes interval".split()
)
_FOREIGN = frozenset(
    # German, Dutch
    "der die das und kein keine keinen nicht mit ein eine einer eines im am zum zur bei ist sind nach ohne vom den dem des "
    "auf beidseits unauffällig het een geen niet en van zijn wordt met er op te "
    # French, Spanish, Portuguese, Italian
    "le la les des du et est sont pas sans avec une un dans aux ou de el los las con sin se en y del por una hay ni "
    "não sem do da dos das em os as com uma il lo gli di nel della dei non per ed è e "
    # Scandinavian, Polish, Czech, Turkish, Finnish, Hungarian
    "och inte ingen inga är med av på som og ikke er til det ej det nie jest bez nad oraz se je není ve ve bir yok ile ja ei "
    "on ole nincs nem és".split()
) - frozenset({"as", "on", "e", "er", "do", "die", "per", "con"})


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
    return "en" if 1 <= english and len(words) <= 6 and not foreign else None
