import hl7
import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitor.reads.segments import Message

PIECE = st.text(
    st.characters(codec="utf-8", exclude_characters="|^~\\&\r\n", exclude_categories=("Cs", "Cc", "Zl", "Zp")),
    max_size=6,
)
FIELD = st.lists(st.lists(PIECE, min_size=1, max_size=3).map("^".join), min_size=1, max_size=3).map("~".join)
SEGMENT = st.tuples(st.sampled_from(["PID", "OBR", "OBX", "ZDS"]), st.lists(FIELD, min_size=1, max_size=6))
HEADER = "MSH|^~\\&|RIS|HOSP|||20260101||ORU^R01|1|P|2.5"


@given(st.lists(SEGMENT, max_size=6))
def test_fields_are_those_an_independent_parser_finds(segments: list[tuple[str, list[str]]]) -> None:
    """Every field of every segment is where python-hl7 finds it."""
    text = "\r".join([HEADER, *("|".join([name, *fields]) for name, fields in segments)]) + "\r"
    theirs = [[str(field) for field in segment] for segment in hl7.parse(text)]
    ours = [[segment.raw(n) for n in range(len(segment.fields))] for segment in Message(text).segments]
    assert ours == theirs


@pytest.mark.parametrize(
    ("sent", "meant"),
    [
        (r"a\F\b\S\c\T\d\R\e\E\f", "a|b^c&d~e\\f"),
        (r"\H\bold\N\ plain", "bold plain"),
        (r"one\.br\two\.sp+2\three", "one\ntwo\nthree"),
        (r"caf\XC3A9\ \X0D0A\next", "café \nnext"),
        (r"\Zunknown\x", " x"),
        ("no end \\F", "no end \\F"),
    ],
)
def test_escapes(sent: str, meant: str) -> None:
    """Escape sequences are resolved in the message's character set; an unknown one is a blank."""
    assert Message(HEADER, codec="utf-8").plain(sent) == meant


def test_separators_are_the_senders() -> None:
    """A sender may choose its separators, and its escapes stand for them."""
    message = Message("MSH#*~!%#R\rOBX#1#TX#a*b##x!F!y!S!z\r")
    (segment,) = message.named("OBX")
    assert (message.of(segment, 3, 2), message.of(segment, 5)) == ("b", "x#y*z")


def test_a_broken_line_goes_on_with_its_segment() -> None:
    """A line feed inside a text is part of it: what follows is not lost."""
    message = Message(HEADER + "\rOBX|1|TX|x||No\neffusion.\rOBX|2|TX|x||End\r\n")
    assert [message.lines(s, 5) for s in message.named("OBX")] == [["No\neffusion."], ["End"]]


@pytest.mark.parametrize("text", ["", "MSH", "PID|1", "MSHX|^~\\&|", " MSH|^~\\&|"])
def test_what_has_no_header_is_no_message(text: str) -> None:
    """A message begins with its header."""
    with pytest.raises(ValueError, match="MSH"):
        Message(text)
