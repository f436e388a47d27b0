"""Measure the app's memory while ten visitors upload photographs of 12 megapixels, and sheets.

    python benchmarks/memory.py [--uploads N] [--sheets N] [--visitors N] [--quick]

Visitors speak to the server as a browser does, each on its own connection, which stays open. The
memory is what the server's process holds for itself (resident, from its own metrics). It is
printed after the start and after each tenth of the uploads: what it settles at matters.
"""

import argparse
import asyncio
import http.client
import sys
import uuid
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parent.parent
sys.path[:0] = [str(ROOT), str(ROOT / "benchmarks")]

from load import PATIENCE, resident, serving  # noqa: E402
from reading import page, photographed_row, sheet  # noqa: E402

START_GOAL, GOAL = 250.0, 450.0  # MB after the start, and after 200 uploads and 20 sheets
GROWTH = 0.1  # of the memory, in the second half of the uploads: flat
APP = ("streamlit", "run", "app.py", "--server.headless", "true", "--server.port", "PORT")


@dataclass(slots=True)
class Visitor:
    """One open page of the app."""

    port: int
    page: Any  # its connection
    path: str  # of the page, such as "read"
    uploader: str = ""  # id of the widget that takes files
    session: str = ""
    shown: bytes = field(default=b"", repr=False)

    async def run(self, **widgets: Any) -> None:  # noqa: ANN401  # values by widget's id
        """Run the page's script until it needs no other run."""
        from streamlit.proto.BackMsg_pb2 import BackMsg
        from streamlit.proto.ForwardMsg_pb2 import ForwardMsg

        message = BackMsg()
        message.rerun_script.page_name = self.path
        for widget, files in widgets.items():
            state = message.rerun_script.widget_states.widgets.add()
            state.id = widget
            state.file_uploader_state_value.uploaded_file_info.extend(files)
        await self.page.send(message.SerializeToString())
        self.shown = b""
        while True:
            answer = ForwardMsg()
            answer.ParseFromString(await asyncio.wait_for(self.page.recv(), PATIENCE))
            kind = answer.WhichOneof("type")
            if kind == "new_session":
                self.session = answer.new_session.initialize.session_id
            if kind == "delta":
                element = answer.delta.new_element
                self.shown += element.SerializeToString()
                if element.WhichOneof("type") == "file_uploader":
                    self.uploader = element.file_uploader.id
            is_last = answer.script_finished != ForwardMsg.FINISHED_EARLY_FOR_RERUN
            if kind == "script_finished" and is_last:
                return

    async def upload(self, name: str, content: bytes) -> None:
        """Choose a file, and wait until the page shows what was read."""
        from streamlit.proto.BackMsg_pb2 import BackMsg
        from streamlit.proto.Common_pb2 import UploadedFileInfo
        from streamlit.proto.ForwardMsg_pb2 import ForwardMsg

        request = BackMsg()
        request.file_urls_request.request_id = uuid.uuid4().hex
        request.file_urls_request.file_names.append(name)
        request.file_urls_request.session_id = self.session
        await self.page.send(request.SerializeToString())
        while True:
            answer = ForwardMsg()
            answer.ParseFromString(await asyncio.wait_for(self.page.recv(), PATIENCE))
            if answer.WhichOneof("type") == "file_urls_response":
                break
        urls = answer.file_urls_response.file_urls[0]
        await asyncio.to_thread(put, self.port, urls.upload_url, name, content)
        info = UploadedFileInfo(name=name, size=len(content), file_id=urls.file_id, file_urls=urls)
        await self.run(**{self.uploader: [info]})


def put(port: int, url: str, name: str, content: bytes) -> None:
    """Send a file as the browser's uploader does."""
    connection = http.client.HTTPConnection("localhost", port, timeout=PATIENCE)
    connection.request("GET", "/_stcore/health")
    greeted = connection.getresponse()
    greeted.read()
    cookie = (greeted.getheader("Set-Cookie") or "").partition(";")[0]
    edge = uuid.uuid4().hex
    body = (
        f'--{edge}\r\nContent-Disposition: form-data; name="file"; filename="{name}"\r\n'
        "Content-Type: image/jpeg\r\n\r\n"
    ).encode() + content
    headers = {
        "Content-Type": f"multipart/form-data; boundary={edge}",
        "Cookie": cookie,
        "X-Xsrftoken": cookie.partition("=")[2],
        "Origin": f"http://localhost:{port}",
    }
    connection.request("PUT", url, body + f"\r\n--{edge}--\r\n".encode(), headers)
    answer = connection.getresponse()
    if answer.status >= http.client.BAD_REQUEST:
        raise RuntimeError(f"the upload got {answer.status}: {answer.read()[:200]!r}")
    answer.read()


async def visit(port: int, options: argparse.Namespace) -> list[float]:
    """Let visitors upload in turns; return the memory after each tenth of the uploads, in MB."""
    from contextlib import AsyncExitStack

    from streamlit.proto.BackMsg_pb2 import BackMsg  # noqa: F401  # before the clock runs
    from websockets.asyncio.client import connect

    address = f"ws://localhost:{port}/_stcore/stream"
    photograph = photographed_row() if options.quick else page()
    table = encoded_sheet(options)
    taken: list[float] = []
    async with AsyncExitStack() as stack:

        async def arrive(path: str) -> Visitor:
            opened = await stack.enter_async_context(
                connect(address, subprotocols=["streamlit"], max_size=None)  # type: ignore[list-item]
            )
            visitor = Visitor(port, opened, path)
            await visitor.run()
            return visitor

        readers = [await arrive("read") for _ in range(options.visitors)]
        for number in range(options.uploads):
            # Bytes after the end make each a file of its own; decoders ignore them.
            content = photograph + number.to_bytes(4, "big")
            await readers[number % len(readers)].upload(f"photo{number}.jpg", content)
            if (number + 1) % max(1, options.uploads // 10) == 0:
                taken.append(resident(port))
                print(f"{number + 1} uploads: {taken[-1]:.0f} MB", flush=True)
        for number in range(options.sheets):
            visitor = await arrive("sheet")
            await visitor.upload(f"sheet{number}.png", table + number.to_bytes(4, "big"))
        if options.sheets:
            taken.append(resident(port))
            print(f"and {options.sheets} sheets: {taken[-1]:.0f} MB", flush=True)
    return taken


def encoded_sheet(options: argparse.Namespace) -> bytes:
    """Return a mark sheet; a small one where time is short."""
    return photographed_row() if options.quick else sheet()


def main() -> int:
    """Print the memory, and return 1 if it grows or exceeds its goal."""
    parser = argparse.ArgumentParser(description="How much memory the app takes.")
    parser.add_argument("--visitors", type=int, default=10)
    parser.add_argument("--uploads", type=int, default=200)
    parser.add_argument("--sheets", type=int, default=20)
    parser.add_argument(
        "--quick", action="store_true", help="as in CI: few photographs, of one megapixel"
    )
    options = parser.parse_args()
    if options.quick:
        options.visitors, options.uploads, options.sheets = 3, 12, 1
    with serving(*APP) as port:
        start = resident(port)
        print(f"after the start: {start:.0f} MB", flush=True)
        taken = asyncio.run(visit(port, options))
    half = taken[len(taken) // 2]
    print(f"at the end {taken[-1]:.0f} MB, from the middle on {taken[-1] - half:+.0f} MB")
    is_flat = options.quick or taken[-1] <= (1 + GROWTH) * half  # it grows to its limit first
    return int(start > START_GOAL or taken[-1] > GOAL or not is_flat)


if __name__ == "__main__":
    sys.exit(main())
