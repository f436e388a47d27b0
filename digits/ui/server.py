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
FAREWELL = 2  # s; without a limit the server waits for as long as somebody looks at a page


@asynccontextmanager
async def run_app(_app: st.App) -> AsyncIterator[None]:
    """Open the app's page as soon as its server listens, unless there is no screen."""
    _limit_farewell()
    opening = None if st.get_option("server.headless") else asyncio.create_task(_open())
    yield
    if opening is not None:
        opening.cancel()


def site_of_pages() -> Site:
    """Return under which names the app is reached, and whose pages may use it.

    In personal mode whoever opens the page sees all that is kept, so it answers to its own names
    only. In shared mode it may have any name: a visitor's session is worth nothing to another site.
    """
    origins = tuple(st.get_option("server.corsAllowedOrigins"))
    shared, public_urls = _mode()
    if shared:
        return Site(origins=(*public_urls, *origins))
    site = own_site(public_urls, st.get_option("server.allowedHosts"))
    return Site(site.hosts, (*site.origins, *origins))


def guard_pages(app: Application, site: Site) -> Application:
    """Keep other sites from using the pages through a visitor's browser.

    In personal mode no other site may show them in a frame either; hosts that show shared apps in
    frames of theirs go on working.
    """
    policy = PAGE_POLICY if _mode()[0] else PAGE_POLICY + NO_FOREIGN_FRAME
    # The API checks its own requests, and answers in its own form.
    return SecurityHeaders(OriginGuard(app, site=site, delegated="/api/"), policy=policy)


def _mode() -> tuple[bool, tuple[str, ...]]:
    """Return whether strangers may use this installation, and its public addresses."""
    try:
        settings = load_settings()
    except DigitsError:  # the pages say so
        return False, ()
    return settings.is_shared, settings.public_urls


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
