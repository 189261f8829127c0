from collections.abc import Callable
from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from dashboard.launch import APP

from . import seed
from .conftest import STORIES

PAGES = ("overview", "agreement")


def shown(page: str, **query: str) -> AppTest:
    """Run the app on a page, as the router does."""
    app = AppTest.from_file(str(APP), default_timeout=60)
    for name, value in query.items():
        app.query_params[name] = value
    app.run()
    if page != "overview":
        app._page_hash = app.session_state["pages"][page]._script_hash  # switch_page knows only pages that are files
        app.run()
    return app


def words(app: AppTest) -> str:
    """All text of a page."""
    return "\n".join(
        element.value for kind in ("title", "markdown", "caption", "error", "text", "code") for element in app.get(kind)
    )


@pytest.mark.parametrize("page", PAGES)
@pytest.mark.parametrize("name", STORIES)
def test_each_page_stands_in_each_state(environment: Callable[[str], Path], name: str, page: str) -> None:
    """No state of the store makes a page fail, and its title asks a question."""
    environment(name)
    app = shown(page)
    assert not app.exception
    assert app.title[0].value.endswith("?")


@pytest.mark.parametrize(
    ("name", "answer"),
    [
        ("alert", "**In doubt.** What Chest radiograph 1.2.0 sees has changed since"),
        ("ok", "**Yes, as far as the data can tell.** No alarm is open; n = "),
        ("insufficient", "**Too early to say.** Chest radiograph 1.2.0:"),
        ("empty", "**Nothing has been received yet**"),
    ],
)
def test_the_overview_answers_its_question(environment: Callable[[str], Path], name: str, answer: str) -> None:
    """The first sentence under the title is the verdict."""
    environment(name)
    assert shown("overview").markdown[0].value.startswith(answer)


def test_the_accounting_adds_up_on_the_page(environment: Callable[[str], Path]) -> None:
    """In the line under the verdict, received is the sum of scored, excluded, failed and pending."""
    environment("alert")
    line = shown("overview").caption[0].value.split(" · ")[-1]
    received, *parts = [int(word.replace(",", "")) for word in line.split() if word[0].isdigit()]
    assert received == sum(parts) == 22 * 6


def test_the_banner_names_the_place_and_the_effect(environment: Callable[[str], Path]) -> None:
    """What happened, where to look first, since when, and the agreement there before and since."""
    environment("alert")
    (banner,) = shown("overview").error
    assert "the images have changed since 1 Oct" in banner.value
    assert "**North campus · Philips · DX-7 · 4.1**" not in banner.value
    assert "**North campus · Philips · DX-7**" in banner.value
    assert "There, positive agreement on" in banner.value
    assert "; before, " in banner.value


def test_an_empty_store_says_what_to_do(environment: Callable[[str], Path]) -> None:
    """The address to send to and the demonstration are named."""
    environment("empty")
    commands = [block.value for block in shown("overview").code]
    assert commands == ["overread serve", "storescu -aec OVERREAD 127.0.0.1 11112 study.dcm", "overread demo"]


def test_a_store_never_set_up_says_so(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Without tables the page names the command that makes them."""
    monkeypatch.setenv("OVERREAD_DATA_DIR", str(tmp_path))
    app = shown("overview")
    assert not app.exception
    assert app.code[0].value == "overread db upgrade"


@pytest.mark.parametrize("page", PAGES)
def test_hostile_names_stay_words(environment: Callable[[str], Path], page: str) -> None:
    """Nothing from outside reaches mark-up with its punctuation."""
    environment("hostile")
    app = shown(page)
    for kind in ("markdown", "caption", "error", "title", "badge"):
        for element in app.get(kind):
            assert "evil.example" not in element.value
            assert "http:" not in element.value
            assert "![" not in element.value
    assert "x http evil example a png" in words(app)


def test_a_deep_link_sets_the_filters(environment: Callable[[str], Path]) -> None:
    """What the address names is chosen; what it names wrongly is not."""
    environment("alert")
    link = {"model": seed.MODEL, "version": seed.VERSION, "finding": "pneumothorax", "site": "North campus"}
    app = shown("agreement", **link, period="alarm", manufacturer="Nobody")
    chosen = {box.label: box.value for box in app.selectbox}
    assert chosen["Finding"] == "pneumothorax"
    assert chosen["Site"] == "North campus"
    assert chosen["Manufacturer"] == ""
    assert chosen["Period"] == "alarm"
