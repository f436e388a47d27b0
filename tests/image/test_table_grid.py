"""A composed table's cells are found however it is photographed; what is no table gives none."""

from dataclasses import dataclass

import cv2
import numpy as np
import pytest

from digits.image.binarize import extract_ink
from digits.image.table_grid import Grid, find_grid

PAPER, PRINT = 225.0, 60.0  # grey levels


@dataclass(frozen=True)
class Table:
    """How a table is drawn and photographed."""

    rows: int
    columns: int
    cell: int = 60  # px, height of a cell
    uneven: float = 0.0  # share by which columns differ in width
    thickness: int = 2  # px of the printed lines
    thick_every: int = 0  # every so many lines one is twice as thick
    darkness: float = 1.0  # of the printed lines
    tilt: float = 0.0  # degrees out of the picture's plane
    about: float = 0.0  # degrees, direction of the axis it tilts about
    rotation: float = 0.0  # degrees
    bend: float = 0.0  # of a cell's height by which the paper bulges
    shadow: float = 0.0  # of the light lost on one side
    noise: float = 3.0  # grey levels
    filled: float = 0.7  # share of cells that hold a digit
    size: float = 0.6  # of a cell's height that a digit is tall
    wander: float = 0.1  # of a cell by which digits lie off its middle
    seed: int = 0


def photographed(table: Table, digits: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return the grey picture and the true corners, (rows, columns, 4, 2) px."""
    rng = np.random.default_rng(table.seed)
    widths = table.cell * (1 + table.uneven * rng.uniform(-0.3, 2, table.columns))
    margin = table.cell
    xs = margin + np.concatenate([[0], np.cumsum(widths)])
    ys = margin + np.arange(table.rows + 1.0) * table.cell
    flat = np.zeros((round(ys[-1]) + margin, round(xs[-1]) + margin), np.float32)
    for lines, horizontal in ((ys, True), (xs, False)):
        for i, at in enumerate(lines):
            width = table.thickness * (2 if table.thick_every and i % table.thick_every == 0 else 1)
            low = round(at - width / 2)
            cut = slice(low, low + width)
            ends = [round(v) for v in ((xs if horizontal else ys)[[0, -1]])]
            span = slice(ends[0], ends[1] + 1)
            flat[(cut, span) if horizontal else (span, cut)] = table.darkness
    for row in range(table.rows):
        for column in range(table.columns):
            if rng.random() < table.filled:
                _write(flat, digits[rng.integers(len(digits))], xs, ys, row, column, table, rng)
    at = np.stack(np.meshgrid(xs, ys), axis=-1)  # (rows + 1, columns + 1, 2)
    grey, nodes = _camera(PAPER - (PAPER - PRINT) * flat, at, table)
    light = 1 - table.shadow * np.linspace(0, 1, grey.shape[1])
    grey = grey * light + rng.normal(0, table.noise, grey.shape)
    quads = np.stack([nodes[:-1, :-1], nodes[:-1, 1:], nodes[1:, 1:], nodes[1:, :-1]], axis=2)
    return np.clip(grey, 0, 255).astype(np.uint8), quads


def _write(flat, digit, xs, ys, row, column, table, rng):
    side = round(table.cell * table.size * 28 / 20)
    small = cv2.resize(digit, (side, side), interpolation=cv2.INTER_AREA) / 255
    wander = rng.uniform(-table.wander, table.wander, 2) * table.cell
    x = round((xs[column] + xs[column + 1] - side) / 2 + wander[0])
    y = round((ys[row] + ys[row + 1] - side) / 2 + wander[1])
    cut = flat[y : y + side, x : x + side]
    np.maximum(cut, small[: cut.shape[0], : cut.shape[1]], out=cut)


def _camera(flat, nodes, table):
    """Look at the flat sheet through a lens, its middle two widths away."""
    height, width = flat.shape
    tilt, about, turn = np.deg2rad([table.tilt, table.about, table.rotation])
    axis = np.array([np.cos(about), np.sin(about), 0]) * tilt
    matrix = cv2.Rodrigues(axis)[0] @ cv2.Rodrigues(np.array([0, 0, turn]))[0]
    distance = 2.0 * max(height, width)
    frame = np.array([[0, 0], [width, 0], [width, height], [0, height]], np.float64)

    def project(points):
        middle = points - [width / 2, height / 2]
        solid = np.concatenate([middle, np.zeros((*middle.shape[:-1], 1))], axis=-1) @ matrix.T
        return solid[..., :2] * distance / (distance + solid[..., 2:])

    seen = project(frame)
    low = seen.min(axis=0)
    size = np.ceil(seen.max(axis=0) - low).astype(int)
    lens = cv2.getPerspectiveTransform(frame.astype(np.float32), (seen - low).astype(np.float32))
    grey = cv2.warpPerspective(flat, lens, tuple(size), flags=cv2.INTER_AREA, borderValue=PAPER)
    points = project(nodes) - low
    if table.bend:
        depth = table.bend * table.cell
        xs, ys = np.meshgrid(np.arange(size[0]), np.arange(size[1]))
        bulge = depth * np.sin(np.pi * xs / size[0])
        grey = cv2.remap(
            grey,
            xs.astype(np.float32),
            (ys - bulge).astype(np.float32),
            cv2.INTER_LINEAR,
            borderValue=PAPER,
        )
        points[..., 1] += depth * np.sin(np.pi * points[..., 0] / size[0])
    return grey, points


def overlap(one: np.ndarray, other: np.ndarray) -> float:
    """Intersection over union of two convex quadrilaterals."""
    one, other = (np.asarray(q, np.float32) for q in (one, other))
    both = cv2.intersectConvexConvex(one, other)[0]
    return both / (cv2.contourArea(one) + cv2.contourArea(other) - both)


def overlaps(grid: Grid, quads: np.ndarray) -> list[float]:
    return [overlap(cell.region.corners, quads[cell.row, cell.column]) for cell in grid.cells]


def found(grey: np.ndarray) -> Grid | None:
    return find_grid(extract_ink(grey))


TABLES = {
    "small": Table(2, 2, filled=1.0),
    "sudoku": Table(9, 9, thick_every=3),
    "row of boxes": Table(1, 10, filled=1.0),
    "list of boxes": Table(8, 1, filled=1.0),
    "long": Table(20, 12, cell=45),
    "uneven columns": Table(5, 4, uneven=1.0),
    "thin and thick lines": Table(6, 6, thickness=3, thick_every=2),
    "mostly empty": Table(6, 6, filled=0.2),
    "turned left": Table(5, 6, rotation=-20),
    "turned right": Table(5, 6, rotation=20),
    "tilted back": Table(7, 5, tilt=25, about=0),
    "tilted aside": Table(7, 5, tilt=25, about=90),
    "tilted and turned": Table(7, 5, tilt=20, about=40, rotation=-12),
    "bent": Table(9, 9, bend=0.8),
    "bent and turned": Table(6, 6, bend=0.5, rotation=8),
    "faint": Table(6, 5, darkness=0.35),
    "shadowed": Table(6, 5, shadow=0.6),
    "grainy": Table(6, 5, noise=9.0),
    "writing meets lines": Table(6, 5, cell=80, size=0.8, wander=0.2),
}


@pytest.fixture(scope="module")
def digits(held_out) -> np.ndarray:
    return held_out.pictures


@pytest.mark.parametrize("name", TABLES)
def test_every_cell_is_found_when_a_table_is(name, digits):
    grey, quads = photographed(TABLES[name], digits)
    grid = found(grey)
    assert grid is not None
    assert (grid.rows, grid.columns) == quads.shape[:2]
    assert len(grid.cells) == grid.rows * grid.columns
    assert min(overlaps(grid, quads)) > 0.8
    assert np.mean(overlaps(grid, quads)) > 0.9


def test_cells_come_row_by_row(digits):
    grid = found(photographed(Table(3, 4), digits)[0])
    assert grid is not None
    assert [(cell.row, cell.column) for cell in grid.cells] == [
        (row, column) for row in range(3) for column in range(4)
    ]


def test_rules_hold_the_lines_and_little_of_the_writing(digits):
    table = Table(5, 6, noise=0.0)
    written, blank = (
        extract_ink(photographed(t, digits)[0]) > 0.5
        for t in (table, Table(5, 6, noise=0.0, filled=0.0))
    )
    grid = found(photographed(table, digits)[0])
    assert grid is not None
    assert grid.rules[blank].mean() > 0.97
    assert grid.rules[written & ~blank].mean() < 0.05


def test_of_two_tables_the_one_that_is_written_in_is_taken(digits):
    written, _ = photographed(Table(4, 4), digits)
    larger, _ = photographed(Table(4, 7, filled=0.0), digits)
    grid = found(np.hstack([larger, written]))
    assert grid is not None
    assert (grid.rows, grid.columns) == (4, 4)
    assert min(x for cell in grid.cells for x, _ in cell.region.corners) > larger.shape[1]


def test_boxes_that_stand_apart_are_a_row(digits):
    boxes = [photographed(Table(1, 1, cell=80, filled=1.0, seed=i), digits)[0] for i in range(5)]
    grid = found(np.hstack([box[:, 65:-65] for box in boxes]))
    assert grid is not None
    assert (grid.rows, grid.columns) == (1, 5)


def test_the_pictures_edge_may_be_the_border_of_a_row_of_boxes(digits):
    grey, quads = photographed(Table(1, 8, cell=100, filled=1.0, wander=0.05), digits)
    left, top = (int(v) for v in quads[0, 0, 0])
    right, bottom = (int(v) for v in quads[-1, -1, 2])
    grid = found(grey[top + 4 : bottom - 4, left + 4 : right - 4])
    assert grid is not None
    assert (grid.rows, grid.columns) == (1, 8)


def test_a_broken_line_does_not_lose_its_cells(digits):
    grey, quads = photographed(Table(5, 5, cell=80, noise=0.0), digits)
    x, y = (int(v) for v in quads[2, 2].mean(axis=0))
    grey[y - 12 : y + 12, x + 34 : x + 47] = grey[1, 1]  # a gap in the line to its right
    grid = found(grey)
    assert grid is not None
    assert len(grid.cells) == 25


def test_merged_cells_are_not_made_up(digits):
    grey, quads = photographed(Table(5, 5, cell=80, noise=0.0), digits)
    x, y = (int(v) for v in quads[2, 2, 1])  # top of the line between columns 2 and 3
    grey[y + 4 : y + 77, x - 4 : x + 5] = grey[1, 1]
    grid = found(grey)
    assert grid is not None
    places = {(cell.row, cell.column) for cell in grid.cells}
    assert len(places) == 23
    assert places.isdisjoint({(2, 2), (2, 3)})


def number_on(paper: np.ndarray, digits: np.ndarray) -> np.ndarray:
    """Write large across printed paper, as if there were no lines."""
    page = paper.astype(np.float32)
    for row in range(2):
        for i in range(5):
            big = cv2.resize(digits[5 * row + i], (150, 150)) / 255
            cut = page[60 + 200 * row :, 60 + 130 * i :][:150, :150]
            cut[:] = np.minimum(cut, PAPER - (PAPER - 30) * big)
    return page.astype(np.uint8)


def printed_paper(across: int, down: int) -> np.ndarray:
    paper = np.full((480, 800), PAPER)
    if down:
        paper[down::down] = paper[down + 1 :: down] = 150
    if across:
        paper[:, across::across] = paper[:, across + 1 :: across] = 150
    return paper


NO_TABLES = {
    "bare paper": (0, 0),
    "ruled paper": (0, 60),
    "squared paper": (40, 40),
    "widely squared paper": (50, 50),
    "finely squared paper": (20, 20),
}


@pytest.mark.parametrize("first", [0, 10, 20])
@pytest.mark.parametrize("name", NO_TABLES)
def test_no_grid_is_found_on(name, first, digits):
    assert found(number_on(printed_paper(*NO_TABLES[name]), digits[first:])) is None


def test_one_box_about_a_number_is_no_grid(digits):
    assert found(photographed(Table(1, 1, cell=150, filled=1.0), digits)[0]) is None


def test_a_table_with_nothing_in_it_is_left_alone(digits):
    assert found(photographed(Table(5, 5, filled=0.0), digits)[0]) is None


def test_a_chessboard_is_no_grid():
    board = np.kron(np.indices((8, 8)).sum(axis=0) % 2, np.ones((60, 60))) * 200
    assert found(np.pad(board, 40, constant_values=PAPER).astype(np.uint8)) is None


@pytest.mark.parametrize("shape", [(1, 1), (28, 28), (48, 48), (48, 4000), (500, 60)])
def test_pictures_of_any_shape_may_be_blank_or_full(shape):
    assert find_grid(np.zeros(shape, np.float32)) is None
    assert find_grid(np.ones(shape, np.float32)) is None
    grain = np.random.default_rng(0).random(shape, np.float32)
    assert find_grid(grain) is None
