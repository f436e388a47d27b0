"""What stands round the pages: the browser opens, Ctrl-C ends them, other sites are kept out."""

import asyncio
import signal
import socket
import webbrowser
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import streamlit as st
import uvicorn

from digits.errors import DigitsError
from digits.origin_guard import FRAMED_BY_OURSELVES, PAGES, Application, OwnSite
from digits.settings import load_settings

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


def own_site(app: Application) -> OwnSite:
    """Keep other sites from using the pages through a visitor's browser.

    On one's own computer all that is kept is open to whoever opens the page, so it answers to its
    own names only and stands in no frame. Where strangers visit, it may have any name, and a
    visitor's session is worth nothing to another site.
    """
    try:
        shared = load_settings().is_shared
    except DigitsError:  # the pages say so
        shared = False
    origins = st.get_option("server.corsAllowedOrigins")
    if shared:
        return OwnSite(app, policy=PAGES, origins=origins)
    own = socket.gethostname().lower()
    names = ["localhost", own, f"{own}.local", *st.get_option("server.allowedHosts")]
    return OwnSite(app, policy=PAGES + FRAMED_BY_OURSELVES, names=names, origins=origins)


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
