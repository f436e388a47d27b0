"""A page of another site in a real Chromium: nothing that it makes the browser send is done."""

import http.server
import threading
import urllib.request
from pathlib import Path

import pytest
from app_server import WAIT

YEAR = Path(__file__).parent.parent.parent / "digits" / "ui" / "examples" / "a year.jpg"

# Each needs no permission from the server: browsers send it first and then keep the answer secret.
ATTACKS = """
async ([app, picture]) => {
  const bytes = Uint8Array.from(picture);
  const send = (path, body) => fetch(app + path, {method: "POST", mode: "no-cors", body});
  const form = new FormData();
  form.append("file", new Blob([bytes]), "picture.jpg");
  await send("/api/readings", bytes);
  await send("/api/readings", form);
  await send("/api/corrections", '{"reading": "x", "truth": "1"}');
  const frame = document.createElement("iframe");
  frame.name = "hidden";
  document.body.append(frame);
  const html = document.createElement("form");
  html.action = app + "/api/readings";
  html.method = "post";
  html.enctype = "multipart/form-data";
  html.target = "hidden";
  const input = document.createElement("input");
  input.type = "file";
  input.name = "file";
  const files = new DataTransfer();
  files.items.add(new File([bytes], "picture.jpg"));
  input.files = files.files;
  html.append(input);
  document.body.append(html);
  await new Promise(done => { frame.onload = done; html.submit(); });
  const socket = new WebSocket(app.replace("http", "ws") + "/_stcore/stream");
  return await new Promise(done => {
    socket.onopen = () => done("open");
    socket.onerror = () => done("closed");
  });
}
"""
OWN = """
async picture => {
  const body = Uint8Array.from(picture);
  const answer = await fetch("/api/readings", {method: "POST", body});
  return [answer.status, (await answer.json()).text];
}
"""


class Foreign(http.server.BaseHTTPRequestHandler):
    """An empty page."""

    def do_GET(self):
        self.send_response(200)
        self.send_header("Content-Type", "text/html")
        self.end_headers()
        self.wfile.write(b"<!doctype html><title>Foreign</title>")

    def log_message(self, *_):
        pass


@pytest.fixture
def foreign():
    """Serve a page of another site; return its port."""
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Foreign) as site:
        threading.Thread(target=site.serve_forever, daemon=True).start()
        yield site.server_port
        site.shutdown()


def counted(address, what):
    """Return the counters of the app whose lines contain `what`."""
    with urllib.request.urlopen(f"{address}/api/metrics", timeout=60) as answer:  # noqa: S310
        return [line for line in answer.read().decode().splitlines() if what in line]


# The second is another program on this computer: the same site to a browser, and still foreign.
@pytest.mark.parametrize("host", ["127.0.0.1", "localhost"])
def test_a_real_browser_on_another_site_gets_nothing_done(browser, server, foreign, host):
    address, _ = server
    picture = list(YEAR.read_bytes())
    before = counted(address, "digits_readings_total{")
    with browser.new_context() as context:
        page = context.new_page()
        page.set_default_timeout(WAIT)
        page.goto(f"http://{host}:{foreign}/")
        assert page.evaluate(ATTACKS, [address, picture]) == "closed"
        assert counted(address, "digits_readings_total{") == before
        assert counted(address, 'status="403"')  # they did arrive
        page.goto(f"{address}/")
        assert page.evaluate(OWN, picture) == [200, "2026"]
    assert counted(address, "digits_readings_total{") != before
