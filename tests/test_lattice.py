"""The benchmark's lattice parts digits that touch, and its sums are those of all ways."""

import csv
from itertools import pairwise

import cv2
import numpy as np
import pytest

from benchmarks import lattice
from digits.assembly import current_reader
from digits.core import CLASSES

TALL = 60  # px, height of a digit


def large(held_out, index):
    """Return one digit `TALL` px high."""
    picture = held_out.pictures[index] / np.float32(255)
    rows, columns = (np.flatnonzero(picture.any(axis=axis)) for axis in (1, 0))
    crop = picture[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1]
    width = round(crop.shape[1] * TALL / crop.shape[0])
    return np.clip(cv2.resize(crop, (width, TALL), interpolation=cv2.INTER_CUBIC), 0, 1)


def touching(held_out, first, second):
    """Push two digits together until they are one piece; return the picture's grey levels."""
    left, right = large(held_out, first), large(held_out, second)
    for gap in range(2, -TALL, -1):
        ink = np.zeros((TALL + 40, left.shape[1] + right.shape[1] + gap + 60), np.float32)
        ink[20:-20, 30 : 30 + left.shape[1]] = left
        place = ink[20:-20, 30 + left.shape[1] + gap :][:, : right.shape[1]]
        np.maximum(place, right, out=place)
        if cv2.connectedComponents((ink > 0.3).astype(np.uint8))[0] == 2:  # paper and one piece
            break
    return (255 * (1 - ink)).astype(np.uint8)


def pairs(held_out, n):
    """Return touching pairs of digits whose every part is connected, and their texts."""
    rng, made = np.random.default_rng(3), []
    while len(made) < n:
        first, second = (int(i) for i in rng.integers(0, len(held_out), 2))
        whole = [
            cv2.connectedComponents((large(held_out, i) > 0.3).astype(np.uint8))[0] == 2
            for i in (first, second)
        ]
        if all(whole):
            text = f"{held_out.labels[first]}{held_out.labels[second]}"
            made.append((touching(held_out, first, second), text))
    return made


def test_touching_digits_are_cut_and_whole_pieces_are_not(held_out, as_picture):
    made = pairs(held_out, 20)
    whole, cut = lattice.lattice_readers(current_reader())
    right = [
        [reader.read(as_picture(grey)).text == t for grey, t in made] for reader in (whole, cut)
    ]
    assert sum(right[0]) == 0
    assert sum(right[1]) >= 17


def test_folders_are_measured_even_and_odd_files_apart(held_out, tmp_path, monkeypatch, capsys):
    rows = []
    for i, (grey, text) in enumerate(pairs(held_out, 2)):
        cv2.imwrite(str(tmp_path / f"{i}.png"), grey)
        rows.append((f"{i}.png", text))
    with (tmp_path / "labels.csv").open("w", newline="") as file:
        csv.writer(file).writerows([("file", "text"), *rows])
    out = tmp_path / "report.md"
    monkeypatch.setattr("sys.argv", ["lattice.py", str(tmp_path), "--out", str(out)])
    assert lattice.main() == 0
    table = out.read_text(encoding="utf-8")
    assert capsys.readouterr().out == table
    lines = [line.split(" | ") for line in table.splitlines()[2:]]
    assert [line[1] for line in lines] == ["even, 1", "odd, 1"]
    assert all(0 <= int(count.strip(" |")) <= 1 for line in lines for count in line[2:])


def every_way(n, edges, scores):
    """List score and text of every way along a small lattice."""
    ways = [(0, 0.0, ())]
    done = []
    while ways:
        node, total, text = ways.pop()
        if node == n:
            done.append((total, text))
            continue
        for edge, score in zip(edges, scores, strict=True):
            if edge.start != node:
                continue
            if edge.glyph is None:
                ways.append((edge.stop, total + score[0], text))
            else:
                ways += [(edge.stop, total + score[d], (*text, d)) for d in range(CLASSES)]
    return done


@pytest.fixture
def small():
    """Three segments, each a mark or a digit, and two runs of two."""
    rng = np.random.default_rng(0)
    places = [(0, 1), (0, 1), (0, 2), (1, 2), (1, 2), (1, 3), (2, 3), (2, 3)]
    marks = [False, *(a == b for a, b in pairwise(places))]
    edges = [
        lattice.Edge(*place, rng.random(9), None if mark else object(), np.log(rng.random(CLASSES)))
        for place, mark in sorted(zip(places, marks, strict=True), key=lambda p: p[0][::-1])
    ]
    scores = np.array([np.full(CLASSES, e.logs[0]) if e.glyph is None else e.logs for e in edges])
    return 3, edges, scores


@pytest.mark.parametrize("text", [None, [3], [3, 3], [1, 2, 3], []])
def test_sums_are_those_of_all_ways(small, text):
    n, edges, scores = small
    wanted = [s for s, t in every_way(n, edges, scores) if text is None or t == tuple(text)]
    assert lattice.sum_paths(n, edges, scores, text)[0] == pytest.approx(
        np.logaddexp.reduce(wanted)
    )


def test_the_best_way_is_the_best_of_all(small):
    n, edges, scores = small
    best = max(every_way(n, edges, scores))
    way = lattice.best_path(n, edges, scores)
    assert sum(scores[edges.index(edge)].max() for edge in way) == pytest.approx(best[0])
    assert way[0].start == 0
    assert way[-1].stop == n
    assert all(a.stop == b.start for a, b in pairwise(way))


@pytest.mark.parametrize("text", [None, [3, 3]])
def test_shares_are_the_slope_of_the_sum(small, text):
    n, edges, scores = small
    _, shares = lattice.sum_paths(n, edges, scores, text)
    for i in range(len(edges)):
        up, down = scores.copy(), scores.copy()
        up[i] += 1e-5
        down[i] -= 1e-5
        sums = [lattice.sum_paths(n, edges, moved, text)[0] for moved in (up, down)]
        assert shares[i].sum() == pytest.approx((sums[0] - sums[1]) / 2e-5, abs=1e-6)


@pytest.mark.parametrize("ink", [np.zeros((40, 90)), np.eye(40)], ids=["blank", "one stroke"])
def test_lines_with_little_on_them_have_a_way(ink):
    reader = lattice.lattice_readers(current_reader())[1]
    n, edges = lattice.build_lattice(ink.astype(np.float32), reader.classifier)
    way = lattice.best_path(n, edges, lattice.edge_scores(edges, lattice.WEIGHTS))
    assert sum(edge.stop - edge.start for edge in way) == n
