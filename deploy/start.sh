#!/bin/sh
# Start the app and its API for people whom nobody knows: on all addresses, at $PORT.
set -eu
export DIGITS_MODE="${DIGITS_MODE:-shared}"
if [ -n "${SPACE_ID:-}" ]; then # Hugging Face shows the app in a frame of its own site
    export STREAMLIT_SERVER_XSRF_COOKIE_SAME_SITE=none
fi
exec python -m streamlit run app.py \
    --server.port "${PORT:-8501}" --server.address 0.0.0.0 --server.headless true
