"""Host and origin checks for requests that browsers send, and security headers for the answers.

A page on another site can make a visitor's browser open a WebSocket here, send a form or upload a
picture, without asking anybody. And a name that points to this computer for a moment (DNS
rebinding) makes such a page look like one of ours. Browsers say where a request comes from, in
``Origin`` and ``Sec-Fetch-Site``; programs such as curl send neither, and are not restricted.

Starlette's ``TrustedHostMiddleware`` compares names only. It is not used here because the app is
opened by plain addresses too (a phone in the same network), which no list can name.
"""

import ipaddress
import socket
from collections.abc import Awaitable, Callable, Collection, Iterable, MutableMapping
from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import Any
from urllib.parse import urlsplit

Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
Application = Callable[[Message, Receive, Send], Awaitable[None]]
Reject = Callable[[Message, Receive, Send, int, str], Awaitable[None]]

# What our pages may load, show and connect to: this server. Streamlit writes styles into its pages
# and starts components from blobs; some browsers do not count WebSockets to 'self'.
PAGE_POLICY = (
    "default-src 'self' data: blob: 'unsafe-inline'; connect-src 'self' data: blob: ws: wss:; "
    "object-src 'none'; base-uri 'self'; form-action 'self'"
)
NO_FOREIGN_FRAME = "; frame-ancestors 'self'"
API_POLICY = (  # its documentation is plain HTML with a style in it
    "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'; "
    "frame-ancestors 'none'"
)
HEADERS = {
    b"x-content-type-options": b"nosniff",  # a picture stays a picture, whatever is in it
    b"referrer-policy": b"no-referrer",  # settings stand in the address
}
POLICY = b"content-security-policy"
SAFE_METHODS = ("GET", "HEAD", "OPTIONS")  # they change and compute nothing here
OWN_SITE = ("same-origin", "none")  # values of Sec-Fetch-Site; "none" is a person's own doing
DEFAULT_PORTS = {"http": 80, "https": 443, "ws": 80, "wss": 443}
FORBIDDEN = 403
MISDIRECTED = 421  # RFC 9110, section 15.5.20
POLICY_VIOLATION = 1008  # RFC 6455, section 7.4.1


@dataclass(frozen=True, slots=True)
class Site:
    """Under which names a server is reached, and whose pages may use it."""

    hosts: tuple[str, ...] = ()  # patterns of host names; none: any name. Addresses always work
    origins: tuple[str, ...] = ()  # of other pages, such as https://lms.example


class OriginGuard:
    """Rejects requests for a foreign host name or from a foreign page.

    Parameters
    ----------
    app : the application to protect
    site : the names and origins that are accepted
    reject : sends the error response; plain text if not given
    delegated : path prefix of an application that has its own guard
    """

    def __init__(
        self,
        app: Application,
        *,
        site: Site,
        reject: Reject | None = None,
        delegated: str | None = None,
    ) -> None:
        self._app, self._site = app, site
        self._reject = reject or _reject_in_plain_text
        self._delegated = delegated

    async def __call__(self, scope: Message, receive: Receive, send: Send) -> None:
        """Pass one request on, or reject it."""
        fault = self._fault(scope) if scope["type"] in ("http", "websocket") else None
        if fault is None:
            await self._app(scope, receive, send)
        elif scope["type"] == "websocket":
            await send({"type": "websocket.close", "code": POLICY_VIOLATION})
        else:
            await self._reject(scope, receive, send, *fault)

    def _fault(self, scope: Message) -> tuple[int, str] | None:
        """Return the status and the reason for which a request is rejected, if any."""
        if self._delegated and scope["path"].startswith(self._delegated):
            return None
        headers = {name: value.decode("latin-1") for name, value in scope["headers"]}
        host = _host_name(headers.get(b"host", ""))
        if not self._is_own(host):
            return (
                MISDIRECTED,
                f"this program is not known as {host}: open it as localhost or by its IP address, "
                f"or start it with the environment variable DIGITS_PUBLIC_URL=http://{host}",
            )
        if _is_foreign(scope, headers, self._site.origins):
            return (
                FORBIDDEN,
                "this request comes from a page of another site: use the pages of this program, "
                "or start it with DIGITS_PUBLIC_URL set to the address at which they are opened",
            )
        return None

    def _is_own(self, host: str | None) -> bool:
        """Return whether the server has that name; an address, unlike a name, leads to one only."""
        if not self._site.hosts or host is None:
            return True
        patterns = (name.lower() for name in self._site.hosts)
        return _is_address(host) or any(fnmatchcase(host, pattern) for pattern in patterns)


class SecurityHeaders:
    """Adds the headers that restrict what a browser does with an answer.

    Parameters
    ----------
    app : the application whose answers get them
    policy : the Content-Security-Policy, where an answer brings none
    """

    def __init__(self, app: Application, *, policy: str) -> None:
        self._app = app
        self._headers = {**HEADERS, POLICY: policy.encode()}

    async def __call__(self, scope: Message, receive: Receive, send: Send) -> None:
        """Answer one request."""

        async def with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                given = list(message.get("headers", ()))
                present = {name.lower() for name, _ in given}
                added = [pair for pair in self._headers.items() if pair[0] not in present]
                message = {**message, "headers": [*given, *added]}
            await send(message)

        await self._app(scope, receive, with_headers)


def own_site(public_urls: Iterable[str] = (), hosts: Iterable[str] = ()) -> Site:
    """Return the site of a server that one person runs: this computer's names, and those given.

    Parameters
    ----------
    public_urls : addresses at which a proxy shows it, such as https://digits.example
    hosts : patterns of further host names
    """
    own, urls = socket.gethostname().lower(), tuple(public_urls)
    public = [urlsplit(url).hostname or "" for url in urls]
    return Site(("localhost", own, f"{own}.local", *public, *hosts), urls)


def _is_foreign(scope: Message, headers: dict[bytes, str], origins: Collection[str]) -> bool:
    """Return whether another site's page made a browser send this, and it may not."""
    if scope["type"] == "http" and scope["method"] in SAFE_METHODS:
        return False
    origin = headers.get(b"origin")
    if origin is not None and origin.rstrip("/") in origins:
        return False
    # Browsers differ in what they call a WebSocket's site; its origin they always send.
    site = headers.get(b"sec-fetch-site") if scope["type"] == "http" else None
    if site is not None and site not in OWN_SITE:
        return True
    return origin is not None and not _is_same(origin, headers.get(b"host", ""))


def _is_same(origin: str, host: str) -> bool:
    """Return whether a page's origin is the server that a request was sent to."""
    try:
        page = urlsplit(origin)
        server = urlsplit(f"//{host}")
        # Behind a proxy with HTTPS only the page's scheme says which port is meant.
        usual = DEFAULT_PORTS.get(page.scheme)
        same_port = (page.port or usual) == (server.port or usual)
    except ValueError:
        return False
    return same_port and page.hostname is not None and page.hostname == server.hostname


def _host_name(host: str) -> str | None:
    """Return a Host header without its port; None where there is none."""
    try:
        return urlsplit(f"//{host}").hostname
    except ValueError:
        return ""


def _is_address(host: str) -> bool:
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return False
    return True


async def _reject_in_plain_text(
    scope: Message,  # noqa: ARG001  # as every `Reject`
    receive: Receive,  # noqa: ARG001
    send: Send,
    status: int,
    sentence: str,
) -> None:
    headers = [(b"content-type", b"text/plain; charset=utf-8"), *HEADERS.items()]
    await send({"type": "http.response.start", "status": status, "headers": headers})
    body = f"{sentence[:1].upper()}{sentence[1:]}.\n".encode()
    await send({"type": "http.response.body", "body": body})
