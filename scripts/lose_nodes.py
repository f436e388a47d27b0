"""Read a batch on a Ray cluster that loses its nodes one after the other, and compare.

    python scripts/lose_nodes.py [--files N] [--losses N]

A head that reads nothing, and two nodes of one core each, on this machine. Whenever some pictures
were read a node is killed and a new one joins, until both of the first are gone and more. The file
must be byte for byte that of the local engine: every picture once, in its order.
"""

import argparse
import json
import os
import sys
import tempfile
import time
import warnings
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent.parent))
os.environ["PYTHONPATH"] = str(Path(__file__).parent.parent)  # the nodes' processes import digits
os.environ.setdefault("RAY_AUTH_MODE", "disabled")  # a cluster that no other machine can reach

import cv2

from digits.batch import job as batch
from digits.batch.ray_executor import run_ray
from digits.mnist import load_mnist
from digits.types import Hint

CORES = 1  # of each node
CHUNK = 4  # pictures in a part, so that few pictures make many parts
ENLARGED = 10  # times MNIST's size: some milliseconds each


def write_pictures(folder: Path, count: int) -> None:
    """Write enlarged validation digits."""
    folder.mkdir()
    for number, digit in enumerate(load_mnist().validation.pictures[:count]):
        large = cv2.resize(255 - digit, None, fx=ENLARGED, fy=ENLARGED)
        cv2.imwrite(str(folder / f"{number:05d}.png"), large)


def lose_nodes(folder: Path, out: Path, losses: int) -> int:
    """Read on a cluster whose nodes are killed; return how many were."""
    import ray
    from ray.cluster_utils import Cluster

    cluster = Cluster(initialize_head=True, head_node_args={"num_cpus": 0})
    nodes = [cluster.add_node(num_cpus=CORES) for _ in range(2)]
    ray.init(cluster.address, log_to_driver=False, logging_level="ERROR")
    lost = 0

    def watch(tally: batch.Tally, total: int) -> None:
        nonlocal lost
        if lost < losses and tally.pictures >= (lost + 1) * total / (losses + 1):
            cluster.remove_node(nodes.pop(0), allow_graceful=False)
            nodes.append(cluster.add_node(num_cpus=CORES))
            lost += 1

    try:
        batch.run_batch(
            [str(folder)],
            str(out),
            hint=Hint(single=True),
            engine=run_ray,
            workers=2 * CORES,
            progress=watch,
        )
    finally:
        ray.shutdown()
        cluster.shutdown()
    return lost


def main() -> int:
    """Say what was lost and found as one line of JSON; 1 where the two files differ."""
    parser = argparse.ArgumentParser(description="Read on a cluster that loses its nodes.")
    parser.add_argument("--files", type=int, default=1000)
    parser.add_argument("--losses", type=int, default=3)
    options = parser.parse_args()
    warnings.simplefilter("ignore")  # Ray's, of its own future
    batch.CHUNK = CHUNK
    with tempfile.TemporaryDirectory() as scratch:
        folder, here, there = (Path(scratch) / name for name in ("in", "a.jsonl", "b.jsonl"))
        write_pictures(folder, options.files)
        batch.run_batch([str(folder)], str(here), hint=Hint(single=True), workers=1)
        started = time.perf_counter()
        lost = lose_nodes(folder, there, options.losses)
        seconds = time.perf_counter() - started
        same = here.read_bytes() == there.read_bytes()
        rows = there.read_text(encoding="utf-8").count("\n")
    result = {"pictures": options.files, "rows": rows, "nodes lost": lost, "same": same}
    print(json.dumps(result | {"seconds": round(seconds, 1)}))
    return 0 if same and lost == options.losses else 1


if __name__ == "__main__":
    sys.exit(main())
