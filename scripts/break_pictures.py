"""Read hostile pictures: each gives a reading or an error, within 1 GB and 5 s.

python scripts/break_pictures.py --inputs 2000 --write
"""

import argparse
import io
import multiprocessing
import resource
import struct
import sys
import time
import zlib
from collections import Counter
from collections.abc import Iterator
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image, features

ROOT = Path(__file__).parent.parent
sys.path[:0] = [str(ROOT), str(ROOT / "scripts"), str(ROOT / "tests" / "support")]

from campaigns import Campaign, keep  # noqa: E402
from heic import HEIC  # noqa: E402
from pdfs import forms  # noqa: E402

MEMORY = 1_000_000  # kB that one input may make the whole process hold
SECONDS = 5.0  # of one input, on an idle core
PATIENCE = 60.0  # s until a process that does not answer is ended
PEAK, STATUS = Path("/proc/self/clear_refs"), Path("/proc/self/status")  # of Linux, man 5 proc
COMMAND = "python scripts/break_pictures.py --inputs {} --write"
BIG = (10_000, 10_000)  # px; as many as are let in
Answer = tuple[str, float, int]  # what came of it, processor seconds, kB


def number() -> Image.Image:
    """Return a number of four validation digits, grey."""
    from digits.mnist import load_mnist

    digits = load_mnist().validation.pictures[:4]
    return Image.fromarray(255 - np.pad(np.hstack(list(digits)), 20)).resize((304, 136))


def seeds(grey: Image.Image) -> Iterator[tuple[str, bytes]]:
    """Yield a picture in every format, mode and compression."""
    clear = Image.merge("LA", (Image.new("L", grey.size), grey.point(lambda level: 255 - level)))
    deep = Image.fromarray(np.asarray(grey, np.uint16) * 257)
    colour = grey.convert("RGB")
    webp: list[tuple[str, Image.Image, dict[str, Any]]] = (
        [("WEBP", clear.convert("RGBA"), {})] if features.check("webp") else []
    )
    made: list[tuple[str, Image.Image, dict[str, Any]]] = [
        ("PNG", grey.convert("1"), {}), ("PNG", grey, {}), ("PNG", deep, {}), ("PNG", clear, {}),
        ("PNG", colour.quantize(8), {}), ("PNG", clear.convert("RGBA"), {}),
        ("JPEG", grey, {}), ("JPEG", colour, {"progressive": True}),
        ("JPEG", colour.convert("CMYK"), {}), ("GIF", colour, {}), ("BMP", grey, {}),
        ("TIFF", deep, {}), ("TIFF", grey.convert("F"), {}), ("PDF", grey, {}),
        ("TIFF", colour, {"compression": "tiff_lzw"}), *webp,
    ]  # fmt: skip
    for kind, image, options in made:
        yield f"{kind} {image.mode} {options or ''}".strip(), saved(image, kind, **options)
    yield "HEIC", HEIC


def mutations(
    name: str, seed: bytes, rng: np.random.Generator, n: int, cuts: int
) -> Iterator[tuple[str, bytes]]:
    """Yield a seed truncated at many positions, and with changed bytes and fields."""
    for percent in np.linspace(0, 100, cuts + 1)[1:].astype(int).tolist():
        yield f"{name} cut at {percent} %", seed[: len(seed) * percent // 100]
    fields = [struct.pack(order + "I", value) for order in "<>" for value in (0, 65_535, 2**31 - 1)]
    for which in range(n):
        body = bytearray(seed)
        for _ in range(int(rng.integers(1, 6))):
            # Headers and directories stand at the front, or, in a TIFF and a PDF, at the end.
            at = int(rng.integers(min(len(body), 200))) * (1 if rng.random() < 0.7 else -1)
            if rng.random() < 0.3:
                at = int(rng.integers(len(body)))
            if rng.random() < 0.5:
                body[at] ^= 1 << int(rng.integers(8))
            else:
                lie = fields[int(rng.integers(len(fields)))]
                at %= max(1, len(body) - 4)
                body[at : at + 4] = lie
        yield f"{name} mutation {which}", bytes(body)


def png_of(width: int, height: int, kind: int, depth: int = 8) -> bytes:
    """Return a PNG that is all zeros, written row by row; it takes little room."""
    channels = {0: 1, 2: 3, 3: 1, 4: 2, 6: 4}[kind]
    packer = zlib.compressobj(1)
    row = bytes(1 + (width * channels * depth + 7) // 8)
    packed = b"".join(packer.compress(row) for _ in range(height)) + packer.flush()
    parts = [(b"IHDR", struct.pack(">IIBBBBB", width, height, depth, kind, 0, 0, 0))]
    parts += [(b"PLTE", bytes(6))] if kind == 3 else []  # PNG's palette
    parts += [(b"IDAT", packed), (b"IEND", b"")]
    chunks = (
        struct.pack(">I", len(body)) + tag + body + struct.pack(">I", zlib.crc32(tag + body))
        for tag, body in parts
    )
    return b"\x89PNG\r\n\x1a\n" + b"".join(chunks)


def saved(image: Image.Image, kind: str, **options: Any) -> bytes:  # noqa: ANN401  # as Pillow's own
    """Return a picture's file."""
    file = io.BytesIO()
    image.save(file, kind, **options)
    return file.getvalue()


def bombs() -> Iterator[tuple[str, bytes]]:
    """Yield small files that are large when opened."""
    yield from picture_bombs()
    yield from pdf_bombs()


def picture_bombs() -> Iterator[tuple[str, bytes]]:
    """Yield small pictures that are large when opened."""
    for kind, depth in ((0, 1), (0, 8), (0, 16), (2, 8), (3, 8), (4, 8), (6, 8), (6, 16)):
        yield f"PNG of 100 million pixels, kind {kind}, {depth} bit", png_of(*BIG, kind, depth)
    yield "JPEG of 100 million pixels", saved(Image.new("RGB", BIG), "JPEG")
    yield "progressive JPEG of 100 million", saved(Image.new("L", BIG), "JPEG", progressive=True)
    yield "GIF of 100 million pixels", saved(Image.new("P", BIG), "GIF")
    for mode in ("I", "F", "CMYK", "LAB"):
        packed = saved(Image.new(mode, BIG), "TIFF", compression="tiff_lzw")
        yield f"TIFF of 100 million pixels, {mode}", packed
    if features.check("webp"):
        yield "WebP of 100 million pixels", saved(Image.new("RGB", BIG), "WEBP", method=0)
    for size in ((65_535, 1), (1, 65_535), (0, 9), (9, 0), (2**31 - 1, 2**31 - 1), (30_000, 3_333)):
        width, height = size
        whole = (
            png_of(width, min(height, 70_000) if width < 2**20 else 0, 0) if width < 2**20 else b""
        )
        head = struct.pack(">IIBBBBB", *size, 8, 0, 0, 0, 0)
        lie = (
            b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR" + head + struct.pack(">I", zlib.crc32(b"IHDR" + head))
        )
        yield f"PNG of {width} x {height}", whole or lie
    frames = [Image.new("P", (20, 20), which % 2) for which in range(10_000)]
    yield "GIF of 10,000 frames", saved(frames[0], "GIF", save_all=True, append_images=frames[1:])
    small = Image.new("L", (40, 40), 255)
    for note in (
        b"Exif\0\0MM\0*\xff\xff\xff\xff",
        b"Exif\0\0" + bytes(9),
        b"Exif\0\0II*\0\x08\0\0\0\xff\xff",
    ):
        yield f"JPEG with notes {note!r}", saved(small, "JPEG", exif=note)


def pdf_bombs() -> Iterator[tuple[str, bytes]]:
    """Yield small PDFs that are large when opened."""
    small = Image.new("L", (40, 40), 255)
    picture = saved(small, "PNG")
    pdf = saved(small, "PDF")
    yield "PNG that is a PDF behind", picture + pdf
    yield "PDF that is a PNG behind", pdf + picture
    yield "PDF in a PNG's clothes", picture[:8] + pdf
    deep = b"[" * 200_000 + b"]" * 200_000
    yield "PDF nested 200,000 deep", b"%PDF-1.4\n1 0 obj" + deep + b"endobj trailer<</Root 1 0 R>>"
    yield "PDF with 8 MB of nothing", b"%PDF-1.4\n" + b"1 0 obj<<>>endobj\n" * 450_000
    kids = b" ".join(b"%d 0 R" % which for which in range(3, 100_003))
    pages = b"".join(b"%d 0 obj<</Type/Page/Parent 2 0 R>>endobj\n" % n for n in range(3, 100_003))
    tree = b"2 0 obj<</Type/Pages/Count 100000/Kids[" + kids + b"]>>endobj\n"
    root = b"%PDF-1.4\n1 0 obj<</Type/Catalog/Pages 2 0 R>>endobj\n"
    yield "PDF of 100,000 pages", root + tree + pages + b"trailer<</Root 1 0 R>>"
    loop = b"2 0 obj<</Type/Pages/Count 9/Kids[2 0 R 2 0 R]>>endobj trailer<</Root 1 0 R>>"
    yield "PDF whose pages hold themselves", root + loop
    paper = b"3 0 obj<</Type/Page/Parent 2 0 R/MediaBox[0 0 %d 9]>>endobj trailer<</Root 1 0 R>>"
    one = b"2 0 obj<</Type/Pages/Count 1/Kids[3 0 R]>>endobj\n"
    for depth in (4, 6, 8, 12, 30):
        yield f"PDF of forms that show ten forms, {depth} deep", forms(depth, 10)
    for side in (0, 14_401, 10**9, 10**30):
        yield f"PDF on paper of {side} points", root + one + paper % side


def _drawing() -> resource.struct_rusage:
    """Return what the processes took that drew PDFs; of memory, the largest so far."""
    return resource.getrusage(resource.RUSAGE_CHILDREN)


def _work(pipe: Connection) -> None:
    """Read inputs, and report the result, the seconds and the peak of memory."""
    from digits.errors import DigitsError
    from digits.io.document import load_picture
    from digits.registry import shipped_reader
    from digits.types import Reading

    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    reader = shipped_reader()
    pipe.send("ready")
    while content := pipe.recv_bytes():
        PEAK.write_text("5", encoding="ascii")  # from here on, VmHWM is this input's
        began = time.process_time() + _drawing().ru_utime
        try:
            outcome = "reading" if isinstance(reader.read(load_picture(content)), Reading) else "?"
        except DigitsError:
            outcome = "sentence"
        except BaseException as error:  # whatever it is, it is what is looked for
            outcome = f"{type(error).__name__}: {error}"
        seconds = time.process_time() + _drawing().ru_utime - began
        rows = STATUS.read_text(encoding="ascii").splitlines()
        (held,) = (int(row.split()[1]) for row in rows if row.startswith("VmHWM"))
        pipe.send((outcome, seconds, max(held, _drawing().ru_maxrss)))


class Patient:
    """A process that reads, and is replaced when it dies or does not answer."""

    def __init__(self) -> None:
        self._start()

    def _start(self) -> None:
        context = multiprocessing.get_context("spawn")
        self.pipe, other = context.Pipe()
        self.process = context.Process(target=_work, args=(other,), daemon=True)
        self.process.start()
        other.close()
        self.pipe.recv()

    def take(self, content: bytes) -> Answer:
        """Return the result of one input."""
        self.pipe.send_bytes(content)
        try:
            if self.pipe.poll(PATIENCE):
                answer: Answer = self.pipe.recv()
                return answer
            outcome = "no answer"
        except EOFError:
            outcome = "the process died"
        self.process.kill()
        self._start()
        return outcome, PATIENCE, 0


def main() -> int:
    """Run all inputs; store the result."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--inputs", type=int, default=200, help="mutations, beside cuts and bombs")
    parser.add_argument("--cuts", type=int, default=100, help="of each format")
    parser.add_argument("--only", choices=("bombs", "mutations"))
    parser.add_argument("--write", action="store_true")
    options = parser.parse_args()
    rng = np.random.default_rng(8)
    patient, outcomes, bad = Patient(), Counter[str](), list[str]()
    slowest, largest = (0.0, ""), (0, "")
    inputs = [] if options.only == "mutations" else [bombs()]
    if options.only != "bombs":
        corpus = list(seeds(number()))
        each = -(-options.inputs // len(corpus))
        inputs += [mutations(name, seed, rng, each, options.cuts) for name, seed in corpus]
    for name, content in (one for some in inputs for one in some):
        outcome, seconds, held = patient.take(content)
        outcomes[outcome if outcome in ("reading", "sentence") else "other"] += 1
        slowest, largest = max(slowest, (seconds, name)), max(largest, (held, name))
        if outcome not in ("reading", "sentence") or seconds > SECONDS or held > MEMORY:
            bad.append(name)
            print(f"{name}: {outcome}, {seconds:.1f} s, {held // 1000} MB", flush=True)
    result = (
        f"{outcomes['reading']:,} readings, {outcomes['sentence']:,} sentences; at most "
        f"{largest[0] // 1000} MB ({largest[1]}) and {slowest[0]:.1f} s ({slowest[1]})"
    )
    print(f"{outcomes.total():,} inputs, {len(bad)} bad: {result}")
    patient.pipe.send_bytes(b"")
    if options.write:
        tried = "pictures and PDFs cut at each 1 %, mutated, lying and made to be large"
        command = COMMAND.format(options.inputs)
        keep(
            Campaign("hostile-files", tried, outcomes.total(), "inputs", len(bad), result, command)
        )
    return int(bool(bad))


if __name__ == "__main__":
    sys.exit(main())
