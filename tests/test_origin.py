"""Other sites are kept out and our own pages bound: tried on an application that does nothing."""

import asyncio

import pytest

from digits.origin_guard import OwnSite

PERSONAL = ("localhost", "lab", "*.school.example")


async def answers(scope, receive, send):
    if scope["type"] == "websocket":
        await send({"type": "websocket.accept"})
        return
    headers = [(b"Content-Security-Policy", b"mine")] if scope["path"] == "/own" else []
    await send({"type": "http.response.start", "status": 200, "headers": headers})
    await send({"type": "http.response.body", "body": b"here"})


def ask(kind="http", path="/", names=(), origins=(), **headers):
    """Return what is sent back."""
    sent = []

    async def send(message):
        sent.append(message)

    scope = {"type": kind, "path": path}
    scope["headers"] = [(name.encode(), value.encode()) for name, value in headers.items()]
    site = OwnSite(answers, policy="default-src 'self'", names=names, origins=origins)
    asyncio.run(site(scope, None, send))
    return sent


@pytest.mark.parametrize(
    "host",
    ["localhost", "LocalHost:8501", "127.0.0.1:8501", "[::1]:8501", "192.168.7.3", "lab", ""],
)
def test_ones_own_names_and_any_address_are_answered(host):
    start, body = ask(names=PERSONAL, host=host)
    assert (start["status"], body["body"]) == (200, b"here")
    assert ask("websocket", names=PERSONAL, host=host)[0]["type"] == "websocket.accept"
    assert ask(names=PERSONAL, host="maths.school.example:80")[0]["status"] == 200


@pytest.mark.parametrize(
    "host", ["evil.example", "localhost.evil.example:8501", "127.0.0.1.nip.example", "[::1", "labs"]
)
def test_a_name_that_was_pointed_at_this_computer_is_not(host):
    start, body = ask(names=PERSONAL, host=host)
    assert start["status"] == 421
    assert b"start it with --server.allowedHosts" in body["body"]
    assert ask("websocket", names=PERSONAL, host=host)[0]["type"] == "websocket.close"


def test_where_strangers_visit_any_name_will_do():
    assert ask(host="digits.example")[0]["status"] == 200


@pytest.mark.parametrize(
    "origin", ["http://evil.example", "null", "", "http://localhost.evil", "["]
)
def test_a_page_of_another_site_opens_no_websocket(origin):
    for names in (PERSONAL, ()):
        (sent,) = ask("websocket", names=names, host="localhost:8501", origin=origin)
        assert sent == {"type": "websocket.close", "code": 1008}


def test_our_own_page_and_sites_that_are_named_open_one():
    for origin in ("http://localhost:8501", "https://localhost", "https://lms.example"):
        (sent,) = ask(
            "websocket", host="localhost:8501", origin=origin, origins=["https://lms.example"]
        )
        assert sent["type"] == "websocket.accept"


def test_every_answer_binds_the_browser_and_what_says_it_already_is_left_alone():
    headers = dict(ask(host="localhost")[0]["headers"])
    assert headers[b"x-content-type-options"] == b"nosniff"
    assert headers[b"referrer-policy"] == b"no-referrer"
    assert headers[b"content-security-policy"] == b"default-src 'self'"
    own = ask(path="/own", host="localhost")[0]["headers"]
    policies = [value for name, value in own if name.lower() == b"content-security-policy"]
    assert policies == [b"mine"]


def test_what_is_no_request_goes_through():
    seen = []

    async def lifespan(scope, receive, send):
        seen.append(scope["type"])

    asyncio.run(OwnSite(lifespan, policy="")({"type": "lifespan"}, None, None))
    assert seen == ["lifespan"]
