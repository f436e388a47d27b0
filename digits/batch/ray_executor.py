"""The batch on a Ray cluster: on each core an actor that opens the models once."""

import logging
import os
import pickle
from collections.abc import Iterator
from typing import Any

import numpy as np

# Read when Ray is imported: nothing phones home, and what Ray tells itself hides no progress bar.
os.environ.setdefault("RAY_USAGE_STATS_ENABLED", "0")
os.environ.setdefault("RAY_DATA_DISABLE_PROGRESS_BARS", "1")
os.environ.setdefault("RAY_BACKEND_LOG_LEVEL", "fatal")

import ray
import ray.data

from digits.batch.job import Chunk, Job, Tally, read_chunk
from digits.registry import current_reader

TOGETHER = 8  # chunks that are handed to an actor at once, at most
EACH = 4  # such hands for each worker, at least: the last to end keeps the others waiting


class ReadChunks:
    """What runs on the cluster: one chunk at a time, its part written where all can reach it."""

    def __init__(self, model: str | None) -> None:
        current_reader(model)  # opened once, and kept

    def __call__(self, batch: dict[str, Any]) -> dict[str, Any]:
        """Read the chunks of a batch, and return how many pictures that were."""
        tallies = [read_chunk(*pickle.loads(work)) for work in batch["work"]]  # noqa: S301  # ours  # nosec B301
        return {
            "pictures": np.array([tally.pictures for tally in tallies]),
            "failed": np.array([tally.failed for tally in tallies]),
        }


def run_ray(chunks: Iterator[Chunk], job: Job, workers: int) -> Iterator[Tally]:
    """Read chunks on the machines of a Ray cluster, and yield a tally for each.

    The folder of the parts must be one for all machines. A node that is lost takes no part with
    it: Ray hands its chunks to others, and a part that is written twice is the same part.
    """
    work = [{"work": pickle.dumps((chunk, job))} for chunk in chunks]
    if not work:
        return
    _connect()
    hands = max(-(-len(work) // TOGETHER), min(len(work), EACH * workers))
    read = ray.data.from_items(work, override_num_blocks=hands).map_batches(
        ReadChunks,
        fn_constructor_args=(job.model,),
        batch_size=1,
        compute=ray.data.ActorPoolStrategy(min_size=1, max_size=workers),
        num_cpus=1,
    )
    for row in read.iter_rows():
        yield Tally(int(row["pictures"]), int(row["failed"]))


def _connect() -> None:
    """Join the cluster that RAY_ADDRESS names, or make one of this machine."""
    logging.getLogger("ray.data").setLevel(logging.ERROR)
    if ray.is_initialized():
        return
    quiet = {"log_to_driver": False, "logging_level": "ERROR"}
    if address := os.environ.get("RAY_ADDRESS"):
        ray.init(address, **quiet)
    else:
        ray.init(include_dashboard=False, **quiet)
