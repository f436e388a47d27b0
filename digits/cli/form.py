"""The commands of `digits form`."""

from itertools import chain
from pathlib import Path
from typing import Annotated

import typer

from digits.cli.options import FAILED, Accept, Model, sources_of, to_hint
from digits.cli.output import tell, tell_failure, write_line
from digits.render.messages import count
from digits.types import CONFIDENCE_THRESHOLD

form_app = typer.Typer(
    name="form",
    help="""Define a form once, and read the pages that people filled in.

    digits form new empty.pdf --blank --out form.json

    digits form read form.json scans/ --out table.xlsx
    """,
    no_args_is_help=True,
)


@form_app.command("new")
def form_new(
    path: Annotated[str, typer.Argument(metavar="FILE", help="A page of the form.")],
    out: Annotated[Path, typer.Option(help="Where the form goes: a JSON file.")],
    field: Annotated[
        list[str] | None, typer.Option(help="name:kind[:option]@x,y,width,height; may be repeated.")
    ] = None,
    name: Annotated[str | None, typer.Option(help="Of the form; by default of the file.")] = None,
    blank: Annotated[bool, typer.Option("--blank", help="The page is not filled in.")] = False,
    page: Annotated[
        int | None, typer.Option(min=1, help="Page of a PDF; the first by default.")
    ] = None,
) -> int:
    """Define a form on one page; without --field, fields are proposed from its print.

    digits form new page.jpg --field roll:identifier:9@340,360,470,58 --out form.json

    digits form new empty.pdf --blank --out form.json
    """
    from digits.forms.commands import define_form

    made = define_form(path, field or [], name=name, is_blank=blank, page=page)
    made.save(out)
    for each in made.fields:
        box = each.box
        about = f"{each.length} digits" if each.length else ""
        where = f"{box.x},{box.y},{box.width},{box.height}"
        write_line(f"{each.name}\t{each.kind}\t{about}\t{where}")
    if not field:
        tell(f"digits: {count(len(made.fields), 'field')} proposed: edit {out} to name them")
    return 0


@form_app.command("show")
def form_show(
    path: Annotated[Path, typer.Argument(metavar="FORM", help="The form's JSON file.")],
    out: Annotated[Path, typer.Option(help="Where the picture goes: a PNG file.")],
) -> int:
    """Draw a form with its fields.

    digits form show form.json --out form.png
    """
    from digits.forms.commands import write_drawing

    write_drawing(path, out)
    write_line(str(out))
    return 0


@form_app.command("read")
def form_read(
    path: Annotated[Path, typer.Argument(metavar="FORM", help="The form's JSON file.")],
    scans: Annotated[
        list[str], typer.Argument(help="Filled pages: pictures, PDFs, folders, patterns.")
    ],
    out: Annotated[Path, typer.Option(help="The table: FILE.xlsx, .csv or .parquet.")],
    accept: Accept = CONFIDENCE_THRESHOLD,
    model: Model = None,
) -> int:
    """Read filled pages into a table: a row for each page, a column for each field.

    digits form read form.json scans/ --out table.xlsx
    """
    from digits.forms.commands import read_pages

    hint = to_hint(single=False, length=None, accept=accept, paper=None, whole_picture=False)
    failures = 0

    def on_failure(file: str | None, page: int | None, reason: str) -> None:
        nonlocal failures
        failures += 1
        tell_failure(file, page, reason)

    sources = chain.from_iterable(sources_of(scan) for scan in scans)
    tally = read_pages(path, sources, out, accept=hint.accept, model=model, on_failure=on_failure)
    tell(
        f"digits: {count(tally.pages, 'page')} read into {out}, {failures} failed, "
        f"{count(tally.doubtful, 'field')} to check"
    )
    return FAILED if failures else 0
