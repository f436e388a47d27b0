"""Fuzz reading with a coverage-guided fuzzer (libFuzzer, through atheris).

pip install atheris
python scripts/fuzz_pictures.py bytes --inputs 150000 --write
"""

import argparse
import re
import shutil
import subprocess
import sys
import tempfile
import time
from contextlib import nullcontext
from pathlib import Path

import numpy as np

ROOT = Path(__file__).parent.parent
sys.path[:0] = [str(ROOT), str(ROOT / "scripts"), str(ROOT / "tests" / "support")]

GUIDED = "guided"  # said to the process that the fuzzer guides
if sys.argv[1:2] == [GUIDED]:
    import atheris

    watched = atheris.instrument_imports(include=["digits", "PIL"])
else:
    watched = nullcontext()
with watched:  # so that the fuzzer sees which branches an input takes
    from break_pictures import MEMORY, PATIENCE, SECONDS, number, seeds
    from campaigns import Campaign, keep
    from oracles import agrees_with_itself
    from PIL import Image

    from digits.errors import DigitsError
    from digits.io.document import load_picture
    from digits.io.image import WORKING_PIXELS, is_heic
    from digits.io.pdf import is_pdf
    from digits.registry import shipped_reader
    from digits.types import ANY, Box, Hint, Picture

    Image.init()  # its decoders too

LONGEST = {"bytes": 3_000, "pixels": 1_000}  # bytes of an input; small ones are soon tried
WIDEST = 64  # px
HEAD = 3  # bytes before the grey levels: width, scale and hint
MAX_SCALE = 3  # a grey level becomes up to so many pixels, squared
ROUND = 10_000  # inputs until a new process goes on: what atheris holds on to grows
TARGETS = {
    "bytes": "bytes of every format but PDF and HEIC, changed as coverage suggests, and opened",
    "pixels": "grey levels of any shape, changed as coverage suggests, and read with any hint",
}
COMMAND = "python scripts/fuzz_pictures.py {} --inputs {} --write"
DONE = re.compile(r"Done (\d+) runs")  # libFuzzer's last words
COVERED = re.compile(r"cov: (\d+)")
FOUND = "found-"  # how files are called that broke it
LAST_WORDS = 3000  # characters of what it said, shown where it broke


def be_guided(target: str, arguments: list[str]) -> None:
    """Run libFuzzer in this process, which ends with it."""
    reader = shipped_reader()

    def try_bytes(content: bytes) -> int:
        if is_pdf(content) or is_heic(content):
            return -1  # opened by a process of its own, where no coverage guides
        try:
            picture = load_picture(content)
            if not 0 < picture.grey.size <= WORKING_PIXELS or not picture.width * picture.height:
                raise AssertionError(f"a picture of {picture.grey.shape}")
        except DigitsError as error:
            if not str(error):
                raise AssertionError("an error without a sentence") from error
        return 0

    def try_pixels(content: bytes) -> int:
        if len(content) <= HEAD:
            return -1
        width, scale = 1 + content[0] % WIDEST, 1 + content[1] % MAX_SCALE
        levels = np.frombuffer(content[HEAD:], np.uint8)
        grey = np.resize(levels, (-(-len(levels) // width), width))
        grey = np.kron(grey, np.ones((scale, scale), np.uint8))
        whole = Box(0, 0, grey.shape[1], grey.shape[0])
        hints = (ANY, Hint(single=True), Hint(length=1 + content[2] // 8), Hint(boxes=(whole,)))
        picture = Picture(grey, whole.width, whole.height, "0" * 64)
        agrees_with_itself(reader.read(picture, hints[content[2] % len(hints)]))
        return 0

    attempt = {"bytes": try_bytes, "pixels": try_pixels}[target]

    def timed(content: bytes) -> int:
        began = time.process_time()
        came_of_it = attempt(content)
        if (seconds := time.process_time() - began) > SECONDS:
            raise AssertionError(f"it took {seconds:.1f} s")
        return came_of_it

    atheris.Setup(["fuzz", *arguments], timed)
    atheris.Fuzz()


def plant(target: str, corpus: Path) -> None:
    """Write the seeds of the fuzzer."""
    digit = number().crop((0, 0, 136, 136)).reduce(4)
    if target == "bytes":
        files = [content for grey in (digit, number().reduce(2)) for _, content in seeds(grey)]
    else:
        grey = np.asarray(digit)
        head = (bytes([grey.shape[1] - 1, scale, scale]) for scale in range(MAX_SCALE))
        files = [size + grey.tobytes() for size in head]
    for which, content in enumerate(files):
        (corpus / str(which)).write_bytes(content)


def main() -> int:
    """Run the fuzzer in a separate process, and store the result."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("target", choices=TARGETS)
    parser.add_argument("--inputs", type=int, default=1000)
    parser.add_argument("--write", action="store_true")
    options = parser.parse_args()
    done, covered = 0, 0
    with tempfile.TemporaryDirectory() as folder:
        corpus = Path(folder) / "corpus"
        corpus.mkdir()
        plant(options.target, corpus)
        while done < options.inputs:
            limits = [f"-runs={min(ROUND, options.inputs - done)}", f"-seed={done + 1}"]
            limits += [f"-max_len={LONGEST[options.target]}", f"-timeout={PATIENCE:.0f}"]
            limits += [f"-malloc_limit_mb={MEMORY // 1000}", "-rss_limit_mb=0"]
            command = [sys.executable, __file__, GUIDED, options.target, *limits]
            command += [f"-artifact_prefix={folder}/{FOUND}", str(corpus)]
            run = subprocess.run(command, capture_output=True, text=True, errors="replace")
            last, found = DONE.search(run.stderr), list(Path(folder).glob(f"{FOUND}*"))
            if last is None or found or run.returncode:
                for path in found:
                    shutil.copy(path, Path.cwd())
                print(run.stderr[-LAST_WORDS:], *(path.name for path in found), sep="\n")
                return 1
            done += int(last[1])
            covered = max(covered, *map(int, COVERED.findall(run.stderr)))
            print(f"{done:,} inputs, {covered} branches", flush=True)
        kept = len(list(corpus.iterdir()))
    result = (
        f"nothing raised but sentences, nothing took {SECONDS:.0f} s or asked for 1 GB; "
        f"{kept:,} inputs reached something new, {covered:,} branches in all"
    )
    print(result)
    if options.write:
        name, tried = f"fuzz-{options.target}", TARGETS[options.target]
        command_line = COMMAND.format(options.target, options.inputs)
        keep(Campaign(name, tried, done, "inputs", 0, result, command_line))
    return 0


if __name__ == "__main__":
    if sys.argv[1:2] == [GUIDED]:
        be_guided(sys.argv[2], sys.argv[3:])
    sys.exit(main())
