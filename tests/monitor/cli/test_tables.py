"""Tables as people bring them: every format of one table reads alike, and what is no table is one clear error."""

from contextlib import suppress
from pathlib import Path

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from monitor.cli import tables
from monitor.cli.tables import column_names, read_table, require
from monitor.core.errors import TableError


@pytest.mark.parametrize("separator", [",", ";", "\t", "|"])
@pytest.mark.parametrize("mark", [b"", b"\xef\xbb\xbf"])
@pytest.mark.parametrize("end", ["\n", "\r\n"])
def test_separator_mark_and_line_end_do_not_matter(tmp_path: Path, separator: str, mark: bytes, end: str) -> None:
    """Comma, semicolon, tab or bar, with or without a byte order mark, Unix or Windows: the same table."""
    path = tmp_path / "t.csv"
    lines = [["study_id", "score"], ["007", "0.5"], ["008", ""]]
    path.write_bytes(mark + "".join(separator.join(line) + end for line in lines).encode())
    assert read_table(path).to_dicts() == [{"study_id": "007", "score": "0.5"}, {"study_id": "008", "score": None}]
    assert column_names(path) == ["study_id", "score"]


def test_parquet_is_known_by_its_bytes_and_keeps_its_types(tmp_path: Path) -> None:
    """A Parquet file under any name reads as what was written."""
    frame = pl.DataFrame({"study_id": [7, 8], "score": [0.5, None]})
    frame.write_parquet(tmp_path / "t.csv")
    assert read_table(tmp_path / "t.csv").equals(frame)


def test_only_the_columns_asked_for_are_read(tmp_path: Path) -> None:
    """Columns come by name, in any order, and unknown ones are ignored."""
    path = tmp_path / "t.csv"
    path.write_text("c,b,a\n1,2,3\n")
    assert read_table(path, columns=["a", "b", "z"]).to_dicts() == [{"b": "2", "a": "3"}]


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"", "no column names"),
        (b"   \n", "no column names"),
        (b"a,b\n1,2,3\n", "well-formed CSV"),
        (b'a,b\n"Doe^Jane,2\n3,4', "well-formed CSV"),
        (b"a,b\n\xff\xfe\xfd,2\n", "well-formed CSV"),
        (b"\xe9,b\n", "not UTF-8"),
        (b"a,a\n1,2\n", "'a' is named more than once"),
        (b"PAR1 is not enough", "well-formed CSV"),
        (b"\x1f\x8b\x08\x00", "gzip"),
        (b"PK\x03\x04", "Excel"),
        (b"\xff\xfea\x00", "UTF-16"),
        (b"a" * (1 << 20) + b"\n", "first line is longer"),
        (b",".join(b"c%d" % i for i in range(10_001)) + b"\n", "10001 columns"),
    ],
)
def test_what_is_no_table_is_a_clear_error(tmp_path: Path, content: bytes, words: str) -> None:
    """The error names the file and what is accepted, and never quotes a cell."""
    path = tmp_path / "t.csv"
    path.write_bytes(content)
    with pytest.raises(TableError, match=words) as raised:
        read_table(path)
    assert str(path) in str(raised.value)
    assert "Doe" not in str(raised.value)


def test_a_path_that_is_no_file_is_named(tmp_path: Path) -> None:
    """A folder and a missing file are told apart."""
    with pytest.raises(TableError, match="not a regular file"):
        read_table(tmp_path)
    with pytest.raises(TableError, match="no such file"):
        read_table(tmp_path / "none.csv")


def test_size_is_bounded_before_reading(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """More bytes, or more rows in a Parquet footer, than accepted are refused before anything is unpacked."""
    path = tmp_path / "t.parquet"
    pl.DataFrame({"a": range(1000)}).write_parquet(path)
    monkeypatch.setattr(tables, "MAX_ROWS", 999)
    with pytest.raises(TableError, match="1000 rows; at most 999"):
        read_table(path)
    monkeypatch.setattr(tables, "MAX_BYTES", 10)
    with pytest.raises(TableError, match="bytes; at most 10"):
        read_table(path)


def test_a_missing_column_names_those_found(tmp_path: Path) -> None:
    """The error says which file lacks which column and what it has instead, cut where there are many."""
    frame = pl.DataFrame({f"c{i}": [0] for i in range(25)})
    with pytest.raises(TableError, match=r"p\.csv: column 'score' is missing; found 'c0', .* and 5 more"):
        require(frame, tmp_path / "p.csv", ["score"])


@settings(max_examples=60)
@given(st.binary(max_size=200))
def test_any_bytes_are_a_table_or_a_table_error(tmp_path_factory: pytest.TempPathFactory, content: bytes) -> None:
    """Nothing but a frame or a TableError ever comes out."""
    path = tmp_path_factory.mktemp("bytes") / "t"
    path.write_bytes(content)
    with suppress(TableError):
        assert isinstance(read_table(path), pl.DataFrame)
