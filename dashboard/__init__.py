"""The Streamlit dashboard: a router, one door to the store, charts and views."""
