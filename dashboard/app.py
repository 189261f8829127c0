"""The dashboard: `streamlit run dashboard/app.py`, or `overread dashboard`. Pages are grouped by who comes."""

from pathlib import Path

import streamlit as st

from dashboard.views import agreement, overview

ICON = Path(__file__).with_name("overread.svg")  # a named icon would be fetched from a font host

st.set_page_config(page_title="Overread", page_icon=str(ICON), layout="wide", initial_sidebar_state="collapsed")

OVERVIEW = st.Page(overview.show, title="Overview", url_path="overview", icon=":material/monitor_heart:", default=True)
AGREEMENT = st.Page(agreement.show, title="Agreement", url_path="agreement", icon=":material/compare_arrows:")

st.session_state["pages"] = {"agreement": AGREEMENT, "overview": OVERVIEW}
st.navigation({"Review": [OVERVIEW, AGREEMENT]}, position="top").run()
