from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitor.core.identity import KEY_BYTES, PSEUDONYM_HEX, Pseudonyms

KEY = bytes(range(KEY_BYTES))
HERE = Pseudonyms(key=KEY)
KINDS: list[Callable[[str | None], str | None]] = [HERE.patient, HERE.accession, HERE.uid, HERE.reader]
any_text = st.text(st.characters(), max_size=30)  # lone surrogates too: undecodable bytes become them


@given(any_text)
def test_a_pseudonym_is_hex_of_one_length_or_none(number: str) -> None:
    """Whatever the text, a pseudonym is 128 bits of hex, or None where there is nothing to stand for."""
    for kind in KINDS:
        pseudonym = kind(number)
        assert pseudonym is None or (len(pseudonym) == PSEUDONYM_HEX and int(pseudonym, 16) >= 0)


@pytest.mark.parametrize("blank", [None, "", " ", "\0", " \t\r\n\0", "\u3000\x0b"])
def test_nothing_has_no_pseudonym(blank: str | None) -> None:
    """Empty or padding has no pseudonym, so that two unknown patients never become one."""
    assert [kind(blank) for kind in (HERE.patient, HERE.accession, HERE.reader)] == [None] * 3
    assert HERE.uid(None) is HERE.uid("") is HERE.uid(" \0") is None
    assert HERE.accession(blank, issuer="RIS") is None
    assert HERE.accession("123", issuer=blank or "") is None


@given(st.text(st.characters(categories=["L", "N"]), min_size=1, max_size=16), st.text(" \t\r\n\0", max_size=4))
def test_padding_does_not_matter(number: str, padding: str) -> None:
    """Padding on either side, and case where the field has none, leave the pseudonym the same."""
    assert HERE.patient(padding + number + padding) == HERE.patient(number)
    assert HERE.accession(padding + number) == HERE.accession(number)
    assert HERE.uid(number + padding) == HERE.uid(number)


def test_kinds_are_apart() -> None:
    """The same digits as patient, accession, UID, reader or issued accession have nothing in common."""
    found = {kind("123") for kind in KINDS} | {HERE.accession("123", issuer="A"), HERE.accession("123", issuer="B")}
    assert len(found) == 6


@given(any_text, any_text)
def test_no_number_runs_into_its_issuer(issuer: str, number: str) -> None:
    """A plain accession never equals one within an issuer, whatever separators either holds."""
    within = HERE.accession(number, issuer=issuer)
    plain = [HERE.accession(issuer + mark + number) for mark in ("", "\x1f", " ", "^")]
    assert within is None or within not in plain


def test_another_key_is_another_site() -> None:
    """Without the key a pseudonym cannot be made again; with it, always."""
    there = Pseudonyms(key=KEY[::-1])
    assert HERE.patient("123") == Pseudonyms(key=KEY).patient("123")
    assert HERE.patient("123") != there.patient("123")


def test_the_key_is_not_shown() -> None:
    """Neither repr nor str shows the key."""
    for shown in (repr(HERE), str(HERE), f"{HERE}"):
        assert KEY.hex() not in shown
        assert repr(KEY) not in shown
        assert "secret" in shown


def test_a_short_key_is_refused() -> None:
    """A key of fewer bytes is an error that says how many, and not which."""
    with pytest.raises(ValueError, match=f"31 bytes given; at least {KEY_BYTES}") as caught:
        Pseudonyms(key=b"k" * 31)
    assert "kkk" not in str(caught.value)
