"""What Streamlit does for a script but not for an `App`: the browser opens, and Ctrl-C ends it."""

import asyncio
import signal
import webbrowser
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import streamlit as st
import uvicorn

PAUSE = 0.1  # s, between two tries to reach the server
FAREWELL = 2  # s; without a limit the server waits for as long as somebody looks at a page


@asynccontextmanager
async def run_app(_app: st.App) -> AsyncIterator[None]:
    """Open the app's page as soon as its server listens, unless there is no screen."""
    _limit_farewell()
    opening = None if st.get_option("server.headless") else asyncio.create_task(_open())
    yield
    if opening is not None:
        opening.cancel()


def _limit_farewell() -> None:
    """Let the server that is told to end wait no longer than `FAREWELL` for open pages."""
    # Streamlit makes the server and hands it to nobody; whom the signal calls is its method.
    server = getattr(signal.getsignal(signal.SIGTERM), "__self__", None)
    if isinstance(server, uvicorn.Server):
        server.config.timeout_graceful_shutdown = FAREWELL


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
