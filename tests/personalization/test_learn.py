"""Learning from corrections: kept only where it helps, without loss on MNIST, and undone."""

import io
import multiprocessing
import shutil
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from digits.cli import main
from digits.corrections.from_reading import frame_png
from digits.corrections.store import Correction, Corrections
from digits.errors import DataError, LearningError, ModelError
from digits.image.mnist_normalize import to_frame
from digits.inference.reference_set import load_hard, to_ink
from digits.personalization.kernel_head import (
    NOT_A_DIGIT,
    RIDGE,
    fit_head,
    gaussian_kernel,
    to_directions,
    with_head,
)
from digits.personalization.learn import (
    ALLOWED_LOSS,
    BANDWIDTHS,
    MIN_EXAMPLES,
    Examples,
    accept,
    examples_in_folder,
    gather,
    learn,
    to_examples,
)
from digits.personalization.versions import (
    current_name,
    list_versions,
    load_version,
    save_version,
    set_current,
)
from digits.registry import (
    WEIGHTS,
    available_models,
    current_reader,
    current_reference_set,
    learned_folder,
    shipped_reader,
)
from digits.synthesis.allographs import forms_of, write
from digits.synthesis.strokes import draw
from digits.types import Box, ModelName

ROOT = Path(__file__).parent.parent.parent
DENSE = "dense"

DIGITS = np.full(120, -np.inf)  # log-odds of a network that takes all for digits


def teach(examples):
    return learn(examples, shipped_reader(DENSE).classifier, current_reference_set(DENSE))


@pytest.fixture(autouse=True)
def own_home(tmp_path, monkeypatch):
    monkeypatch.setenv("DIGITS_HOME", str(tmp_path / "home"))


@pytest.fixture(scope="module")
def writer():
    """Digits of one hand that the dense network reads badly: foreign forms, leaning."""
    rng = np.random.default_rng(11)
    truth = np.arange(120, dtype=np.uint8) % 10
    strokes = [write(int(digit), rng, forms_of(int(digit))[-1], 0.4) for digit in truth]
    inks = [draw(way, 40, 8.0, rng) for way in strokes]
    frames = [to_frame(ink, Box(0, 0, ink.shape[1], ink.shape[0])) for ink in inks]
    return Examples(np.stack(frames), truth)


def part(examples, chosen):
    return Examples(examples.frames[chosen], examples.truth[chosen])


def answers(model=DENSE):
    known = current_reference_set(DENSE)
    return current_reader(model).classifier.classify(known.frames).probabilities.argmax(axis=1)


def as_png(frame):
    file = io.BytesIO()
    Image.fromarray((255 * frame).round().astype(np.uint8)).save(file, "PNG")
    return file.getvalue()


# ---- the head


def test_the_fit_is_the_logistic_regression_that_scikit_learn_finds():
    """Features whose inner products are the kernel; no offset, so the network says nothing."""
    linear_model = pytest.importorskip("sklearn.linear_model")
    rng = np.random.default_rng(0)
    embeddings = rng.normal(size=(60, 12)).astype(np.float32)
    truth = np.arange(60, dtype=np.uint8) % 10
    head = fit_head(embeddings, np.zeros((60, 10), np.float32), np.zeros(60), truth, bandwidth=0.5)
    directions = to_directions(embeddings)
    values, vectors = np.linalg.eigh(gaussian_kernel(directions, directions, 0.5))
    features = vectors * np.sqrt(np.maximum(values, 0))
    oracle = linear_model.LogisticRegression(
        C=1 / RIDGE, fit_intercept=False, tol=1e-10, max_iter=10_000
    ).fit(features, truth)
    expected = oracle.predict_proba(features)
    shift = head.shift(embeddings).astype(np.float64)
    found = np.exp(shift) / np.exp(shift).sum(axis=1, keepdims=True)
    np.testing.assert_allclose(found, expected, atol=2e-3)


def test_class_coefficients_sum_to_zero_and_distant_digits_do_not_change():
    rng = np.random.default_rng(1)
    embeddings = np.abs(rng.normal(size=(30, 8))).astype(np.float32)
    head = fit_head(
        embeddings,
        np.zeros((30, 10), np.float32),
        np.zeros(30),
        np.arange(30, dtype=np.uint8) % 10,
        0.06,
    )
    np.testing.assert_allclose(head.class_coefficients.sum(axis=1), 0, atol=1e-5)
    assert np.abs(head.shift(-embeddings)).max() < 1e-6
    # How dark a digit is does not matter, only what it looks like.
    np.testing.assert_allclose(head.shift(3 * embeddings), head.shift(embeddings), atol=1e-4)


def test_digits_that_are_right_with_certainty_change_nothing():
    """No gradient, no pull: the classes of all known digits stay."""
    classifier, known = shipped_reader(DENSE).classifier, current_reference_set(DENSE)
    logits = known.logits / np.float32(classifier.temperature)
    margin = logits.max(axis=1) - np.partition(logits, -2, axis=1)[:, -2]
    sure = np.flatnonzero((margin > 12) & (logits.argmax(axis=1) == known.labels))[:40]
    assert len(sure) == 40
    embeddings = known.embeddings.astype(np.float32)
    head = fit_head(embeddings[sure], logits[sure], DIGITS[:40], known.labels[sure], 1.0)
    changed = (logits + head.shift(embeddings)).argmax(axis=1) != logits.argmax(axis=1)
    assert changed.sum() == 0


def test_learned_digits_are_read_correctly(writer):
    classifier = shipped_reader(DENSE).classifier
    wrong = classifier.classify(writer.frames).probabilities.argmax(axis=1) != writer.truth
    assert wrong.sum() >= 5
    logits = classifier.network(writer.frames).logits / np.float32(classifier.temperature)
    head = fit_head(classifier.embed(writer.frames), logits, DIGITS, writer.truth, 0.25)
    taught = with_head(classifier, head)
    assert (taught.classify(writer.frames).probabilities.argmax(axis=1) == writer.truth).all()
    np.testing.assert_array_equal(taught.embed(writer.frames), classifier.embed(writer.frames))
    last = dict(taught.activations(writer.frames[0]))["logits"]
    np.testing.assert_allclose(last, taught.network(writer.frames[:1]).logits[0], atol=1e-4)


def test_the_fit_of_what_is_no_digit_is_the_one_that_scikit_learn_finds():
    linear_model = pytest.importorskip("sklearn.linear_model")
    rng = np.random.default_rng(2)
    embeddings = rng.normal(size=(50, 12)).astype(np.float32)
    truth = np.where(rng.random(50) < 0.4, NOT_A_DIGIT, 3).astype(np.uint8)
    head = fit_head(embeddings, np.zeros((50, 10), np.float32), np.zeros(50), truth, bandwidth=0.5)
    directions = to_directions(embeddings)
    values, vectors = np.linalg.eigh(gaussian_kernel(directions, directions, 0.5))
    features = vectors * np.sqrt(np.maximum(values, 0))
    oracle = linear_model.LogisticRegression(
        C=1 / RIDGE, fit_intercept=False, tol=1e-10, max_iter=10_000
    ).fit(features, truth == NOT_A_DIGIT)
    found = 1 / (1 + np.exp(-head.shift_not_a_digit(embeddings).astype(np.float64)))
    np.testing.assert_allclose(found, oracle.predict_proba(features)[:, 1], atol=2e-3)


def test_rejection_can_be_learned_in_both_directions():
    """Both ways, on frames that the network is wrong about; all others are as far as before."""
    classifier, hard = shipped_reader("cnn").classifier, load_hard(WEIGHTS)
    others = to_ink(hard.others)
    rejected = classifier.classify(others).rejected
    assert rejected.sum() > 100
    accepted = others[~rejected][:25]
    said_to_be_digits = others[rejected][:25]
    frames = np.concatenate([accepted, said_to_be_digits])
    truth = np.repeat(np.array([NOT_A_DIGIT, 4], np.uint8), 25)
    scores = classifier.network(frames)
    head = fit_head(
        classifier.embed(frames),
        scores.logits / np.float32(classifier.temperature),
        classifier.rejection.log_odds(scores.not_a_digit),
        truth,
        0.06,
    )
    answers = with_head(classifier, head).classify(frames)
    assert answers.rejected[:25].mean() > 0.8
    assert not answers.rejected[25:].any()
    assert (answers.probabilities[25:].argmax(axis=1) == 4).all()


# ---- the result


def test_too_few_corrections_are_rejected(writer):
    result = teach(part(writer, slice(0, MIN_EXAMPLES - 1)))
    assert result.head is None
    assert result.reason == "Correct at least 20 digits to start learning (19 so far)"
    with pytest.raises(LearningError, match="19 so far"):
        accept(result, learned_folder(DENSE))


def test_nothing_is_learned_where_all_digits_are_read_correctly():
    known = current_reference_set(DENSE)
    right = np.flatnonzero(known.logits.argmax(axis=1) == known.labels)[:60]
    result = teach(Examples(known.frames[right], known.labels[right]))
    assert "correctly already" in result.reason


def test_contradicting_corrections_are_rejected():
    """Each truth is another one each time: what some teach is of no use to the others."""
    known = current_reference_set(DENSE)
    rng = np.random.default_rng(3)
    chosen = rng.choice(5000, 200, replace=False)
    result = teach(Examples(known.frames[chosen], rng.permutation(known.labels[chosen])))
    assert "would misread" in result.reason or "would not help" in result.reason


def test_a_loss_on_mnist_is_rejected_with_the_number(monkeypatch):
    """Sevens said to be ones, as many as MNIST has there: no bandwidth is short enough."""
    monkeypatch.setattr("digits.personalization.learn.BANDWIDTHS", (min(BANDWIDTHS),))
    known = current_reference_set(DENSE)
    sevens = np.flatnonzero(known.labels == 7)
    result = teach(Examples(known.frames[sevens], np.ones(len(sevens), np.uint8)))
    with pytest.raises(LearningError):
        accept(result, learned_folder(DENSE))
    assert "more of MNIST's 5000 held-out digits" in result.reason
    _, mnist, _ = result.compared
    assert mnist.loss > ALLOWED_LOSS


def test_a_writer_who_is_read_badly_is_learned(writer):
    result = teach(part(writer, slice(0, 80)))
    assert result.reason is None
    own, known, hard, others = result.compared
    assert own.digits == 80
    assert own.after < own.before
    assert known.digits == 5000
    assert known.after - known.before <= ALLOWED_LOSS
    assert (hard.digits, others.digits) == (1000, 500)
    # The table says what the reader then does, on digits that taught nothing too.
    accept(result, learned_folder(DENSE))
    after = answers()
    assert (after != current_reference_set(DENSE).labels).sum() == known.after
    rest = part(writer, slice(80, 120))
    wrong = [
        (
            one(DENSE).classifier.classify(rest.frames).probabilities.argmax(axis=1) != rest.truth
        ).sum()
        for one in (shipped_reader, current_reader)
    ]
    assert wrong[1] < wrong[0]


def test_learning_is_the_same_twice(writer):
    one, other = (teach(part(writer, slice(0, 40))) for _ in range(2))
    np.testing.assert_array_equal(one.head.class_coefficients, other.head.class_coefficients)
    assert one.compared == other.compared


# ---- what corrections teach


def test_lines_and_superseded_corrections_are_not_learned(writer):
    pngs = [as_png(frame) for frame in writer.frames[:4]]
    found = to_examples(
        [
            (pngs[0], "3"),
            (None, "2026"),
            (pngs[1], ""),
            (pngs[2], "12"),
            (pngs[3], "²"),
            (pngs[0], "5"),
        ]
    )
    assert found.truth.tolist() == [5, NOT_A_DIGIT]
    np.testing.assert_allclose(found.frames[0], writer.frames[0], atol=0.5 / 255 + 1e-6)
    assert len(to_examples([])) == 0


def test_a_damaged_correction_is_named():
    with pytest.raises(LearningError, match="a stored correction is damaged"):
        to_examples([(b"no picture", "3")])
    file = io.BytesIO()
    Image.new("L", (5, 5)).save(file, "PNG")
    with pytest.raises(LearningError, match="not a picture of 28x28"):
        to_examples([(file.getvalue(), "3")])


def test_a_folder_of_labelled_pictures_teaches_the_digits_that_are_found(tmp_path):
    known = current_reference_set(DENSE)
    two = 255 - np.concatenate([known.pictures[0], known.pictures[1]], axis=1)
    for name, picture in (("two.png", two), ("blank.png", np.full((28, 28), 255, np.uint8))):
        Image.fromarray(np.pad(picture, 20, constant_values=255)).resize((400, 280)).save(
            tmp_path / name
        )
    truth = "".join(str(label) for label in known.labels[:2])
    (tmp_path / "labels.csv").write_text(f"file,text\ntwo.png,{truth}\nblank.png,7\n", "utf-8")
    found, useless = examples_in_folder(tmp_path, shipped_reader(DENSE))
    assert "".join(map(str, found.truth)) == truth
    assert useless == 1
    with pytest.raises(DataError, match="there is no folder"):
        examples_in_folder(tmp_path / "none", shipped_reader(DENSE))


# ---- versions


@pytest.fixture
def head(writer):
    classifier = shipped_reader(DENSE).classifier
    embeddings = classifier.embed(writer.frames)
    logits = classifier.network(writer.frames).logits / np.float32(classifier.temperature)
    return fit_head(embeddings, logits, DIGITS, writer.truth, 0.25)


def test_a_new_version_is_served_at_once_and_can_be_rolled_back(head):
    folder, before = learned_folder(DENSE), answers()
    shipped = current_reader(DENSE)
    assert current_reader(DENSE) is shipped
    first = save_version(folder, head, ())
    personal = current_reader(DENSE)
    assert personal.classifier.name.name == "dense, personal"
    assert personal.classifier.name.sha256 != shipped.classifier.name.sha256
    assert current_reader(DENSE) is personal
    assert (answers() != before).any()
    second = save_version(folder, head, ())
    assert current_reader(DENSE) is not personal
    assert [version.name for version in list_versions(folder)] == [second, first]
    set_current(folder, first)
    assert current_reader(DENSE) is personal
    set_current(folder, None)
    assert current_reader(DENSE) is shipped
    np.testing.assert_array_equal(answers(), before)
    assert len(list_versions(folder)) == 2


def test_a_file_is_read_as_it_is_and_other_networks_have_not_learned(head):
    save_version(learned_folder(DENSE), head, ())
    assert current_reader(str(WEIGHTS / "dense.onnx")) is shipped_reader(DENSE)
    assert current_reader("cnn") is shipped_reader("cnn")
    assert [card.name for card in available_models()][:2] == ["cnn", "dense"]


def test_what_was_written_is_what_is_read(head):
    name = save_version(learned_folder(DENSE), head, ())
    again, version = load_version(learned_folder(DENSE), name)
    np.testing.assert_array_equal(again.directions, head.directions)
    np.testing.assert_array_equal(again.class_coefficients, head.class_coefficients)
    assert again.bandwidth == head.bandwidth
    assert version.learned_from == len(head.class_coefficients)


def test_a_damaged_version_is_reported_and_another_can_be_chosen(head):
    folder = learned_folder(DENSE)
    good, bad = save_version(folder, head, ()), save_version(folder, head, ())
    path = folder / f"{bad}.npz"
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    path.write_bytes(content)
    with pytest.raises(ModelError, match=f"the learned version {bad} is damaged: choose"):
        current_reader(DENSE)
    assert [version.name for version in list_versions(folder)] == [good]
    with pytest.raises(ModelError, match="is damaged"):
        set_current(folder, bad)
    path.unlink()
    with pytest.raises(ModelError, match="there is no learned version"):
        current_reader(DENSE)
    set_current(folder, good)
    assert current_reader(DENSE).classifier.name.name == "dense, personal"
    (folder / "current").write_bytes(b"\xff\xfe")
    with pytest.raises(ModelError, match="active version cannot be read"):
        current_reader(DENSE)


def test_a_file_without_arrays_is_rejected_even_if_its_checksum_fits(head):
    import hashlib

    folder = learned_folder(DENSE)
    folder.mkdir(parents=True)
    name = "20261123T000000000000-" + hashlib.sha256(b"no arrays").hexdigest()[:12]
    (folder / f"{name}.npz").write_bytes(b"no arrays")
    with pytest.raises(ModelError, match="is not a learned version"):
        set_current(folder, name)
    assert current_name(folder) is None


def save_some(folder, head):
    for _ in range(15):
        save_version(folder, head, ())


def test_two_processes_that_learn_at_once_leave_all_versions_whole(head, tmp_path):
    context = multiprocessing.get_context("spawn")
    both = [context.Process(target=save_some, args=(tmp_path, head)) for _ in range(2)]
    for process in both:
        process.start()
    for process in both:
        process.join()
    assert [process.exitcode for process in both] == [0, 0]
    versions = [version.name for version in list_versions(tmp_path)]
    assert len(versions) == 30
    assert current_name(tmp_path) in versions
    assert not list(tmp_path.glob(".*"))


WRITING = """
import sys
from pathlib import Path
import numpy as np
from digits.personalization.kernel_head import PersonalHead
from digits.personalization.versions import save_version
parts = [np.ones(shape, np.float32) for shape in ((3000, 128), (3000, 10), 3000)]
head = PersonalHead(*parts, 0.5)
while True:
    sys.stdout.write(save_version(Path(sys.argv[1]), head, ()) + "\\n")
    sys.stdout.flush()
"""


def test_a_kill_in_the_write_loses_nothing_that_was_acknowledged(tmp_path):
    with subprocess.Popen(
        [sys.executable, "-c", WRITING, str(tmp_path)], cwd=ROOT, stdout=subprocess.PIPE, text=True
    ) as process:
        output = [process.stdout.readline().strip() for _ in range(5)]
        process.kill()
        output += process.stdout.read().split()
    assert process.returncode != 0
    whole = {version.name for version in list_versions(tmp_path)}
    assert set(output) <= whole
    assert len(whole) == len(list(tmp_path.glob("[0-9]*.npz")))
    assert current_name(tmp_path) in whole


# ---- the command


def test_the_command_learns_lists_and_goes_back(writer, tmp_path, capsys):
    names = [f"{i:03}.png" for i in range(100)]
    for name, frame in zip(names, writer.frames, strict=False):
        paper = 255 - np.kron((220 * frame).astype(np.uint8), np.ones((8, 8), np.uint8))
        Image.fromarray(np.pad(paper, 40, constant_values=255)).save(tmp_path / name)
    rows = [f"{name},{truth}" for name, truth in zip(names, writer.truth, strict=False)]
    (tmp_path / "labels.csv").write_text("\n".join(["file,text", *rows]), "utf-8")
    assert main(["learn", str(tmp_path), "--model", DENSE]) == 0
    output = capsys.readouterr().out
    assert "MNIST digits\t5000\t" in output
    (version,) = list_versions(learned_folder(DENSE))
    assert f"active: {version.name}" in output
    main(["learn", "--model", DENSE, "--list"])
    assert f"* {version.name}\t" in capsys.readouterr().out
    assert main(["learn", "--model", DENSE, "--back", "shipped"]) == 0
    assert current_reader(DENSE).classifier.name.name == DENSE
    main(["learn", "--model", DENSE, "--list"])
    assert "* shipped" in capsys.readouterr().out
    assert main(["learn", "--model", DENSE, "--back", version.name]) == 0
    assert current_reader(DENSE).classifier.name.name == "dense, personal"


def test_the_command_reports_why_nothing_was_learned(capsys):
    assert main(["learn"]) == 1
    assert "(0 so far)" in capsys.readouterr().err
    assert main(["learn", "--back", "lost"]) == 2
    assert "--back takes one of shipped, not lost" in capsys.readouterr().err


# ---- what ships


def test_the_hard_examples_are_verified_by_checksum(tmp_path):
    hard = load_hard(WEIGHTS)
    assert np.bincount(hard.labels, minlength=10).min() > 50
    for end in ("npz", "json"):
        shutil.copyfile(WEIGHTS / f"hard.{end}", tmp_path / f"hard.{end}")
    (tmp_path / "hard.npz").write_bytes((tmp_path / "hard.npz").read_bytes()[:-2])
    with pytest.raises(ModelError, match="is damaged"):
        load_hard(tmp_path)


def test_without_a_writable_folder_the_shipped_network_is_used(tmp_path, monkeypatch):
    (tmp_path / "a file").write_text("where a folder should be")
    monkeypatch.setenv("DIGITS_HOME", str(tmp_path / "a file"))
    assert current_reader().classifier.name == shipped_reader().classifier.name


def test_nothing_is_learned_from_corrections_without_recorded_act(tmp_path, held_out):
    store = Corrections(f"sqlite:///{(tmp_path / 'c.sqlite').as_posix()}")
    frames = [frame_png(frame) for frame in held_out.frames[:6]]
    for n, frame in enumerate(frames):
        act = "typed" if n < 4 else None
        given = {"line": 0, "digit": 0, "read": "1", "truth": "7", "source": "read", "file": None}
        made = datetime(2026, 1, 1, 0, n, tzinfo=UTC)
        model, box = ModelName("cnn", "0" * 64), Box(n, 0, 28, 28)
        store.add(
            [Correction(reading="0" * 64, box=box, crop=frame, frame=frame, model=model,
                        made=made, act=act, **given)]
        )  # fmt: skip
    assert len(gather(store)) == 4
    store.close()
