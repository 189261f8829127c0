import pytest

from monitor.core import errors
from monitor.core.errors import OverreadError

KINDS = [kind for kind in vars(errors).values() if isinstance(kind, type) and issubclass(kind, OverreadError)]


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.__name__)
def test_an_error_explains_itself(kind: type[OverreadError]) -> None:
    """Without a message an error shows its docstring, and every one has an exit code a script can tell apart."""
    assert str(kind()) == kind.__doc__
    assert str(kind("this went wrong")) == "this went wrong"
    assert kind.exit_code in {1, 2, 3, 4}
