"""The server of the pages: open the browser, end on Ctrl-C, reject requests of other sites."""

import asyncio
import signal
import webbrowser
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import streamlit as st
import uvicorn

from digits.errors import DigitsError
from digits.origin_guard import (
    NO_FOREIGN_FRAME,
    PAGE_POLICY,
    Application,
    OriginGuard,
    SecurityHeaders,
    Site,
    own_site,
)
from digits.settings import load_settings

PAUSE = 0.1  # s, between two tries to reach the server
SHUTDOWN_TIMEOUT = 2  # s; otherwise the server waits until all pages are closed


@asynccontextmanager
async def run_app(_app: st.App) -> AsyncIterator[None]:
    """Open the app in the browser when its server listens, unless there is no screen."""
    _limit_farewell()
    opening = None if st.get_option("server.headless") else asyncio.create_task(_open())
    yield
    if opening is not None:
        opening.cancel()


def site_of_pages() -> Site:
    """Return the accepted host names and origins of the app.

    In personal mode everybody who opens the page sees the stored data, so only this computer's
    names are accepted. In shared mode any name is, since sessions contain nothing of value.
    """
    origins = tuple(st.get_option("server.corsAllowedOrigins"))
    shared, public_urls = _mode()
    if shared:
        return Site(origins=(*public_urls, *origins))
    site = own_site(public_urls, st.get_option("server.allowedHosts"))
    return Site(site.hosts, (*site.origins, *origins))


def guard_pages(app: Application, site: Site) -> Application:
    """Reject requests that other sites make through a visitor's browser.

    In personal mode no other site may show the pages in a frame; in shared mode hosts may.
    """
    policy = PAGE_POLICY if _mode()[0] else PAGE_POLICY + NO_FOREIGN_FRAME
    # The API checks its own requests.
    return SecurityHeaders(OriginGuard(app, site=site, delegated="/api/"), policy=policy)


def _mode() -> tuple[bool, tuple[str, ...]]:
    """Return whether the installation is shared, and its public addresses."""
    try:
        settings = load_settings()
    except DigitsError:  # the pages show the error
        return False, ()
    return settings.is_shared, settings.public_urls


def _limit_farewell() -> None:
    """Limit the time that the server waits for open pages when it shuts down."""
    # Streamlit does not expose the server, but the signal handler is its method.
    server = getattr(signal.getsignal(signal.SIGTERM), "__self__", None)
    if isinstance(server, uvicorn.Server):
        server.config.timeout_graceful_shutdown = SHUTDOWN_TIMEOUT


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
