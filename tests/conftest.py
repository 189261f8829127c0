"""What every test shares."""

import os

os.environ.setdefault("DO_NOT_TRACK", "1")  # evidently and streamlit phone home otherwise
