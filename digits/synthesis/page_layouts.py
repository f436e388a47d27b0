"""Lay out synthetic pages: blocks such as tables, rows of boxes and fields, by kind of page."""

from dataclasses import replace

import numpy as np

from digits.synthesis.page_blocks import (
    amount,
    box_row,
    digit_row,
    field_line,
    heading,
    note_line,
    one_digit,
    paper_lines,
    paragraph,
    picture,
    ring_row,
    signature,
    tally,
    worksheet,
    written_words,
)
from digits.synthesis.page_canvas import Canvas
from digits.synthesis.page_ink import Px, pen_colour
from digits.synthesis.page_style import Area, Block, choose_style
from digits.synthesis.page_tables import columns, sudoku, table

# kind: blocks and their weights
KINDS: dict[str, dict[Block, float]] = {
    "table": {heading: 0.3, paragraph: 0.15, field_line: 0.15, table: 1.0},
    "score_card": {picture: 0.25, heading: 0.2, table: 1.0},
    "dense_table": {table: 1.0, heading: 0.1},
    "boxes": {box_row: 1.0, heading: 0.15, field_line: 0.1},
    "id_page": {paragraph: 1.0, box_row: 0.5, heading: 0.2, picture: 0.05},
    "form": {
        field_line: 1.0,
        box_row: 0.35,
        ring_row: 0.25,
        paragraph: 0.3,
        signature: 0.15,
        heading: 0.2,
        picture: 0.1,
    },
    "exam_cover": {paragraph: 0.5, field_line: 0.5, table: 0.7, signature: 0.15, heading: 0.3},
    "sudoku": {sudoku: 1.0, heading: 0.2},
    "tally": {tally: 1.0, heading: 0.2},
    "worksheet": {worksheet: 1.0, heading: 0.1},
    "columns": {columns: 1.0},
    "notes": {note_line: 1.0, signature: 0.04, picture: 0.03},
    "rows": {digit_row: 1.0},
    "amount": {amount: 1.0, paragraph: 0.15, heading: 0.2},
    "single": {one_digit: 1.0},
    "nothing": {paragraph: 1.0, written_words: 1.0, picture: 0.7, signature: 0.3, ring_row: 0.3},
}
SHARES: dict[str, float] = {  # of training crops
    "table": 0.15,
    "score_card": 0.07,
    "dense_table": 0.07,
    "boxes": 0.14,
    "id_page": 0.05,
    "form": 0.08,
    "exam_cover": 0.05,
    "sudoku": 0.03,
    "tally": 0.05,
    "worksheet": 0.04,
    "columns": 0.04,
    "notes": 0.06,
    "rows": 0.08,
    "amount": 0.05,
    "single": 0.02,
    "nothing": 0.02,
}
LINED = {
    "notes": 0.6,
    "rows": 0.4,
    "worksheet": 0.5,
    "columns": 0.3,
    "single": 0.4,
    "tally": 0.1,
    "nothing": 0.3,
}  # share on ruled or squared paper


def lay_out(canvas: Canvas, kind: str, area: Area, tall: Px) -> None:
    """Fill a page with the blocks of its kind, from top to bottom."""
    rng = canvas.rng
    style = choose_style(canvas, tall)
    if kind == "dense_table":
        style = replace(style, size=max(8.0, 0.6 * style.size), thick=min(style.thick, 2.0))
    if rng.random() < LINED.get(kind, 0.0):
        paper_lines(canvas, style, area)
    blocks = list(KINDS[kind])
    weights = np.array(list(KINDS[kind].values()))
    y = area.top
    while y < min(area.bottom, canvas.top + canvas.height):
        block = blocks[rng.choice(len(blocks), p=weights / weights.sum())]
        y = block(canvas, style, replace(area, top=y)) + rng.uniform(0, 0.6) * tall
    if rng.random() < 0.05 and area.top < area.bottom:  # not on a slip of one line
        top = rng.uniform(area.top, area.bottom)
        picture(canvas, replace(style, ink=pen_colour(rng)), replace(area, top=top))
