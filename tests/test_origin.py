"""Requests of other sites are rejected and answers restricted: tried on an empty application."""

import asyncio

import pytest

from digits.errors import SettingsError
from digits.origin_guard import OriginGuard, SecurityHeaders, Site, own_site
from digits.settings import load_settings

PERSONAL = ("localhost", "lab", "*.school.example")
CHANGING = ("POST", "PUT", "PATCH", "DELETE")
LMS = "https://lms.example"


async def answers(scope, receive, send):
    if scope["type"] == "websocket":
        await send({"type": "websocket.accept"})
        return
    headers = [(b"Content-Security-Policy", b"mine")] if scope["path"] == "/own" else []
    await send({"type": "http.response.start", "status": 200, "headers": headers})
    await send({"type": "http.response.body", "body": b"here"})


def ask(
    kind="http", path="/", method="GET", hosts=(), origins=(), delegated=None, site=None, **headers
):
    """Return what is sent back; headers are written with _ for -."""
    sent = []

    async def send(message):
        sent.append(message)

    scope = {"type": kind, "path": path}
    if kind == "http":
        scope["method"] = method
    scope["headers"] = [
        (name.replace("_", "-").encode(), value.encode()) for name, value in headers.items()
    ]
    guard = OriginGuard(answers, site=site or Site(hosts, tuple(origins)), delegated=delegated)
    app = SecurityHeaders(guard, policy="default-src 'self'")
    asyncio.run(app(scope, None, send))
    return sent


def status(method="POST", host="localhost:8501", **options):
    start, _ = ask(method=method, host=host, **options)
    return start["status"]


@pytest.mark.parametrize(
    "host",
    ["localhost", "LocalHost:8501", "127.0.0.1:8501", "[::1]:8501", "192.168.7.3", "lab", ""],
)
def test_own_host_names_and_ip_addresses_are_accepted(host):
    start, body = ask(hosts=PERSONAL, host=host)
    assert (start["status"], body["body"]) == (200, b"here")
    assert ask("websocket", hosts=PERSONAL, host=host)[0]["type"] == "websocket.accept"
    assert ask(hosts=PERSONAL, host="maths.school.example:80")[0]["status"] == 200


@pytest.mark.parametrize(
    "host", ["evil.example", "localhost.evil.example:8501", "127.0.0.1.nip.example", "[::1", "labs"]
)
def test_a_name_that_was_pointed_at_this_computer_is_not(host):
    start, body = ask(hosts=PERSONAL, host=host)
    assert start["status"] == 421
    assert b"DIGITS_PUBLIC_URL" in body["body"]
    assert ask("websocket", hosts=PERSONAL, host=host)[0]["type"] == "websocket.close"


def test_in_shared_mode_any_name_will_do():
    assert ask(host="digits.example")[0]["status"] == 200


FOREIGN = ["http://evil.example", "null", "", "http://localhost.evil", "[", "http://localhost:3000"]


@pytest.mark.parametrize("origin", FOREIGN)
def test_a_page_of_another_site_opens_no_websocket(origin):
    for hosts in (PERSONAL, ()):
        (sent,) = ask("websocket", hosts=hosts, host="localhost:8501", origin=origin)
        assert sent == {"type": "websocket.close", "code": 1008}


@pytest.mark.parametrize("method", CHANGING)
@pytest.mark.parametrize("origin", FOREIGN)
def test_a_page_of_another_site_sends_nothing_that_changes_or_computes(method, origin):
    for hosts in (PERSONAL, ()):
        start, body = ask(method=method, hosts=hosts, host="localhost:8501", origin=origin)
        assert start["status"] == 403
        assert b"another site" in body["body"]


@pytest.mark.parametrize("site", ["cross-site", "same-site", "something-new"])
@pytest.mark.parametrize("method", CHANGING)
def test_a_cross_site_request_is_rejected(method, site):
    assert status(method, sec_fetch_site=site) == 403
    # A page on another port of this computer is one too, whatever else is sent.
    assert status(method, sec_fetch_site=site, origin="http://localhost:8501") == 403


@pytest.mark.parametrize("method", ["GET", "HEAD", "OPTIONS"])
def test_a_link_from_another_site_may_be_followed(method):
    assert status(method, sec_fetch_site="cross-site") == 200
    assert status(method, origin="https://evil.example") == 200


@pytest.mark.parametrize("method", CHANGING)
def test_programs_that_name_no_origin_are_answered(method):
    assert status(method) == 200
    assert status(method, host="digits.example") == 200


@pytest.mark.parametrize(
    ("host", "origin"),
    [
        ("localhost:8501", "http://localhost:8501"),
        ("192.168.7.3:8501", "http://192.168.7.3:8501"),
        ("[::1]:8501", "http://[::1]:8501"),
        ("digits.example", "https://digits.example"),  # HTTPS ends at a proxy
        ("digits.example:443", "https://digits.example"),
        ("digits.example:80", "http://Digits.Example"),
        ("digits.example:8443", "https://digits.example:8443"),
    ],
)
def test_our_own_pages_send_what_they_like(host, origin):
    for headers in ({}, {"sec_fetch_site": "same-origin"}, {"sec_fetch_site": "none"}):
        assert status(host=host, origin=origin, **headers) == 200
    assert ask("websocket", host=host, origin=origin)[0]["type"] == "websocket.accept"


def test_pages_that_are_named_are_like_our_own():
    assert status(origin=LMS, origins=[LMS], sec_fetch_site="cross-site") == 200
    assert status(origin=f"{LMS}.evil", origins=[LMS]) == 403
    (sent,) = ask("websocket", host="localhost:8501", origin=LMS, origins=[LMS])
    assert sent["type"] == "websocket.accept"


def test_the_public_address_is_accepted_behind_a_proxy():
    environment = {"DIGITS_PUBLIC_URL": "https://digits.example:8443/, https://Other.example/app"}
    site = own_site(load_settings(environment).public_urls)
    proxied = {"site": site, "sec_fetch_site": "same-origin"}
    for host in ("127.0.0.1:8501", "digits.example"):  # proxies differ in what they pass on
        assert status(host=host, origin="https://digits.example:8443", **proxied) == 200
    assert status(host="other.example", origin="https://other.example", **proxied) == 200
    assert status(host="third.example", **proxied) == 421
    assert status(host="localhost", origin="https://third.example", site=site) == 403


@pytest.mark.parametrize("url", ["digits.example", "ftp://digits.example", "https://", "/", "*"])
def test_an_invalid_public_address_gives_one_error_message(url):
    with pytest.raises(SettingsError, match=r"DIGITS_PUBLIC_URL holds .*https://digits\.example"):
        load_settings({"DIGITS_PUBLIC_URL": url})


def test_what_has_a_guard_of_its_own_is_left_to_it():
    evil = {"origin": "http://evil.example", "delegated": "/api/"}
    assert status(path="/api/readings", **evil) == 200
    assert status(path="/apiary", **evil) == 403
    assert status(path="/upload", **evil) == 403


def test_every_response_has_security_headers_and_existing_ones_are_kept():
    headers = dict(ask(host="localhost")[0]["headers"])
    assert headers[b"x-content-type-options"] == b"nosniff"
    assert headers[b"referrer-policy"] == b"no-referrer"
    assert headers[b"content-security-policy"] == b"default-src 'self'"
    own = ask(path="/own", host="localhost")[0]["headers"]
    policies = [value for name, value in own if name.lower() == b"content-security-policy"]
    assert policies == [b"mine"]
    refused = dict(ask(method="POST", host="localhost", origin="null")[0]["headers"])
    assert refused[b"content-security-policy"] == b"default-src 'self'"


def test_what_is_no_request_goes_through():
    seen = []

    async def lifespan(scope, receive, send):
        seen.append(scope["type"])

    guard = OriginGuard(lifespan, site=Site(PERSONAL))
    asyncio.run(SecurityHeaders(guard, policy="")({"type": "lifespan"}, None, None))
    assert seen == ["lifespan"]
