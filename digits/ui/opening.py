"""The browser opens by itself: Streamlit does so for a script, but not for an `App`."""

import asyncio
import webbrowser
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import streamlit as st

PAUSE = 0.1  # s, between two tries to reach the server


@asynccontextmanager
async def open_browser(_app: st.App) -> AsyncIterator[None]:
    """Open the app's page as soon as its server listens, unless there is no screen."""
    opening = None if st.get_option("server.headless") else asyncio.create_task(_open())
    yield
    if opening is not None:
        opening.cancel()


async def _open() -> None:
    address, port = st.get_option("browser.serverAddress"), st.get_option("server.port")
    while True:
        try:
            _, connection = await asyncio.open_connection(address, port)
        except OSError:  # not listening yet
            await asyncio.sleep(PAUSE)
        else:
            connection.close()
            break
    await asyncio.to_thread(webbrowser.open, f"http://{address}:{port}")
