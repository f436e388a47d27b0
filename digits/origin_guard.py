"""Only this server's own pages speak to it through a visitor's browser, and they ask no other host.

A page elsewhere can make a visitor's browser open a WebSocket here, which no browser forbids; and
a name that was pointed at this computer for a moment (DNS rebinding) makes that page look like
one of ours. Knows nothing of Streamlit or FastAPI: any ASGI application can stand behind it.
"""

import ipaddress
from collections.abc import Awaitable, Callable, Collection, MutableMapping
from fnmatch import fnmatchcase
from typing import Any
from urllib.parse import urlsplit

Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
Application = Callable[[Message, Receive, Send], Awaitable[None]]

# What our pages may load, show and ask: this server. Streamlit writes styles into its pages and
# starts components from blobs; some browsers do not count WebSockets to 'self'.
PAGES = (
    "default-src 'self' data: blob: 'unsafe-inline'; connect-src 'self' data: blob: ws: wss:; "
    "object-src 'none'; base-uri 'self'; form-action 'self'"
)
FRAMED_BY_OURSELVES = "; frame-ancestors 'self'"
MANUAL = (  # of the API: plain HTML with a style in it
    "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'; "
    "frame-ancestors 'none'"
)
HEADERS = {
    b"x-content-type-options": b"nosniff",  # a picture stays a picture, whatever is in it
    b"referrer-policy": b"no-referrer",  # settings stand in the address
}
POLICY = b"content-security-policy"
MISDIRECTED = 421  # RFC 9110, section 15.5.20
POLICY_VIOLATION = 1008  # RFC 6455, section 7.4.1


class OwnSite:
    """Refuses what comes by a foreign name or from a foreign page, and binds our own pages.

    Parameters
    ----------
    app : what answers
    policy : the Content-Security-Policy of its answers, where they bring none
    names : patterns of the names that this server has; none where it may have any
    origins : other sites whose pages may open a WebSocket here
    """

    def __init__(
        self,
        app: Application,
        *,
        policy: str,
        names: Collection[str] = (),
        origins: Collection[str] = (),
    ) -> None:
        self._app, self._names, self._origins = app, names, origins
        self._headers = {**HEADERS, POLICY: policy.encode()}

    async def __call__(self, scope: Message, receive: Receive, send: Send) -> None:
        """Answer one request, or refuse it."""
        if scope["type"] not in ("http", "websocket"):
            await self._app(scope, receive, send)
            return
        told = {name: value.decode("latin-1") for name, value in scope["headers"]}
        host, origin = _name(f"//{told.get(b'host', '')}"), told.get(b"origin")
        if not self._is_own(host):
            await _refuse(scope, send, host)
            return
        if scope["type"] == "websocket":
            if origin is None or _name(origin) == host or origin in self._origins:
                await self._app(scope, receive, send)
            else:
                await send({"type": "websocket.close", "code": POLICY_VIOLATION})
            return

        async def bound(message: Message) -> None:
            if message["type"] == "http.response.start":
                given = list(message.get("headers", ()))
                there = {name.lower() for name, _ in given}
                more = [pair for pair in self._headers.items() if pair[0] not in there]
                message = {**message, "headers": [*given, *more]}
            await send(message)

        await self._app(scope, receive, bound)

    def _is_own(self, host: str | None) -> bool:
        """Say whether the server is called that; an address, unlike a name, leads to one only."""
        if not self._names or host is None:
            return True
        return _is_address(host) or any(fnmatchcase(host, name.lower()) for name in self._names)


def _name(address: str) -> str | None:
    """Return the name of the host in an address, without its port."""
    try:
        return urlsplit(address).hostname
    except ValueError:
        return ""


def _is_address(host: str) -> bool:
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return False
    return True


async def _refuse(scope: Message, send: Send, host: str | None) -> None:
    if scope["type"] == "websocket":
        await send({"type": "websocket.close", "code": POLICY_VIOLATION})
        return
    sentence = (
        f"This program is not called {host}: open it as localhost or by its address, "
        f"or start it with --server.allowedHosts {host}\n"
    )
    headers = [(b"content-type", b"text/plain; charset=utf-8"), *HEADERS.items()]
    await send({"type": "http.response.start", "status": MISDIRECTED, "headers": headers})
    await send({"type": "http.response.body", "body": sentence.encode()})
