import csv
import io
from dataclasses import replace

import numpy as np
import pytest

from digits.errors import OutputFormatError
from digits.forms.results import FieldReading, FormReading, failed_form
from digits.forms.table import check_ending, to_csv, to_parquet, to_row, to_xlsx
from digits.forms.template import Field, Form
from digits.types import Box, ModelName

BOX = Box(1, 1, 50, 20)
MODEL = ModelName("cnn", "0" * 64)
FORM = Form(
    "Form",
    (Field("roll", "identifier", BOX), Field("file", "number", BOX), Field("day", "date", BOX)),
    np.full((60, 90), 240, np.uint8),
)


def page(*values, status="read", reasons=()):
    fields = tuple(
        FieldReading(each.name, each.kind, value, "doubtful" if reasons else "read", 0.5, BOX,
                     value, reasons, ("9",) if reasons else ())
        for each, value in zip(FORM.fields, values, strict=True)
    )  # fmt: skip
    return FormReading("1", "Form", status, MODEL, (10, 10), fields, file="a.jpg")


READINGS = [
    page("007", "12", "2024-02-29"),
    page("=1+1", "1?", "", status="doubtful", reasons=("Unsure",)),
    replace(failed_form(FORM, "this is no picture", MODEL), file="b.jpg"),
]


def test_a_bad_page_is_a_row_with_its_reason_and_leading_zeros_stay():
    rows = list(csv.reader(io.StringIO(to_csv(FORM, READINGS).decode("utf-8-sig"))))
    named = [dict(zip(rows[0], row, strict=True)) for row in rows[1:]]
    assert [row["file"] for row in named] == ["a.jpg", "a.jpg", "b.jpg"]
    assert named[0]["roll"] == "007"
    assert named[1]["roll"] == "'=1+1"
    assert (named[2]["status"], named[2]["error"]) == ("failed", "this is no picture")
    assert named[0]["file (field)"] == "12"


def test_an_excel_file_has_numbers_dates_and_text():
    openpyxl = pytest.importorskip("openpyxl")
    book = openpyxl.load_workbook(io.BytesIO(to_xlsx(FORM, READINGS)))
    first = [cell.value for cell in book["Pages"][2]]
    assert first[4] == "007"
    assert first[5] == 12
    assert (first[6].year, first[6].month, first[6].day) == (2024, 2, 29)
    assert book["Pages"]["E3"].value == "=1+1"
    assert book["Pages"]["E3"].data_type == "s"
    checks = [[cell.value for cell in row] for row in book["To check"].iter_rows(min_row=2)]
    assert [row[2] for row in checks] == ["roll", "file", "day"]
    shares = [[cell.value for cell in row] for row in book["Confidence"].iter_rows()]
    assert shares[0][2:] == ["roll", "file (field)", "day"]
    assert shares[1] == ["a.jpg", None, 0.5, 0.5, 0.5]
    assert shares[3][0] == "b.jpg"
    assert checks[0][4:6] == ["Unsure", "9"]


def test_a_parquet_file_has_the_same_values():
    parquet = pytest.importorskip("pyarrow.parquet")
    table = parquet.read_table(io.BytesIO(to_parquet(FORM, READINGS))).to_pylist()
    assert [row["roll"] for row in table] == ["007", "=1+1", ""]
    assert table == [to_row(FORM, each) for each in READINGS]


def test_the_ending_selects_the_format():
    assert check_ending("a/b.XLSX") == "xlsx"
    with pytest.raises(OutputFormatError, match="parquet"):
        check_ending("table.txt")
