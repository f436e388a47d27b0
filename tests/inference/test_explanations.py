"""What a network shows of itself is what it computed, and costs its answers nothing."""

import shutil

import numpy as np
import pytest

from digits.errors import ModelError
from digits.explain.occlusion import COVER, occlude
from digits.inference.classifier import Classifier, Scores, load_classifier
from digits.inference.reference_set import load_reference_set
from digits.registry import WEIGHTS, current_reader, current_reference_set
from digits.types import ModelName

NETWORKS = ("cnn", "dense")


@pytest.fixture(scope="module")
def digits():
    return current_reference_set("cnn")


@pytest.mark.parametrize("name", NETWORKS)
def test_the_embedding_and_the_layers_belong_to_the_answer(name, digits):
    classifier = current_reader(name).classifier
    frames = digits.frames[:20]
    logits = classifier.network(frames).logits
    for frame, expected, embedding in zip(frames, logits, classifier.embed(frames), strict=True):
        layers = dict(classifier.activations(frame))
        assert list(layers)[-2:] == ["embedding", "logits"]
        np.testing.assert_allclose(layers["logits"], expected, atol=1e-4)
        np.testing.assert_allclose(layers["embedding"], embedding, atol=1e-4)


@pytest.mark.slow
def test_each_layer_is_what_keras_computes(digits):
    keras = pytest.importorskip("keras", reason="TensorFlow is not installed")
    model = keras.saving.load_model(WEIGHTS / "mnist_model.h5", compile=False)
    kinds = (keras.layers.ReLU, keras.layers.MaxPooling2D)
    inner = [layer for layer in model.layers if isinstance(layer, kinds)]
    twin = keras.Model(model.inputs[0], [layer.output for layer in inner])
    frame = digits.frames[3]
    expected = [np.moveaxis(np.asarray(out)[0], -1, 0) for out in twin(frame[None])]
    found = current_reader("cnn").classifier.activations(frame)[:-2]
    assert [name for name, _ in found] == [
        "convolution 1",
        "convolution 2",
        "pooling 1",
        "convolution 3",
        "convolution 4",
        "pooling 2",
        "convolution 5",
        "convolution 6",
    ]
    for (name, ours), theirs in zip(found, expected, strict=True):
        np.testing.assert_allclose(ours, theirs, atol=1e-4, err_msg=name)


def test_naming_the_layers_twice_changes_nothing():
    pytest.importorskip("onnx", reason="onnx comes with TensorFlow, which is not installed")
    from digits.training.graph import with_layers

    content = (WEIGHTS / "cnn.onnx").read_bytes()
    assert with_layers(content) == content


@pytest.mark.parametrize("name", NETWORKS)
def test_the_known_digits_are_mnists_held_out_ones_as_the_network_sees_them(name, held_out):
    known = current_reference_set(name)
    np.testing.assert_array_equal(known.pictures, held_out.pictures)
    np.testing.assert_array_equal(known.labels, held_out.labels)
    seen = current_reader(name).classifier.embed(known.frames[:200])
    np.testing.assert_allclose(known.embeddings[:200], seen, rtol=1e-3, atol=1e-3)


def test_the_nearest_digits_are_those_that_scikit_learn_finds(digits):
    neighbors = pytest.importorskip("sklearn.neighbors")
    embeddings = digits.embeddings.astype(np.float32)
    oracle = neighbors.NearestNeighbors(n_neighbors=7).fit(embeddings)
    for new in embeddings[::997] + np.float32(0.01):
        distance, expected = oracle.kneighbors(new[None])
        found, far = digits.nearest(new, 7)
        np.testing.assert_array_equal(found, expected[0])
        np.testing.assert_allclose(far, distance[0], rtol=1e-3, atol=1e-3)


def test_a_digits_nearest_digit_is_itself_and_mostly_those_of_its_kind(digits):
    alike = []
    for i in range(0, 5000, 250):
        found, far = digits.nearest(digits.embeddings[i].astype(np.float32), 6)
        assert far[0] == 0
        assert np.array_equal(digits.embeddings[found[0]], digits.embeddings[i])
        assert (np.diff(far) >= 0).all()
        alike.append((digits.labels[found] == digits.labels[i]).mean())
    assert np.mean(alike) > 0.95


def one_pixel(row: int, column: int) -> Classifier:
    """A network that says 1 where one pixel has ink, and 0 where it has none."""

    def network(frames):
        logits = np.full((len(frames), 10), -9, np.float32)
        logits[:, 0], logits[:, 1] = 0, 8 * frames[:, row, column] - 4
        return Scores(logits)

    return Classifier(ModelName("one pixel", ""), network)


def test_occlusion_finds_the_pixel_that_a_network_uses():
    frame = np.ones((28, 28), np.float32)
    before = frame.copy()
    seen = occlude(one_pixel(12, 17), frame)
    np.testing.assert_array_equal(frame, before)
    near = np.zeros((28, 28), bool)
    near[12 - COVER + 1 : 12 + COVER, 17 - COVER + 1 : 17 + COVER] = True
    assert (seen[near] > 0).all()
    assert (seen[~near] == 0).all()
    assert np.unravel_index(seen.argmax(), seen.shape) == (12, 17)
    # Covered, the 1 becomes a 0: what speaks for the one speaks against the other.
    assert occlude(one_pixel(12, 17), frame, value=0).min() < 0


def test_covering_what_is_empty_changes_nothing(digits):
    classifier = current_reader("dense").classifier
    assert not occlude(classifier, np.zeros((28, 28), np.float32)).any()
    seen = occlude(classifier, digits.frames[0])
    far = np.ones((28, 28), bool)
    for row, column in np.argwhere(digits.frames[0] > 0):
        rows = slice(max(0, row - COVER + 1), row + COVER)
        far[rows, max(0, column - COVER + 1) : column + COVER] = False
    assert far.any()
    assert not seen[far].any()
    assert seen.any()


def test_a_network_without_explanations_is_an_error(digits):
    with pytest.raises(ModelError, match="returns probabilities only"):
        one_pixel(0, 0).embed(digits.frames[:1])
    with pytest.raises(ModelError, match="returns probabilities only"):
        one_pixel(0, 0).activations(digits.frames[0])


@pytest.fixture
def copied(tmp_path):
    for end in ("onnx", "json", "npz"):
        shutil.copyfile(WEIGHTS / f"dense.{end}", tmp_path / f"dense.{end}")
    return tmp_path / "dense.onnx"


def test_a_damaged_missing_or_foreign_reference_set_is_an_error(copied):
    assert len(load_reference_set(copied).labels) == 5000
    known = copied.with_suffix(".npz")
    whole = known.read_bytes()
    known.write_bytes(whole[:-1])
    with pytest.raises(ModelError, match="is damaged or not the one of its card"):
        load_reference_set(copied)
    shutil.copyfile(WEIGHTS / "cnn.npz", known)
    with pytest.raises(ModelError, match="is damaged or not the one of its card"):
        load_reference_set(copied)
    known.unlink()
    with pytest.raises(ModelError, match="cannot be read"):
        load_reference_set(copied)
    assert load_classifier(copied)  # reading needs none of them
