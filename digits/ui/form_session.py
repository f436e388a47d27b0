"""The form that one visitor works on, and the pages that are read with it."""

import hashlib
import io
from collections.abc import Sequence
from dataclasses import dataclass, field, replace

from PIL import Image

from digits.errors import FormError
from digits.forms.checks import Check
from digits.forms.corrections import digits_on_paper
from digits.forms.field_syntax import parse_field
from digits.forms.handwriting import find_handwriting
from digits.forms.project import Project, load_project, save_project
from digits.forms.propose import propose_fields, with_cells
from digits.forms.sheet import audit_form_sheet, build_form_sheet, read_form_scan
from digits.forms.store import FormStore
from digits.forms.template import Field, FieldKind, Form, check_form
from digits.inference.segmenter import Segmenter
from digits.io.document import Document
from digits.io.image import decode_image
from digits.marksheet.audit import Audit
from digits.marksheet.changes import replay
from digits.marksheet.scan import Scan
from digits.marksheet.sheet import Place, Sheet
from digits.marksheet.store import SheetStore
from digits.reader import Reader
from digits.types import Box, Picture
from digits.ui.sheet_session import SheetSession

QUALITY = 85  # of the JPEG that the browser shows
TICK_SIDE = 0.05  # of the page's width: a drawn box so small is a tick box


@dataclass(slots=True)
class FormPages(SheetSession):
    """Pages of a form: read field by field, checked and saved as a sheet is."""

    form: Form | None = None
    form_id: str = ""  # in the store of forms

    def _check(self) -> tuple[Sheet, Audit]:
        if self.form is None:
            raise FormError("define a form first")
        sheet = build_form_sheet(self.form, self.scans, self.user_input)
        return sheet, audit_form_sheet(self.form, sheet)

    def _create(self, store: SheetStore, added: Sequence[Scan]) -> str:
        return store.create(added[0].file if added else "Pages", self.form_id)

    def read_page(self, reader: Reader, index: int) -> None:
        """Read one page, and save what was read."""
        if self.form is not None:
            self.keep_read(index, read_form_scan(self.form, reader, self.with_content(index)))

    def truth_of(self, sheet: Sheet, place: Place) -> str | None:
        """Return the digits on the paper of a corrected field; None if it was not corrected."""
        if self.form is None:
            return None
        entry = sheet.rows[place[0]].entries[place[1]]
        return digits_on_paper(self.form.fields[place[1]], entry, sheet.edits[place])

    def picture(self, index: int) -> Picture:
        """Return a page as it was read, or of a project, as it was saved."""
        content, scan = self.content(index), self.scans[index]
        if scan.reading is None or content != scan.view:
            return SheetSession.picture(self, index)  # slots: no super() here
        width, height = scan.reading.size
        return Picture(
            decode_image(content).grey, width, height, hashlib.sha256(content).hexdigest()
        )

    def to_project(self) -> bytes:
        """Return the form, the pages and what was checked as one file."""
        if self.form is None:
            raise FormError("define a form first")
        waiting = set(self.waiting)
        scans = tuple(
            self.with_content(index) if index in waiting else scan
            for index, scan in enumerate(self.scans)
        )
        title = self.checked()[0].title
        return save_project(Project(self.form, title, scans, tuple(self.steps)))

    def restore(self, project: Project) -> None:
        """Take the pages of a project, and save them where there is a store."""
        if self.store is not None:
            self.id = self.store.create(project.title, self.form_id)
            self.store.add_scans(self.id, project.scans)
            for number, step in enumerate(project.steps):
                self.store.add_step(self.id, number, step)
        self.scans, self.steps = list(project.scans), list(project.steps)
        self.user_input = replay(self.steps)
        self.describe()


@dataclass(slots=True)
class FormSession:
    """A form in a session; it is saved at every change, where there is a store."""

    forms: FormStore | None = None  # None: nothing is kept beyond the session
    sheets: SheetStore | None = None
    id: str = ""  # in the store; empty before the form is defined
    form: Form | None = None
    pages: FormPages = field(default_factory=FormPages)
    selected: str = ""  # name of the field that is looked at
    changes: int = 0  # counts, so that widgets show what was changed elsewhere
    _jpeg: tuple[int, bytes] | None = None  # of the reference picture

    def define(self, content: bytes, name: str, segmenter: Segmenter | None = None) -> None:
        """Begin a form from a page, or from a form's file, and save it.

        Parameters
        ----------
        segmenter : finds the handwriting on a page that is filled in

        Raises
        ------
        DigitsError
            The file is neither, or the form cannot be saved.
        """
        if content.lstrip()[:1] == b"{":
            form = Form.load(content)
        else:
            with Document.open(content) as document:
                form = Form.from_picture(document.page().picture, (), name=name)
            if segmenter is not None:
                form = replace(form, handwriting=find_handwriting(form.reference, segmenter))
            form = replace(form, fields=propose_fields(form.reference, form.handwriting))
        if self.forms is not None:
            self.id = self.forms.add(form)
        self._show(form)
        self.pages = FormPages(self.sheets, form=form, form_id=self.id)

    def open_project(self, content: bytes) -> None:
        """Go on with the form and the pages of a project's file.

        Raises
        ------
        DigitsError
            The file is none, or cannot be saved here.
        """
        project = load_project(content)
        if self.forms is not None:
            self.id = self.forms.add(project.form)
        self._show(project.form)
        self.pages = FormPages(self.sheets, form=project.form, form_id=self.id)
        self.pages.restore(project)

    def jpeg(self) -> bytes:
        """Return the reference picture as the browser shows it."""
        if self.form is None:
            return b""
        key = id(self.form.reference)
        if self._jpeg is None or self._jpeg[0] != key:
            file = io.BytesIO()
            Image.fromarray(self.form.reference).save(file, "JPEG", quality=QUALITY)
            self._jpeg = (key, file.getvalue())
        return self._jpeg[1]

    def change(self, form: Form) -> None:
        """Change the form, and save it.

        Raises
        ------
        FormError
            It contradicts itself, or cannot be saved; then it stays as it was.
        """
        check_form(form)
        if self.forms is not None:
            self.forms.save(self.id, form)
        self._show(form)
        self.pages.form = form
        self.pages.forget_checks()

    def _show(self, form: Form) -> None:
        self.form = form
        self.changes += 1
        names = [each.name for each in form.fields]
        if self.selected not in names:
            self.selected = names[0] if names else ""

    def add_field(self, box: Box) -> None:
        """Add a field that was drawn on the reference picture."""
        if self.form is None:
            return
        form = self.form
        small = max(box.width, box.height) <= TICK_SIDE * form.size[0]
        kind: FieldKind = "tick" if small else "identifier"
        names = {each.name for each in form.fields}
        number = next(n for n in range(1, len(names) + 2) if f"field {n}" not in names)
        drawn = with_cells(Field(f"field {number}", kind, box), form.reference)
        if kind == "identifier" and not drawn.cells:
            drawn = replace(drawn, kind="number")
        self.change(replace(form, fields=(*form.fields, drawn)))
        self.selected = drawn.name

    def change_field(self, name: str, changed: Field | None) -> None:
        """Change a field, or delete it where None is given."""
        if self.form is None:
            return
        form = self.form
        if changed is not None:
            cells = () if changed.kind in ("tick", "digit", "mark", "decimal") else changed.cells
            changed = with_cells(replace(changed, cells=cells), form.reference)
        kept = [changed if each.name == name else each for each in form.fields]
        self.change(replace(form, fields=tuple(each for each in kept if each is not None)))
        if changed is not None:
            self.selected = changed.name

    def field(self, name: str) -> Field | None:
        """Return the field of a name."""
        fields = () if self.form is None else self.form.fields
        return next((each for each in fields if each.name == name), None)


def described(each: Field) -> str:
    """Return a field's options as a person types them."""
    parts = []
    for check in each.checks:
        if check.kind == "range":
            low, high = (
                "" if limit is None else str(limit) for limit in (check.minimum, check.maximum)
            )
            parts.append(f"range={low}..{high}")
        elif check.kind == "list":
            continue  # shown apart, one value a line
        elif check.kind == "sum":
            parts.append(f"sum={'+'.join(check.of)}")
        else:
            parts.append(check.kind)
    return " ".join(parts)


def listed(each: Field) -> str:
    """Return the values that a field may have, one a line, as a person pastes them."""
    return "\n".join(v for check in each.checks if check.kind == "list" for v in check.values)


def with_options(each: Field, options: str, allowed: str = "") -> Field:
    """Return a field with the checks that a person typed in place of its own.

    Parameters
    ----------
    options : words, as `described` gives them
    allowed : the values that it may have, one a line, such as a column of a spreadsheet

    Raises
    ------
    DigitsError
        One of them is no check.
    """
    words = ":".join(["", *options.split()]) if options.split() else ""
    maximum = ":1" if each.kind == "mark" else ""
    parsed = parse_field(f"field:{each.kind}{maximum}{words}@0,0,9,9")
    values = tuple(dict.fromkeys(line.strip() for line in allowed.splitlines() if line.strip()))
    lookup = (Check("list", values=values),) if values else ()
    return replace(each, checks=(*parsed.checks, *lookup))


def resume_pages(form: Form, form_id: str, store: SheetStore, sheet: str) -> FormPages:
    """Return saved pages of a form as they were left.

    Raises
    ------
    SheetsError
        There are no such pages, or they cannot be read.
    """
    saved = store.load(sheet)
    steps = list(saved.steps)
    return FormPages(
        store, sheet, list(saved.scans), steps, replay(steps), form=form, form_id=form_id
    )
