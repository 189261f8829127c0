"""Figures and names as a committee reads them."""

import re
from collections.abc import Sequence
from datetime import date

from monitor.agreement.kappa import Kappa
from monitor.agreement.proportion import Proportion

LONGEST_NAME = 60
NARROW = "\u202f"  # a narrow space that does not break: a figure and its sign stay together
_WORD = re.compile(r"[^\W_]+(?:-[^\W_]+|(?<=\d)\.(?=\d)[^\W_]+)*")


def plain(text: str) -> str:
    """A name from outside, cut down to its words, so that no mark-up, link or emoji code can survive in it.

    >>> plain("![x](http://evil.example/a.png) North_campus DX-7 v4.1")
    'x http evil example a png North campus DX-7 v4.1'
    """
    return " ".join(_WORD.findall(text[: 4 * LONGEST_NAME]))[:LONGEST_NAME] or "unnamed"


def listed(names: Sequence[str], *, most: int = 3) -> str:
    """Names in a sentence: the first few, and how many more there are."""
    shown, more = list(names[:most]), len(names) - most
    if more > 0:
        return f"{', '.join(shown)} and {more} more"
    return shown[0] if len(shown) == 1 else f"{', '.join(shown[:-1])} and {shown[-1]}" if shown else "none"


def count(number: int, noun: str = "") -> str:
    """A number with its thousands apart and, where given, its noun in the right number."""
    return f"{number:,}" if not noun else f"{number:,} {noun}{'' if number == 1 else 's'}"


def day(value: date, *, year: bool = False) -> str:
    """A day, as 9 Nov or 9 Nov 2026."""
    return f"{value.day} {value:%b %Y}" if year else f"{value.day} {value:%b}"


def percent(value: float, *, digits: int = 0) -> str:
    """A share in percent; near 0 and 1 with a decimal more, so that 99.6 % is never rounded to certainty."""
    near_certain = digits == 0 and (0 < value < 0.01 or 0.99 < value < 1)
    text = f"{100 * value:.{1 if near_certain else digits}f}"
    if text in {"100.0", "0.0"} and 0 < value < 1:
        return f"> 99.9{NARROW}%" if value > 0.5 else f"< 0.1{NARROW}%"
    return f"{text}{NARROW}%"


def between(share: Proportion, *, digits: int = 0) -> str:
    """The interval of a share, as 81–89 %."""
    low, high = percent(share.low, digits=digits), percent(share.high, digits=digits)
    return f"{low.removesuffix(f'{NARROW}%')}–{high}"


def of(number: int) -> str:
    """A sample size that stays on one line, as n = 214."""
    return f"n{NARROW}={NARROW}{count(number)}"


def ratio(value: float | None) -> str:
    """A coefficient between −1 and 1, as .71; a dash where it is undefined."""
    if value is None:
        return "–"
    text = f"{abs(value):.2f}".removeprefix("0")
    return f"−{text}" if value < 0 and text != ".00" else text


def kappa_between(kappa: Kappa) -> str:
    """The interval of a kappa, as .66 to .76."""
    return f"{ratio(kappa.low)} to {ratio(kappa.high)}"


def ago(seconds: float) -> str:
    """A stretch of time in its largest whole unit."""
    for unit, length in (("day", 86400), ("hour", 3600), ("minute", 60)):
        if seconds >= length:
            return count(int(seconds // length), unit)
    return "less than a minute"
