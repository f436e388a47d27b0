"""How much a teacher has to do for a sheet of 45 pupils, of whom the truth is known."""

import io

import cv2
import numpy as np
import pytest
from PIL import Image

from benchmarks.sheets import compose_sheet, photograph
from digits.marksheet.audit import audit_sheet
from digits.marksheet.changes import confirm_alike
from digits.marksheet.scan import list_scans, read_scan
from digits.marksheet.sheet import build_sheet, place_key
from digits.registry import shipped_reader

PUPILS = 45
FREE = 6  # inputs beside one for each uncertain cell


def keys_for(cell, truth):
    """How many keys bring a cell to its truth: Enter, a candidate's key, or typing and Enter."""
    if truth in (cell.text, *cell.candidates):
        return 1
    return len(truth) + 1


def check(scan, truth):
    """Answer every open cell in order; return inputs, cells that were open, and the end."""
    user_input, inputs = {}, 0
    sheet = build_sheet([scan], user_input)
    audit = audit_sheet(sheet)
    places = {
        (row, column)
        for row, cells in enumerate(audit.cells)
        for column, cell in enumerate(cells)
        if cell.doubts
    }
    n_uncertain = len(places)
    for _ in range(1000):
        audit = audit_sheet(sheet := build_sheet([scan], user_input))
        if audit.groups:
            user_input |= confirm_alike(sheet, audit, audit.groups[0])
            inputs += 1
            continue
        place = next(
            (
                (row, column)
                for row, cells in enumerate(audit.cells)
                for column, cell in enumerate(cells)
                if cell.doubts
            ),
            None,
        )
        if place is None:
            return inputs, n_uncertain, audit
        cell, right = audit.cells[place[0]][place[1]], truth[place[0]][place[1]]
        inputs += keys_for(cell, right)
        user_input[place_key(sheet, place)] = {"text": right, "kept": right == cell.text}
    raise AssertionError("the check has no end")


@pytest.mark.slow
def test_a_sheet_of_45_pupils_needs_hardly_more_inputs_than_it_has_uncertain_cells(mnist):
    rng = np.random.default_rng((5100, 15))
    ink, truth = compose_sheet(mnist.calibration, rng, ruled=True, rows=PUPILS)
    png = cv2.imencode(".png", photograph(ink, 15, rng, shaded=False))[1].tobytes()
    (scan,) = [read_scan(shipped_reader().read, each) for each in list_scans("class.png", png)]
    assert [len(row) for row in scan.rows] == [len(texts) for texts in truth]
    inputs, uncertain, audit = check(scan, truth)
    assert inputs <= uncertain + FREE
    assert audit.summary == "Nothing left to check"
    wrong = sum(
        cell.text != right
        for cells, texts in zip(audit.cells, truth, strict=True)
        for cell, right in zip(cells, texts, strict=True)
    )
    assert wrong == 0  # nothing is wrong in silence


@pytest.mark.slow
def test_a_class_list_on_two_pages_of_a_pdf_is_one_table(mnist):
    rng = np.random.default_rng(7)
    pages, truth = [], []
    for rows in (26, PUPILS - 26):
        ink, texts = compose_sheet(mnist.calibration, rng, ruled=True, rows=rows)
        pages.append(Image.fromarray(photograph(ink, 0, rng, shaded=True)))
        truth += texts
    file = io.BytesIO()
    pages[0].save(file, "PDF", save_all=True, append_images=pages[1:], resolution=150)
    scans = list_scans("class.pdf", file.getvalue())
    cells = audit_sheet(build_sheet([read_scan(shipped_reader().read, s) for s in scans])).cells
    assert [len(row) for row in cells] == [len(texts) for texts in truth]
    pairs = [
        (cell, right)
        for row, texts in zip(cells, truth, strict=True)
        for cell, right in zip(row, texts, strict=True)
    ]
    assert all(cell.text == right or cell.doubts for cell, right in pairs)
    assert sum(cell.text == right for cell, right in pairs) > 0.95 * len(pairs)
