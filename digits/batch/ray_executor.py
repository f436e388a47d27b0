"""Run a batch on a Ray cluster, with one actor per core."""

import logging
import os
import pickle
from collections.abc import Iterator
from typing import Any

import numpy as np

# Read when Ray is imported: no usage statistics, and no messages over the progress bar.
os.environ.setdefault("RAY_USAGE_STATS_ENABLED", "0")
os.environ.setdefault("RAY_DATA_DISABLE_PROGRESS_BARS", "1")
os.environ.setdefault("RAY_BACKEND_LOG_LEVEL", "fatal")

import ray
import ray.data

from digits.batch.job import Chunk, Job, Tally, read_chunk
from digits.registry import current_reader

TOGETHER = 8  # chunks in a batch for an actor, at most
EACH = 4  # batches for each worker, at least, so that none waits long for the last one


class ReadChunks:
    """Actor that reads one chunk at a time and writes its part to shared storage."""

    def __init__(self, model: str | None) -> None:
        current_reader(model)  # opened once

    def __call__(self, batch: dict[str, Any]) -> dict[str, Any]:
        """Read chunks, and return the numbers of pictures."""
        tallies = [read_chunk(*pickle.loads(work)) for work in batch["work"]]  # noqa: S301  # ours  # nosec B301
        return {
            "pictures": np.array([tally.pictures for tally in tallies]),
            "failed": np.array([tally.failed for tally in tallies]),
        }


def run_ray(chunks: Iterator[Chunk], job: Job, workers: int) -> Iterator[Tally]:
    """Read chunks on the machines of a Ray cluster, and yield a tally for each.

    All machines must share the folder of the parts. If a node is lost, Ray reads its chunks on
    other nodes; a part that is written twice is the same.
    """
    work = [{"work": pickle.dumps((chunk, job))} for chunk in chunks]
    if not work:
        return
    _connect()
    batches = max(-(-len(work) // TOGETHER), min(len(work), EACH * workers))
    read = ray.data.from_items(work, override_num_blocks=batches).map_batches(
        ReadChunks,
        fn_constructor_args=(job.model,),
        batch_size=1,
        compute=ray.data.ActorPoolStrategy(min_size=1, max_size=workers),
        num_cpus=1,
    )
    for row in read.iter_rows():
        yield Tally(int(row["pictures"]), int(row["failed"]))


def _connect() -> None:
    """Connect to the cluster at RAY_ADDRESS, or start one on this machine."""
    logging.getLogger("ray.data").setLevel(logging.ERROR)
    if ray.is_initialized():
        return
    quiet = {"log_to_driver": False, "logging_level": "ERROR"}
    if address := os.environ.get("RAY_ADDRESS"):
        ray.init(address, **quiet)
    else:
        ray.init(include_dashboard=False, **quiet)
