"""The shape of the house: what a reader may rely on in every file."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
ROOMS = ("monitor", "dashboard", "models")
MOST_LINES = 400  # a file is read in one sitting
MOST_FUNCTION_LINES = 60  # a function is seen on one screen
EMPTY_NAMES = {"utils", "helpers", "common", "manager"}  # they say nothing of what is inside, and so gather anything
CLOCKLESS = (
    "core",
    "agreement",
    "drift",
    "labels",
    "pipeline",
    "ingest",
    "reads",
    "results",
    "inference",
    "store",
    "metrics",
)
CLOCK_READS = {
    ("datetime", "now"),
    ("datetime", "utcnow"),
    ("datetime", "today"),
    ("date", "today"),
    ("time", "time"),
    ("time", "time_ns"),
    ("time", "localtime"),
    ("time", "gmtime"),
}

SOURCES = sorted(path for room in ROOMS for path in (ROOT / room).rglob("*.py"))
TESTS = sorted((ROOT / "tests").rglob("*.py"))
Function = ast.FunctionDef | ast.AsyncFunctionDef


def name(path: Path) -> str:
    """A file as a person would name it."""
    return path.relative_to(ROOT).as_posix()


def functions(tree: ast.AST) -> Iterator[Function]:
    """Every function, wherever it is defined."""
    return (node for node in ast.walk(tree) if isinstance(node, Function))


def clock_reads(tree: ast.AST) -> list[int]:
    """The lines on which the wall clock is read, by whatever name it was imported."""
    meant = {alias.asname or alias.name: alias.name for node in ast.walk(tree) for alias in _aliases(node)}
    return [
        node.lineno
        for node in ast.walk(tree)
        if isinstance(node, ast.Attribute) and (_last(node.value, meant), node.attr) in CLOCK_READS
    ] + [
        node.lineno
        for node in ast.walk(tree)
        if isinstance(node, ast.ImportFrom)
        and node.module == "time"
        and {a.name for a in node.names} & {"time", "time_ns"}
    ]


def _aliases(node: ast.AST) -> list[ast.alias]:
    return node.names if isinstance(node, ast.Import | ast.ImportFrom) else []


def _last(node: ast.expr, meant: dict[str, str]) -> str:
    """The last word of a dotted name."""
    if isinstance(node, ast.Attribute):
        return node.attr
    return meant.get(node.id, node.id) if isinstance(node, ast.Name) else ""


@pytest.mark.parametrize("path", SOURCES, ids=name)
def test_a_file_is_read_in_one_sitting(path: Path) -> None:
    """No file is longer than its budget, and no function longer than a screen."""
    text = path.read_text()
    assert len(text.splitlines()) <= MOST_LINES
    long = {f.name: f.end_lineno - f.lineno + 1 for f in functions(ast.parse(text)) if f.end_lineno is not None}
    assert {function: lines for function, lines in long.items() if lines > MOST_FUNCTION_LINES} == {}


@pytest.mark.parametrize("path", SOURCES, ids=name)
def test_a_file_says_what_it_is(path: Path) -> None:
    """Every module has a docstring, and no file or folder a name that could mean anything."""
    assert ast.get_docstring(ast.parse(path.read_text()))
    assert not EMPTY_NAMES & {part.removesuffix(".py") for part in path.relative_to(ROOT).parts}


@pytest.mark.parametrize("room", CLOCKLESS)
def test_time_comes_in_at_the_door(room: str) -> None:
    """No room reads the wall clock, so that a simulated hospital's time is time everywhere in it."""
    found = {name(path): clock_reads(ast.parse(path.read_text())) for path in (ROOT / "monitor" / room).rglob("*.py")}
    assert {path: lines for path, lines in found.items() if lines} == {}


@pytest.mark.parametrize(
    "code",
    [
        "from datetime import datetime\ndatetime.now(UTC)",
        "from datetime import datetime as dt\ndt.now()",
        "import datetime\ndatetime.datetime.utcnow()",
        "import datetime as d\nd.date.today()",
        "import time as t\nt.time()",
        "from time import time\ntime()",
        "later = datetime.now",
    ],
)
def test_a_clock_read_is_seen(code: str) -> None:
    """The rule sees the clock under every name it goes by."""
    assert clock_reads(ast.parse(code))


def test_other_clocks_are_left_alone() -> None:
    """A time-out counts on the monotonic clock, and a port may be called a clock."""
    assert clock_reads(ast.parse("import time\ntime.monotonic()\ntime.perf_counter()\nself.clock.now()")) == []


@pytest.mark.parametrize("path", TESTS, ids=name)
def test_a_test_says_what_is_true(path: Path) -> None:
    """Every test has a docstring of one line, a sentence that fails to be true when the test fails."""
    tests = [f for f in functions(ast.parse(path.read_text())) if f.name.startswith("test_")]
    said = {f.name: ast.get_docstring(f) or "" for f in tests}
    assert {test: text for test, text in said.items() if not text.strip() or "\n" in text} == {}


@pytest.mark.parametrize("path", TESTS, ids=name)
def test_no_test_is_lost_under_another(path: Path) -> None:
    """No two tests of a file have one name: the second would hide the first."""
    names = [node.name for node in ast.parse(path.read_text()).body if isinstance(node, Function)]
    assert len(names) == len(set(names))
