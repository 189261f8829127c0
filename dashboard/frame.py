"""What every page shares: the store, the time, the lights, and the states in which there is nothing to show."""

from datetime import UTC, datetime

import streamlit as st

from dashboard.queries import StoreNotReadyError, asked, open_store, pulse
from dashboard.records import Question
from dashboard.standing import Standing
from dashboard.words import ago, count
from monitor.core.errors import OverreadError
from monitor.core.status import Status
from monitor.settings import LOOPBACK, Settings, load
from monitor.store.sql import SqlStore

REFRESH_SECONDS = 10
LIGHTS = {
    Standing.ALERT: ("Alert", ":material/change_history:", "red"),
    Standing.WATCH: ("Watch", ":material/diamond:", "orange"),
    Standing.AGREES: ("Agrees", ":material/check_circle:", "green"),
    Standing.TOO_LITTLE: ("Too little data", ":material/hourglass_empty:", "gray"),
}


@st.cache_resource(show_spinner=False)
def settings() -> Settings:
    """The settings of this process, read once."""
    return load()


def question(store: SqlStore) -> Question:
    """What the pages ask, as of now, and what was promised of each model version."""
    chosen = settings()
    return asked(store, Question(now=_now(chosen), reference_days=chosen.evaluation.reference_days))


def store() -> SqlStore | None:
    """The store; where it cannot be used, say so on the page and return None."""
    try:
        return open_store(settings().store_url)
    except StoreNotReadyError:
        st.title("Does our AI still read as our radiologists do?")
        st.markdown("**Nothing has been set up yet.** The store has no tables of this version.")
        _next_steps(settings(), first="overread db upgrade")
    except OverreadError as error:
        st.title("The store cannot be opened")
        st.text(str(error))
    return None


def badge(standing: Standing) -> None:
    """A light: its shape and word say what its colour says."""
    name, icon, color = LIGHTS[standing]
    st.badge(name, icon=icon, color=color)  # type: ignore[arg-type]  # one of the literals, by the table above


def accounting(status: Status) -> str:
    """The equation that leaves nothing out."""
    studies = status.studies
    return (
        f"{count(studies.received)} studies received = {count(studies.scored)} scored "
        f"+ {count(sum(studies.excluded.values()))} excluded + {count(sum(studies.failed.values()))} failed "
        f"+ {count(studies.pending)} pending"
    )


def nothing_received() -> None:
    """The state before the first study: what to do next."""
    st.markdown("**Nothing has been received yet**, so there is nothing to compare.")
    _next_steps(settings(), first="overread serve")


def loopback_note() -> None:
    """Say who can see this page while nobody has to sign in."""
    if settings().dashboard.host in LOOPBACK:
        st.caption("No sign-in is set up: this dashboard answers only on this computer (loopback).")


@st.fragment(run_every=REFRESH_SECONDS)
def keep_fresh(seen: tuple[object, ...]) -> None:
    """Look for news every few seconds and draw the page again only when there is some, so that it never flickers."""
    if pulse(open_store(settings().store_url)) != seen:
        st.rerun()


def silence(seconds: float) -> str:
    """How long the oldest pending study has waited."""
    return f"the oldest has waited {ago(seconds)}"


def _next_steps(chosen: Settings, *, first: str) -> None:
    with st.container(border=True):
        st.markdown("**What to do next**")
        st.markdown("1. Start the sidecar:")
        st.code(first, language="bash")
        st.markdown("2. Send it a study with C-STORE, from the PACS or by hand:")
        st.code(
            f"storescu -aec {chosen.dicom.ae_title} {chosen.dicom.host} {chosen.dicom.port} study.dcm", language="bash"
        )
        st.markdown("3. Or watch an embedded hospital first:")
        st.code("overread demo", language="bash")


def _now(chosen: Settings) -> datetime:
    """The simulated hospital's time where there is one, else the system's."""
    if chosen.clock.file is not None:
        try:
            return datetime.fromisoformat(chosen.clock.file.read_text().strip()).astimezone(UTC)
        except (OSError, ValueError):
            pass
    return datetime.now(UTC)
