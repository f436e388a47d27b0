"""The page network on a few crops: its losses, what training leaves, and how it goes on."""

import dataclasses
import json

import numpy as np
import pytest

from digits.inference.segmenter import ANGLE_UNIT, CLASSES, N_COARSE, N_MAPS, load_segmenter
from digits.synthesis.page import compose_crop
from digits.synthesis.page_crops import CropStream, to_batch

keras = pytest.importorskip("keras", reason="TensorFlow is not installed")

from digits.training.architectures import build_page  # noqa: E402
from digits.training.page import (  # noqa: E402
    coarse_loss,
    export_page_run,
    fit_page,
    judge_maps,
    maps_loss,
    to_arrays,
)
from digits.training.recipes import PageRecipe  # noqa: E402

pytestmark = pytest.mark.slow  # trains, and imports TensorFlow

TINY = PageRecipe(epochs=2, crops=4, batch=2)


@pytest.fixture(scope="module", autouse=True)
def few_crops():
    """Training begins after a few crops."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("digits.synthesis.page_crops.START", 8)
        yield


@pytest.fixture(scope="module")
def arrays(bank):
    rng = np.random.default_rng(2)
    crops = [compose_crop(bank, rng, kind) for kind in ("table", "boxes", "form", "rows")]
    return to_arrays(to_batch(crops))


def perfect(truth, lies):
    """Return the maps and coarse maps that a network without errors gives."""
    labels, packed = truth[..., 0].astype(int) % 8, truth[..., 0].astype(int)
    maps = np.zeros((*labels.shape, N_MAPS), np.float32)
    maps[..., :CLASSES] = 40 * np.eye(CLASSES)[labels] - 20
    maps[..., CLASSES] = np.where(packed // 8 % 2, 20, -20)
    maps[..., CLASSES + 1] = truth[..., 1] / 32 + np.log2(4 / 32)
    maps[..., CLASSES + 2] = np.where(packed // 16, 20, -20)
    coarse = np.zeros((*lies.shape[:3], N_COARSE), np.float32)
    coarse[..., :4] = 40 * np.eye(4)[lies[..., 0].astype(int)]
    coarse[..., 4] = lies[..., 1] / ANGLE_UNIT
    return maps, coarse


def test_the_truth_has_no_loss_and_full_marks(arrays):
    _, (truth, lies) = arrays
    maps, coarse = perfect(truth, lies)
    assert float(maps_loss(truth, maps)) < 1e-3
    assert float(coarse_loss(lies, coarse)) < 1e-3
    figures = judge_maps(maps, coarse, truth, lies)
    present = np.unique(truth[..., 0].astype(int) % 8)
    assert np.array(figures["iou"])[present] == pytest.approx(1.0)
    assert figures["core"] == figures["sheet"] == figures["quarters"] == 1.0
    assert figures["tall"] == pytest.approx(0, abs=1e-6)


def test_every_output_that_is_wrong_costs_something(arrays):
    _, (truth, lies) = arrays
    maps, coarse = perfect(truth, lies)
    for channel in range(N_MAPS):
        wrong = maps.copy()
        wrong[..., channel] = -wrong[..., channel] - 1
        assert float(maps_loss(truth, wrong)) > 1e-2, channel
    turned = np.concatenate([coarse[..., 1:4], coarse[..., :1], coarse[..., 4:] + 1], axis=-1)
    assert float(coarse_loss(lies, turned)) > 0.1


def test_crops_come_from_another_process(bank):
    stream = CropStream(bank, seed=4)
    try:
        batch = stream.take(6)
    finally:
        stream.close()
    assert batch.pages.shape == (6, 256, 256, 4)
    assert batch.pages.any(axis=(1, 2, 3)).all()
    assert batch.lies[:, 0].max() < 4


@pytest.fixture
def eager(monkeypatch):
    """Train without graphs, which take longer to build than a few batches."""
    compile_model = keras.Model.compile

    def compile_eagerly(model, *arguments, **options):
        compile_model(model, *arguments, run_eagerly=True, **options)

    monkeypatch.setattr(keras.Model, "compile", compile_eagerly)


def test_training_goes_on_and_leaves_what_is_served(bank, mnist, tmp_path, monkeypatch, eager):
    monkeypatch.setattr("digits.training.page.JUDGED", 1)
    monkeypatch.setattr("digits.training.page.JUDGED_EACH_EPOCH", 1)
    run = tmp_path / "page-0"
    once = dataclasses.replace(TINY, epochs=1)
    assert fit_page(build_page(), bank, once, run, validation=bank) == 1
    network = build_page()
    epochs = fit_page(network, bank, TINY, run, validation=bank, resume=True)
    assert epochs == 2
    # The second epoch's rate, as without an interruption: warm-up 2/3, half of the cosine.
    assert float(network.optimizer.learning_rate) == pytest.approx(TINY.peak * 2 / 3 * 0.5)
    assert len((run / "history.csv").read_text().splitlines()) == 3
    card = export_page_run(network, mnist, TINY, run, validation=bank, epochs=epochs)
    assert card["crops_seen"] == 8
    assert json.loads((run / "page.json").read_text())["sha256"] == card["sha256"]
    maps = load_segmenter(run / "page.onnx")(np.full((70, 130, 3), 230, np.uint8))
    assert maps.probabilities.shape == (35, 65, CLASSES)
    np.testing.assert_allclose(maps.probabilities.sum(axis=-1), 1.0, atol=1e-5)
