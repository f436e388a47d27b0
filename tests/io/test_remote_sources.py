"""Far from this machine: pictures in a store that speaks S3, and a cluster that loses its nodes."""

import json
import subprocess
import sys
import time
import urllib.request
from importlib import metadata
from importlib.util import find_spec
from pathlib import Path

import cv2
import pytest
from packaging.specifiers import SpecifierSet
from packaging.version import Version
from servers import free_port

from digits.batch import job as batch
from digits.errors import BatchError
from digits.io.sources import find_sources
from digits.types import Hint

pytestmark = pytest.mark.slow  # needs a store and a cluster

PATIENCE = 180  # s
MOTO = SpecifierSet(">=5.1,<6")  # as .ci/run installs it
ROOT = Path(__file__).parent.parent.parent
SINGLE = Hint(single=True)


def require_moto():
    """Skip unless the store to test with belongs to this Python: another's may be any version."""
    try:
        version = Version(metadata.version("moto"))
    except metadata.PackageNotFoundError:
        pytest.skip("moto, a store to test with, is not installed")
    if version not in MOTO:
        pytest.skip(f"moto{MOTO}, a store to test with, is not installed")
    if find_spec("flask_cors") is None:
        pytest.skip("moto[server], a store to test with, is not installed")


@pytest.fixture(scope="module")
def store():
    """A store on this machine, with its address where programs look for it."""
    require_moto()
    fs = pytest.importorskip("pyarrow.fs", reason="pyarrow is not installed")
    port = free_port()
    address = f"http://127.0.0.1:{port}"
    running = subprocess.Popen(
        [sys.executable, "-m", "moto.server", "-H", "127.0.0.1", "-p", str(port)],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    until = time.monotonic() + PATIENCE
    while True:
        try:
            urllib.request.urlopen(f"{address}/moto-api/", timeout=5).close()  # noqa: S310
            break
        except OSError:
            assert running.poll() is None, "the store ended at once"
            assert time.monotonic() < until, "the store does not answer"
            time.sleep(0.2)
    with pytest.MonkeyPatch.context() as patch:
        for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
            patch.setenv(name, "nobody")
        patch.setenv("AWS_DEFAULT_REGION", "us-east-1")
        patch.setenv("AWS_EC2_METADATA_DISABLED", "true")
        patch.setenv("AWS_ENDPOINT_URL", address)
        system = fs.S3FileSystem(endpoint_override=address, allow_bucket_creation=True)
        system.create_dir("paper")
        yield system
    running.terminate()
    running.wait()


@pytest.fixture(scope="module")
def pictures(store, held_out):
    """Nine digits in a folder of the store, and something that is no picture."""
    for number, digit in enumerate(held_out.pictures[:9]):
        png = cv2.imencode(".png", 255 - cv2.resize(digit, (84, 84)))[1].tobytes()
        put(store, f"paper/in/{number}.png", png)
    put(store, "paper/in/broken.png", b"no picture")
    put(store, "paper/in/notes.txt", b"not read")
    return "s3://paper/in"


def put(store, path, content):
    with store.open_output_stream(path) as stream:
        stream.write(content)


@pytest.mark.parametrize(
    ("version", "reason"), [(None, "moto, "), ("4.2.14", r"moto<6,>=5\.1, "), ("6.0", "moto<6")]
)
def test_a_store_of_another_version_is_not_taken(version, reason, monkeypatch):
    def find(_):
        if version is None:
            raise metadata.PackageNotFoundError
        return version

    monkeypatch.setattr(metadata, "version", find)
    with pytest.raises(pytest.skip.Exception, match=reason):
        require_moto()


def test_a_store_is_read_and_written_like_a_folder(store, pictures, held_out, tmp_path):
    parquet = pytest.importorskip("pyarrow.parquet")
    here = tmp_path / "here.parquet"
    assert batch.run_batch([pictures], str(here), hint=SINGLE, workers=1) == batch.Tally(10, 1)
    batch.run_batch([pictures], "s3://paper/out/there.parquet", hint=SINGLE, workers=1)
    there = parquet.read_table("paper/out/there.parquet", filesystem=store)
    assert there.equals(parquet.read_table(here))
    rows = there.to_pylist()
    assert [row["file"] for row in rows][:2] == ["s3://paper/in/0.png", "s3://paper/in/1.png"]
    assert [row["status"] for row in rows][-1] == "failed"
    right = [row["text"] == str(label) for row, label in zip(rows, held_out.labels, strict=False)]
    assert sum(right) >= 8
    from pyarrow.fs import FileSelector

    left = store.get_file_info(FileSelector("paper/out", recursive=True))
    assert [info.base_name for info in left] == ["there.parquet"]  # and no parts


@pytest.mark.parametrize("address", ["s3://paper/nothing", "s3://nobodys/in"])
def test_what_is_not_in_a_store_is_a_row_with_its_reason(store, pictures, address, tmp_path):
    out = tmp_path / "out.jsonl"
    assert batch.run_batch([address], str(out), hint=SINGLE, workers=1) == batch.Tally(1, 1)
    (row,) = [json.loads(line) for line in out.read_text(encoding="utf-8").splitlines()]
    assert row["status"] == "failed"
    assert address in row["error"]


def test_a_missing_store_gives_an_error_message(store, pictures, monkeypatch):
    monkeypatch.setenv("AWS_ENDPOINT_URL_S3", "http://127.0.0.1:9")
    (source,) = find_sources([pictures])
    assert source.fault.startswith("this address cannot be read")
    with pytest.raises(BatchError, match="cannot be written"):
        batch.run_batch([pictures], "s3://paper/out.parquet", hint=SINGLE, workers=1)


@pytest.mark.skipif(sys.platform != "linux", reason="a cluster on one machine needs Linux")
def test_a_cluster_that_loses_its_nodes_reads_every_picture_once():
    pytest.importorskip("ray", reason="Ray is not installed")
    done = subprocess.run(
        [
            sys.executable,
            str(ROOT / "scripts" / "lose_nodes.py"),
            "--files",
            "48",
            "--losses",
            "2",
        ],
        capture_output=True,
        text=True,
        timeout=900,
    )
    assert done.returncode == 0, done.stdout + done.stderr[-3000:]
    result = json.loads(done.stdout.splitlines()[-1])
    assert result["same"]
    assert result["nodes lost"] == 2
    assert result["rows"] == 48
