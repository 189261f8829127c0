import pytest

from monitor.reads.charset import UndecodableTextError, decode


def _message(charset: str, body: bytes) -> bytes:
    return b"MSH|^~\\&|R|H|O|H|20260101||ORU^R01|1|P|2.5||||||" + charset.encode() + b"\rOBX|1|TX|x||" + body + b"\r"


@pytest.mark.parametrize(
    ("charset", "codec", "text"),
    [
        ("", "ascii", "effusion"),
        ("ASCII", "ascii", "effusion"),
        ("8859/1", "latin-1", "Müller, épanchement"),
        ("UNICODE UTF-8", "utf-8", "胸水 ü 흉수"),
        ("WINDOWS-1252", "cp1252", "“effusion” – Müller"),
        ("~ISO IR87", "iso2022_jp", "胸水を認めます"),
        ("ISO IR14~ISO IR87", "iso2022_jp", "心拡大は認めない"),
        ("Shift-JIS", "cp932", "気胸なし"),
        ("KS X 1001", "euc_kr", "흉수 없음"),
        ("~ISO IR149", "euc_kr", "흉수 없음"),
    ],
)
def test_round_trip(charset: str, codec: str, text: str) -> None:
    """Text in a declared character set comes back as it was written."""
    assert f"||{text}\r" in decode(_message(charset, text.encode(codec)))


def test_delimiter_bytes_inside_japanese_survive() -> None:
    """ISO-2022-JP whose bytes look like HL7 delimiters is decoded before it is split."""
    text = "".join(chr(code) for code in range(0x4E00, 0x9FA0) if _holds_delimiters(chr(code)))
    assert len(text) > 100
    assert f"||{text}\r" in decode(_message("~ISO IR87", text.encode("iso2022_jp")))


def _holds_delimiters(char: str) -> bool:
    try:
        return bool(set(b"|^~&") & set(char.encode("iso2022_jp")[3:-3]))
    except UnicodeEncodeError:
        return False


@pytest.mark.parametrize(
    ("charset", "body"),
    [
        ("", "é".encode()),
        ("UNICODE UTF-8", b"\xff\xfe"),
        ("ASCII", "胸水".encode("iso2022_jp")),
        ("KLINGON", b"x"),
        ("~ISO IR87", b"\x1b$Bzzz\xff"),
    ],
)
def test_undecodable(charset: str, body: bytes) -> None:
    """Bytes that are not in the declared set are refused, never replaced."""
    with pytest.raises(UndecodableTextError, match="MSH-18"):
        decode(_message(charset, body))


def test_default_of_the_source() -> None:
    """A message that names no character set is in its source's."""
    assert "Müller" in decode(_message("", "Müller".encode("latin-1")), default="8859/1")
