"""Load tests: 64 clients of the HTTP API, memory after 20,000 requests, ten visitors of pages.

    python benchmarks/load.py                          composed pictures, two minutes and more
    python benchmarks/load.py --pictures FOLDER        real ones
    python benchmarks/load.py --quick                  as in CI

The servers run as separate processes and keep their data in a folder that is thrown
away. Clients and servers share this machine's cores. Figures: no answer but 200 and 503; the 99th
percentile of the times against their median; the server's resident memory after 2,000 requests
and after all; and how long one visitor of the pages waits for an answer beside nine others.
"""

import argparse
import asyncio
import http.client
import io
import os
import random
import re
import socket
import subprocess
import sys
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

ROOT = Path(__file__).parent.parent
sys.path[:0] = [str(ROOT), str(ROOT / "scripts")]

SERVED = Path(os.environ.get("DIGITS_CHECKOUT", ROOT))  # whose servers run

from campaigns import Campaign, keep  # noqa: E402

from digits.io.image import EXTENSIONS  # noqa: E402
from digits.mnist import load_mnist  # noqa: E402

MOST_TIMES = 5  # by which the 99th percentile may be longer than the median
MOST_GROWTH = 0.05  # of the memory, after ten times as many requests
WAITING = 10.0  # seconds, after which a person's attention is gone (Nielsen 1993, chapter 5)
COMPOSED = 40  # pictures
LONGEST, SCALE = 6, 3  # digits in a picture, and times that MNIST's are enlarged there
ALONE = 6  # times that a digit by itself is enlarged: 100 kB of what the server remembers
FEW = 8  # clients that make the memory grow, if it does
PATIENCE = 120.0  # seconds that a client waits for one answer
TRUTHS = {"a year": "2026", "five on ruled paper": "5"}  # of the page's examples, by their names


@dataclass(slots=True)
class LoadResult:
    """Statuses and times of responses."""

    seconds: list[float] = field(default_factory=list)  # of answers with status 200
    statuses: Counter[str] = field(default_factory=Counter)
    took: float = 0.0  # seconds, all of it

    def percentile(self, q: float) -> float:
        """Return the q-th percentile of the times, in seconds."""
        return float(np.percentile(self.seconds, q)) if self.seconds else float("nan")


def compose(longest: int = LONGEST, scale: int = SCALE) -> list[bytes]:
    """Return pictures of numbers of up to so many digits, of MNIST validation digits."""
    rng = np.random.default_rng(0)
    digits = load_mnist().validation.pictures
    pictures = []
    for _ in range(COMPOSED):
        row = np.hstack(list(digits[rng.integers(0, len(digits), rng.integers(1, longest + 1))]))
        grey = 255 - np.kron(np.pad(row, 12), np.ones((scale, scale), np.uint8))
        file = io.BytesIO()
        Image.fromarray(grey).save(file, "PNG")
        pictures.append(file.getvalue())
    return pictures


def load_pictures(folder: Path) -> list[bytes]:
    """Return the pictures in a folder and below."""
    paths = [path for path in sorted(folder.rglob("*")) if path.suffix[1:].lower() in EXTENSIONS]
    return [path.read_bytes() for path in paths]


@contextmanager
def serving(*command: str) -> Iterator[int]:
    """Run a server with an empty data folder; yield its port."""
    with socket.socket() as free:
        free.bind(("localhost", 0))
        port = int(free.getsockname()[1])
    with tempfile.TemporaryDirectory() as home, (Path(home) / "log").open("wb") as log:
        words = [word.replace("PORT", str(port)) for word in command]
        given = {**os.environ, "DIGITS_HOME": home, "OMP_NUM_THREADS": "1"}
        with subprocess.Popen(
            [sys.executable, "-m", *words], cwd=SERVED, env=given, stdout=log, stderr=log
        ) as process:
            try:
                wait_for(port, process)
                yield port
            finally:
                process.terminate()


def wait_for(port: int, process: subprocess.Popen[bytes]) -> None:
    """Return once the server answers."""
    until = time.monotonic() + PATIENCE
    while process.poll() is None and time.monotonic() < until:
        try:
            if ask(http.client.HTTPConnection("localhost", port), "GET", "/api/ready")[0] == 200:
                return
        except OSError:
            time.sleep(0.2)
    raise RuntimeError("the server did not start")


def ask(
    connection: http.client.HTTPConnection, method: str, path: str, body: bytes | None = None
) -> tuple[int, bytes]:
    """Return status and content of an answer."""
    connection.request(method, path, body)
    answer = connection.getresponse()
    return answer.status, answer.read()


def resident(port: int) -> float:
    """Return the server's memory in MB, from its metrics."""
    _, content = ask(http.client.HTTPConnection("localhost", port), "GET", "/api/metrics")
    line = next(
        each for each in content.decode().splitlines()
        if each.startswith("process_resident_memory_bytes ")
    )  # fmt: skip
    return float(line.split()[1]) / 1e6


def press(
    port: int,
    pictures: list[bytes],
    clients: int,
    seconds: float,
    requests: int | None = None,
    hint: str = "",
) -> LoadResult:
    """Let clients send pictures for some time, or a number of pictures in all.

    Every picture is another one to the server: what it remembers of each takes room.
    """
    result, lock, sent = LoadResult(), threading.Lock(), iter(range(requests or sys.maxsize))
    until = time.monotonic() + seconds

    def client(seed: int) -> None:
        rng = random.Random(seed)  # noqa: S311  # no secret
        connection = http.client.HTTPConnection("localhost", port, timeout=PATIENCE)
        while time.monotonic() < until:
            with lock:
                if next(sent, None) is None:
                    break
            picture = rng.choice(pictures) + rng.randbytes(8)  # behind its end nobody reads
            began = time.perf_counter()
            try:
                status = str(ask(connection, "POST", f"/api/readings?{hint}", picture)[0])
            except (OSError, http.client.HTTPException) as error:
                status = type(error).__name__
                connection.close()
            took = time.perf_counter() - began
            with lock:
                result.statuses[status] += 1
                if status == "200":
                    result.seconds.append(took)

    threads = [threading.Thread(target=client, args=(seed,)) for seed in range(clients)]
    began = time.monotonic()
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    result.took = time.monotonic() - began
    return result


async def visit(port: int, seconds: float) -> LoadResult:
    """Open the page Read as a browser does and press its examples in turn, for some time."""
    from streamlit.proto.BackMsg_pb2 import BackMsg
    from websockets.asyncio.client import connect

    result = LoadResult()
    address = f"ws://localhost:{port}/_stcore/stream"
    async with connect(address, subprotocols=["streamlit"], max_size=None) as page:  # type: ignore[list-item]
        hello = BackMsg()
        hello.rerun_script.query_string = ""
        shown = await run_script(page, hello)
        until = time.monotonic() + seconds
        while time.monotonic() < until:
            for name, truth in TRUTHS.items():
                began = time.perf_counter()
                shown = await press_button(page, shown, name)
                result.seconds.append(time.perf_counter() - began)
                is_right = re.search(rb'"text":\s*"%s"' % truth.encode(), shown.content)
                result.statuses["200" if is_right else "no answer"] += 1
                shown = await press_button(page, shown, "Clear")
    return result


@dataclass(slots=True)
class Shown:
    """The output of one run of the page's script."""

    buttons: dict[str, str] = field(default_factory=dict)  # ids by label
    content: bytes = b""  # of all its elements


async def press_button(page: Any, shown: Shown, label: str) -> Shown:  # noqa: ANN401
    """Press a button, and return the new output."""
    from streamlit.proto.BackMsg_pb2 import BackMsg

    message = BackMsg()
    state = message.rerun_script.widget_states.widgets.add()
    state.id, state.trigger_value = shown.buttons[label], True
    return await run_script(page, message)


async def run_script(page: Any, message: Any) -> Shown:  # noqa: ANN401
    """Send a message, and collect what is shown until the page needs no other run."""
    from streamlit.proto.ForwardMsg_pb2 import ForwardMsg

    await page.send(message.SerializeToString())
    shown = Shown()
    while True:
        answer = ForwardMsg()
        answer.ParseFromString(await asyncio.wait_for(page.recv(), PATIENCE))
        kind = answer.WhichOneof("type")
        if kind == "delta":
            element = answer.delta.new_element
            shown.content += element.SerializeToString()
            if element.WhichOneof("type") == "button":
                shown.buttons[element.button.label] = element.button.id
        is_last = answer.script_finished != ForwardMsg.FINISHED_EARLY_FOR_RERUN
        if kind == "script_finished" and is_last:
            return shown


def visit_at_once(port: int, visitors: int, seconds: float) -> LoadResult:
    """Let several visitors use the pages at the same time; return their responses."""

    async def all_of_them() -> list[LoadResult]:
        return await asyncio.gather(*(visit(port, seconds) for _ in range(visitors)))

    together = LoadResult()
    for result in asyncio.run(all_of_them()):
        together.seconds += result.seconds
        together.statuses += result.statuses
    return together


def judge_interface(options: argparse.Namespace) -> tuple[Campaign, bool]:
    """Test the HTTP API with many clients; return the result and whether it passes."""
    pictures = load_pictures(options.pictures) if options.pictures else compose()
    with serving("digits", "serve", "--port", "PORT") as port:
        press(port, pictures, options.clients, PATIENCE, options.clients)  # warm
        alone = press(port, pictures, 1, options.seconds / 4)
        result = press(port, pictures, options.clients, options.seconds)
    errors = sum(n for status, n in result.statuses.items() if status not in ("200", "503"))
    p50, p99 = result.percentile(50), result.percentile(99)
    rates = [each.statuses["200"] / each.took for each in (alone, result)]
    kind = "real photographs and scans" if options.pictures else "composed pictures"
    campaign = Campaign(
        "load-http",
        f"{options.clients} clients for {options.seconds:g} s on the HTTP interface, {kind}",
        result.statuses.total(),
        "requests",
        errors,
        f"{result.statuses['503']} answers 503, {errors} other errors; median {p50:.2f} s, 99th "
        f"percentile {p99:.2f} s; {rates[1]:.0f} a second, {rates[1] / rates[0]:.1f} times as many "
        f"as of one client; {options.beside}",
        command(options),
    )
    return campaign, not errors and (options.quick or p99 <= MOST_TIMES * p50)


def judge_pages(options: argparse.Namespace) -> tuple[Campaign, bool]:
    """Test the pages with one and several visitors; return the result and whether it passes."""
    app = ["streamlit", "run", "app.py", "--server.headless", "true", "--server.port", "PORT"]
    with serving(*app) as port:
        alone = visit_at_once(port, 1, options.seconds / 8)
        result = visit_at_once(port, options.visitors, options.seconds / 2)
    errors = result.statuses.total() - result.statuses["200"]
    p99 = result.percentile(99)
    campaign = Campaign(
        "load-pages",
        f"{options.visitors} visitors of the pages at once, each having pictures read",
        result.statuses.total(),
        "readings",
        errors,
        f"median {result.percentile(50):.2f} s, 99th percentile {p99:.2f} s; one alone "
        f"{alone.percentile(50):.2f} s; {options.beside}",
        command(options),
    )
    return campaign, not errors and (options.quick or p99 <= WAITING)


def judge_memory(options: argparse.Namespace) -> tuple[Campaign, bool]:
    """Send different pictures, and check that the server's memory does not grow."""
    small, tenth = compose(1, ALONE), options.requests // 10
    with serving("digits", "serve", "--port", "PORT") as port:
        first = press(port, small, FEW, options.requests, tenth, "single=true")
        before = resident(port)
        rest = press(port, small, FEW, options.requests, 9 * tenth, "single=true")
        after = resident(port)
    result = first.statuses + rest.statuses
    errors = sum(n for status, n in result.items() if status not in ("200", "503"))
    campaign = Campaign(
        "load-memory",
        "the memory of the HTTP interface after ten times as many requests",
        result.total(),
        "requests",
        errors,
        f"{before:.0f} MB after {tenth:,} and {after:.0f} MB after {result.total():,}, each with "
        f"another picture: {100 * (after / before - 1):+.1f} %",
        command(options),
    )
    # What is remembered fills up in the first thousand.
    return campaign, not errors and after <= (1 + MOST_GROWTH) * before


JUDGES = {"interface": judge_interface, "pages": judge_pages, "memory": judge_memory}


def command(options: argparse.Namespace) -> str:
    """Return the command of the test."""
    return f"python benchmarks/load.py{' --pictures FOLDER' * bool(options.pictures)} --write"


def main() -> int:
    """Test API and pages, and print the results."""
    parser = argparse.ArgumentParser(description=str(__doc__).partition("\n")[0])
    parser.add_argument("--clients", type=int, default=64)
    parser.add_argument("--seconds", type=float, default=120.0)
    parser.add_argument("--requests", type=int, default=20_000, help="for the memory")
    parser.add_argument("--visitors", type=int, default=10, help="of the pages")
    parser.add_argument("--pictures", type=Path, help="a folder of real ones")
    parser.add_argument("--write", action="store_true", help="keep it in docs/reliability/")
    parser.add_argument("--beside", default="nothing ran beside it", help="what did")
    parser.add_argument("--quick", action="store_true", help="some seconds, errors alone count")
    parser.add_argument("--only", choices=JUDGES, action="append", help="some of the tests")
    options = parser.parse_args()
    judges = [JUDGES[name] for name in options.only or JUDGES]
    if options.quick:
        options.clients, options.seconds, options.visitors = 16, 2.0, 3
        judges = [
            judge for judge in judges if judge is not judge_memory
        ]  # what is remembered grows for its first thousand requests
    wrong = False
    for judge in judges:
        campaign, will_do = judge(options)
        print(f"{campaign.tried}: {campaign.times} {campaign.unit}, {campaign.result}", flush=True)
        wrong |= not will_do
        if options.write:
            keep(campaign)
    return int(wrong)


if __name__ == "__main__":
    sys.exit(main())
