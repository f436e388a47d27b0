"""Train the page network on synthetic pages, evaluate it by class, and export it."""

import dataclasses
from pathlib import Path
from typing import Any

import keras
import numpy as np
from keras import layers, ops

from digits.inference.card import write_card
from digits.inference.classifier import load_card
from digits.inference.segmenter import ANGLE_UNIT, CLASSES, CORE, QUARTERS, SHEET, TALL, TALL_BASE
from digits.mnist import Mnist
from digits.synthesis.page import KINDS, compose_crop
from digits.synthesis.page_canvas import HEIGHT_BASE, HEIGHT_STEP
from digits.synthesis.page_crops import CORE_BIT, SHEET_BIT, CropBatch, CropStream, to_batch
from digits.synthesis.page_ink import InkBank
from digits.training.architectures import build_page
from digits.training.callbacks import Checkpoint, Clock, LearningRate
from digits.training.checkpoint import Record, forget, restore
from digits.training.digit import provenance
from digits.training.export import multiply_adds, staged, to_onnx, write_onnx
from digits.training.graph import quicker
from digits.training.recipes import PageRecipe
from digits.types import BACKGROUND, PIXEL_CLASSES, RULE

TITLE = "Page network: what each pixel of a page is"
WEIGHTS = (0.5, 1.6, 1.6, 1.0, 1.0, 1.6, 1.6)  # of each class in the loss: handwriting counts most
CORE_WEIGHT, TALL_WEIGHT, SHEET_WEIGHT = 0.3, 0.3, 0.1
QUARTER_WEIGHT, ANGLE_WEIGHT = 0.1, 0.2
JUDGED = 16  # crops of each kind for the evaluation
JUDGED_EACH_EPOCH = 4  # of each kind, after each epoch
JUDGING_SEED = 1000  # added to the recipe's, for pages that were not used before
MEASURED = 256  # px: side of the page for which multiplications are counted


class PageBatches(keras.utils.PyDataset):
    """Batches of an endless stream of crops."""

    def __init__(self, stream: CropStream, recipe: PageRecipe) -> None:
        super().__init__(workers=recipe.loaders)
        self._stream, self._recipe = stream, recipe

    def __len__(self) -> int:
        """Return the number of batches in an epoch."""
        return self._recipe.crops // self._recipe.batch

    def __getitem__(self, index: int) -> tuple[np.ndarray, tuple[np.ndarray, np.ndarray]]:
        """Return pages and the ground truth of maps and coarse maps."""
        return to_arrays(self._stream.take(self._recipe.batch))


def to_arrays(batch: CropBatch) -> tuple[np.ndarray, tuple[np.ndarray, np.ndarray]]:
    """Return a batch as the network's input and the ground truth of its two outputs.

    The truth of the maps is (n, h, w, 2): labels with their bits, and heights. That of the coarse
    maps is (n, hc, wc, 3): quarter turns, angle, and how much is written or printed there.
    """
    truth = np.stack([batch.labels, batch.tall], axis=-1).astype(np.float32)
    classes = batch.labels % CORE_BIT
    written = ((classes != BACKGROUND) & (classes != RULE)).astype(np.float32)
    n, high, wide = written.shape
    cells = written.reshape(n, high // 16, 16, wide // 16, 16).mean(axis=(2, 4))
    lies = np.broadcast_to(batch.lies[:, None, None, :], (*cells.shape, 2))
    coarse = np.concatenate([lies, cells[..., None]], axis=-1).astype(np.float32)
    return batch.pages, (truth, coarse)


def maps_loss(truth: Any, maps: Any) -> Any:  # noqa: ANN401  # tensors of the backend
    """Return the loss of classes, cores, heights and sheet, averaged over pixels."""
    packed = ops.cast(truth[..., 0], "int32")
    labels = ops.mod(packed, CORE_BIT)
    core = ops.cast(ops.mod(packed // CORE_BIT, 2), "float32")
    sheet = ops.cast(packed // SHEET_BIT, "float32")
    classes = ops.one_hot(labels, CLASSES)
    weight = ops.sum(classes * ops.convert_to_tensor(WEIGHTS, "float32"), axis=-1)
    loss = weight * ops.categorical_crossentropy(classes, maps[..., :CLASSES], from_logits=True)
    loss += CORE_WEIGHT * (1 + 2 * core) * _binary(core, maps[..., CORE])
    loss += SHEET_WEIGHT * _binary(sheet, maps[..., SHEET])
    known = truth[..., 1]
    doublings = known / HEIGHT_STEP + float(np.log2(HEIGHT_BASE / TALL_BASE))
    written = ops.cast(known > 0, "float32") * ops.cast(labels != BACKGROUND, "float32")
    written *= ops.cast(labels != RULE, "float32")
    off = ops.abs(maps[..., TALL] - doublings)
    loss += TALL_WEIGHT * 4 * written * ops.minimum(off, 2.0)
    return ops.mean(loss)


def coarse_loss(truth: Any, coarse: Any) -> Any:  # noqa: ANN401
    """Return the loss of quarter turn and angle, where something is written."""
    weight = ops.minimum(1.0, 20 * truth[..., 2])
    quarters = ops.one_hot(ops.cast(truth[..., 0], "int32"), QUARTERS)
    turned = ops.categorical_crossentropy(quarters, coarse[..., :QUARTERS], from_logits=True)
    off = ops.abs(coarse[..., QUARTERS] - truth[..., 1] / ANGLE_UNIT)
    loss = weight * (QUARTER_WEIGHT * turned + ANGLE_WEIGHT * off)
    return ops.mean(loss)


def _binary(truth: Any, logits: Any) -> Any:  # noqa: ANN401
    """Return the cross-entropy of logits, for each pixel."""
    return ops.maximum(logits, 0) - logits * truth + ops.log1p(ops.exp(-ops.abs(logits)))


def compile_page(network: keras.Model, recipe: PageRecipe) -> None:
    """Compile with the losses of both outputs and AdamW; `LearningRate` sets its rate."""
    optimizer = keras.optimizers.AdamW(recipe.peak, weight_decay=recipe.decay, global_clipnorm=5.0)
    network.compile(optimizer, loss=[maps_loss, coarse_loss])


def fit_page(
    network: keras.Model,
    bank: InkBank,
    recipe: PageRecipe,
    run: Path,
    *,
    validation: InkBank,
    data: dict[str, str | None] | None = None,
    resume: bool = False,
    minutes: float | None = None,
) -> int:
    """Train `network`, with a checkpoint and a line of history for each epoch in `run`.

    Parameters
    ----------
    data : checksums, as `digits.training.checkpoint.checksums` gives them, for the checkpoint
    minutes : after which to stop at the end of an epoch; the learning rate then falls by the
        clock. None trains all epochs

    Returns
    -------
    int
        How many epochs the network has seen.
    """
    run.mkdir(parents=True, exist_ok=True)
    keras.utils.set_random_seed(recipe.seed)
    compile_page(network, recipe)
    record = Record(dataclasses.asdict(recipe), data or {})
    if resume:
        record = dataclasses.replace(record, history=restore(network, run).history)
    else:
        forget(run)
    done = record.epochs
    keeper = Checkpoint(run, record)
    judging = to_arrays(to_batch(judging_crops(validation, recipe, JUDGED_EACH_EPOCH)))
    seed = recipe.seed * 1000 + done  # other pages after an interruption
    stream = CropStream(bank, seed=seed, workers=recipe.workers, reuse=recipe.reuse)
    try:
        network.fit(
            PageBatches(stream, recipe),
            initial_epoch=done,
            epochs=recipe.epochs,
            shuffle=False,
            callbacks=[
                Clock(),
                _Judge(judging),
                keeper,
                LearningRate(recipe.peak, recipe.epochs, minutes),
            ],
            verbose=2,
        )
    finally:
        stream.close()
    return keeper.record.epochs


class _Judge(keras.callbacks.Callback):
    """Add the intersection over union of each class on held-out pages to the history."""

    def __init__(self, arrays: tuple[np.ndarray, tuple[np.ndarray, np.ndarray]]) -> None:
        super().__init__()
        self._pages, (self._truth, self._coarse) = arrays

    def on_epoch_end(self, epoch: int, logs: dict[str, Any] | None = None) -> None:  # noqa: ARG002
        """Evaluate the weights of this epoch."""
        maps, coarse = self.model.predict(self._pages, batch_size=16, verbose=0)
        figures = judge_maps(maps, coarse, self._truth, self._coarse)
        if logs is not None:
            for name, iou in zip(PIXEL_CLASSES, figures["iou"], strict=True):
                logs[f"iou {name}"] = round(iou, 4)
            for name in ("core", "sheet", "tall", "quarters", "angle"):
                logs[name] = round(figures[name], 4)


def judging_crops(bank: InkBank, recipe: PageRecipe, each: int) -> list[Any]:
    """Return held-out crops, `each` of every kind."""
    rng = np.random.default_rng(recipe.seed + JUDGING_SEED)
    return [compose_crop(bank, rng, kind) for kind in KINDS for _ in range(each)]


def judge_maps(
    maps: np.ndarray, coarse: np.ndarray, truth: np.ndarray, lies: np.ndarray
) -> dict[str, Any]:
    """Return figures of the agreement of maps with the ground truth.

    "iou" has one intersection over union for each class; "tall" is the median error of a digit's
    height as a factor less 1; "quarters" the share of crops with the right orientation; "angle"
    the median error in degrees.
    """
    packed = truth[..., 0].astype(int)
    labels, core = packed % CORE_BIT, packed // CORE_BIT % 2
    found = maps[..., :CLASSES].argmax(axis=-1)
    confusion = np.bincount(
        (labels * CLASSES + found).ravel(), minlength=CLASSES * CLASSES
    ).reshape(CLASSES, CLASSES)
    hit = np.diag(confusion).astype(float)
    union = confusion.sum(axis=0) + confusion.sum(axis=1) - hit
    seen = maps[..., CORE] > 0
    digits = (labels == 1) & (truth[..., 1] > 0)
    doublings = truth[..., 1] / HEIGHT_STEP + np.log2(HEIGHT_BASE / TALL_BASE)
    off = np.abs(maps[..., TALL] - doublings)[digits]
    weight = lies[..., 2]
    written = weight.sum(axis=(1, 2)) > 0
    votes = (coarse[..., :QUARTERS] * weight[..., None]).sum(axis=(1, 2)).argmax(axis=-1)
    angles = (coarse[..., QUARTERS] * weight).sum(axis=(1, 2)) / np.maximum(
        weight.sum(axis=(1, 2)), 1e-9
    )
    return {
        "iou": (hit / np.maximum(union, 1)).tolist(),
        "core": float((seen & (core > 0)).sum() / max(1, (seen | (core > 0)).sum())),
        "sheet": float(((maps[..., SHEET] > 0) == (packed // SHEET_BIT > 0)).mean()),
        "tall": float(2 ** np.median(off) - 1) if off.size else 0.0,
        "quarters": float((votes == lies[:, 0, 0, 0])[written].mean()) if written.any() else 0.0,
        "angle": float(np.median(np.abs(angles * ANGLE_UNIT - lies[:, 0, 0, 1])[written]))
        if written.any()
        else 0.0,
    }


def export_page_run(
    network: keras.Model,
    mnist: Mnist,
    recipe: PageRecipe,
    run: Path,
    *,
    validation: InkBank,
    epochs: int,
) -> dict[str, Any]:
    """Write the served network and its card to `run`; return the card."""
    with staged(run) as folder:
        path = folder / f"{recipe.network}.onnx"
        crops = judging_crops(validation, recipe, JUDGED)
        pages, (truth, lies) = to_arrays(to_batch(crops))
        export_page(network, path, pages[:4])
        maps, coarse = network.predict(pages, batch_size=16, verbose=0)
        kinds = np.array([crop.kind for crop in crops])
        card = {
            **provenance(recipe.network, TITLE, dataclasses.asdict(recipe), mnist),
            "parameters": network.count_params(),
            "multiply_adds_per_pixel": multiply_adds(build_page(MEASURED)) / MEASURED**2,
            "epochs": epochs,
            "crops_seen": epochs * recipe.crops,
            "handwriting": [
                "MNIST",
                *(
                    [
                        "UJI Pen Characters",
                        "Pen-Based Recognition of Handwritten Digits",
                        "kensanata/numbers",
                        "handwritten-digits-corpus",
                    ]
                    if validation.writers
                    else []
                ),
            ],
            "classes": list(PIXEL_CLASSES),
            "validation": {
                "crops": len(crops),
                **judge_maps(maps, coarse, truth, lies),
                "kinds": {
                    kind: judge_maps(
                        maps[kinds == kind],
                        coarse[kinds == kind],
                        truth[kinds == kind],
                        lies[kinds == kind],
                    )
                    for kind in KINDS
                },
            },
        }
        write_card(path, card)
        return load_card(path)


def export_page(network: keras.Model, path: Path, pages: np.ndarray) -> None:
    """Write the page network as ONNX, after checking that it answers as Keras does.

    Raises
    ------
    ModelError
        The two differ; nothing is written.
    """
    twin = with_probabilities(network)
    maps, coarse = (np.asarray(each) for each in twin(pages, training=False))
    content = quicker(to_onnx(twin, ("page", "maps", "coarse")))
    write_onnx(path, content, pages, {"maps": maps, "coarse": coarse})


def with_probabilities(network: keras.Model) -> keras.Model:
    """Return the same network with probabilities in place of logits."""
    maps, coarse = network.outputs
    served = layers.Concatenate()(
        [
            layers.Softmax()(maps[..., :CLASSES]),
            layers.Activation("sigmoid")(maps[..., CORE : CORE + 1]),
            maps[..., TALL : TALL + 1],
            layers.Activation("sigmoid")(maps[..., SHEET : SHEET + 1]),
        ]
    )
    lies = layers.Concatenate()(
        [layers.Softmax()(coarse[..., :QUARTERS]), coarse[..., QUARTERS : QUARTERS + 1]]
    )
    return keras.Model(network.inputs[0], [served, lies], name="page_served")


def summary(card: dict[str, Any], run: Path) -> str:
    """Return the result of a training, as lines for a terminal."""
    figures = card["validation"]
    overlap = dict(zip(card["classes"], figures["iou"], strict=True))
    classes = ", ".join(f"{name} {iou:.1%}" for name, iou in overlap.items())
    return (
        f"\nIntersection over union: {classes}; cores {figures['core']:.1%}.\n"
        f"The network and its card are in runs/{run.name}/.\n"
        f"Done: the page network finds handwritten digits with an intersection over union of "
        f"{overlap['digit']:.1%}, on {figures['crops']} composed crops by held-out writers.\n"
    )
