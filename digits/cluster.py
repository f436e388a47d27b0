"""The batch on a Ray cluster: on each core an actor that opens the models once."""

import os
from collections.abc import Iterator
from typing import Any

import numpy as np
import ray

from digits.batch import Chunk, Job, Tally, read_chunk

TRIES = 5  # that a chunk is read anew after the node that read it was lost


class ReadChunks:
    """What runs on the cluster: one chunk at a time, its part written where all can reach it."""

    def __init__(self, job: Job) -> None:
        self._job = job

    def __call__(self, batch: dict[str, Any]) -> dict[str, Any]:
        """Read the chunks of a batch, and return how many pictures that were."""
        tallies = [read_chunk(chunk, self._job) for chunk in batch["item"]]
        return {
            "pictures": np.array([tally.pictures for tally in tallies]),
            "failed": np.array([tally.failed for tally in tallies]),
        }


def run_ray(chunks: Iterator[Chunk], job: Job, workers: int) -> Iterator[Tally]:
    """Read chunks on the machines of a Ray cluster, and yield a tally for each.

    The folder of the parts must be one for all machines. A node that is lost takes no part with
    it: its chunks are read again elsewhere, and a part that is written twice is the same part.
    """
    listed = list(chunks)
    if not listed:
        return
    if not ray.is_initialized():
        ray.init(address=os.environ.get("RAY_ADDRESS"), log_to_driver=False)
    ray.data.DataContext.get_current().enable_progress_bars = False
    items = ray.data.from_items(listed, override_num_blocks=len(listed))
    read = items.map_batches(
        ReadChunks,
        fn_constructor_args=(job,),
        batch_size=1,
        concurrency=(1, workers),
        num_cpus=1,
        max_restarts=TRIES,
        max_task_retries=TRIES,
    )
    for row in read.iter_rows():
        yield Tally(int(row["pictures"]), int(row["failed"]))
