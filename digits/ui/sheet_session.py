"""State of the Sheets page for one visitor: pages, user input and the saved sheet."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from digits.corrections.store import Corrections
from digits.errors import DigitsError
from digits.io.document import load_picture
from digits.io.heap import trim_heap
from digits.marksheet.audit import Audit, audit_sheet
from digits.marksheet.changes import (
    Step,
    change_layout,
    confirm_alike,
    corrected_digits,
    make_step,
    replay,
    sheet_corrections,
    take_step,
    undo_step,
)
from digits.marksheet.scan import Scan, list_scans, read_scan
from digits.marksheet.sheet import LAYOUTS, Place, Sheet, build_sheet, clean_change, propose_title
from digits.marksheet.store import SheetStore
from digits.types import Picture

if TYPE_CHECKING:
    from digits.reader import Reader


@dataclass(slots=True)
class SheetSession:
    """A sheet in a session; changes are saved at once if there is a store."""

    store: SheetStore | None = None  # None: nothing is stored
    id: str = ""  # in the store; empty before the first file
    scans: list[Scan] = field(default_factory=list)
    steps: list[Step] = field(default_factory=list)
    user_input: dict[str, Any] = field(default_factory=dict)
    seen: int = 0  # number of the last change from the browser
    fault: str = ""  # why the last change could not be saved
    _checked: tuple[object, Sheet, Audit] | None = None

    @property
    def is_empty(self) -> bool:
        """Whether no file was added yet."""
        return not self.scans

    @property
    def waiting(self) -> list[int]:
        """The unread pages."""
        removed = {key for key in self.user_input if key.startswith("file ")}
        return [
            index
            for index, scan in enumerate(self.scans)
            if scan.is_waiting and f"file {index}" not in removed
        ]

    def checked(self) -> tuple[Sheet, Audit]:
        """Return the sheet and its audit, cached until a change."""
        state = (tuple(map(id, self.scans)), len(self.steps), id(self.user_input))
        if self._checked is None or self._checked[0] != state:
            self._checked = (state, *self._check())
        return self._checked[1], self._checked[2]

    def forget_checks(self) -> None:
        """Check the sheet anew when it is next asked for."""
        self._checked = None

    def _check(self) -> tuple[Sheet, Audit]:
        sheet = build_sheet(self.scans, self.user_input)
        return sheet, audit_sheet(sheet)

    def _create(self, store: SheetStore, added: Sequence[Scan]) -> str:
        return store.create(propose_title(added))

    def add_files(self, files: Sequence[tuple[str, bytes]]) -> None:
        """Add files; their pages are read later.

        Raises
        ------
        SheetsError
            They cannot be saved and are not added.
        """
        added = [scan for name, content in files for scan in list_scans(name, content)]
        if self.store is not None:
            if not self.id:
                self.id = self._create(self.store, added)
            self.store.add_scans(self.id, added)
        self.scans += added

    def read_page(self, reader: "Reader", index: int) -> None:
        """Read one page and save its reading."""
        self.keep_read(index, read_scan(reader.read, self.with_content(index)))
        trim_heap()

    def with_content(self, index: int) -> Scan:
        """Return a page with the bytes of its file."""
        return replace(self.scans[index], content=self.content(index))

    def keep_read(self, index: int, done: Scan) -> None:
        """Save a page that was read."""
        if self.store is not None:
            self.store.save_scan(self.id, index, done)
            done = replace(done, content=b"")  # it is in the store
        self.scans[index] = done

    def take(self, label: str, change: Mapping[str, Any]) -> None:
        """Apply a change and save it as a step, unless it changes nothing."""
        step = make_step(self.user_input, label, change)
        if step is None:
            return
        if self.store is not None:
            self.store.add_step(self.id, len(self.steps), step)
        self.steps.append(step)
        self.user_input = take_step(self.user_input, step)

    def undo(self) -> None:
        """Undo the last step."""
        if not self.steps:
            return
        if self.store is not None:
            self.store.remove_step(self.id, len(self.steps) - 1)
        self.user_input = undo_step(self.user_input, self.steps.pop())

    def take_from_browser(self, changes: Sequence[Mapping[str, Any]]) -> None:
        """Apply new changes from the browser.

        A change that cannot be saved is reported; the browser sends it again with the next ones.
        """
        self.fault = ""
        for change in changes:
            if change["n"] <= self.seen:
                continue
            try:
                self._take_one(change)
            except DigitsError as error:
                self.fault = str(error)
                return
            self.seen = change["n"]
        self.describe()

    def _take_one(self, change: Mapping[str, Any]) -> None:
        if change.get("undo"):
            self.undo()
        elif kind := change.get("confirm"):
            sheet, audit = self.checked()
            for group in audit.groups:
                if group.kind == kind:
                    self.take(group.label, confirm_alike(sheet, audit, group))
        else:
            self.take(str(change.get("label", ""))[:100], clean_change(change.get("set", {})))

    def set_layout(self, layout: str) -> None:
        """Change the layout, as a step that can be undone."""
        if layout in LAYOUTS and layout != self.user_input.get("layout", "auto"):
            self.take("Layout", change_layout(self.user_input, layout))

    def describe(self) -> None:
        """Save the entry of the sheet in the list."""
        if self.store is not None and self.id:
            sheet, audit = self.checked()
            try:
                self.store.describe(self.id, sheet.title, audit.summary)
            except DigitsError as error:
                self.fault = str(error)

    @property
    def n_corrections(self) -> int:
        """The number of cells with corrected digits."""
        sheet, _ = self.checked()
        return sum(self.truth_of(sheet, place) is not None for place in sheet.edits)

    def truth_of(self, sheet: Sheet, place: Place) -> str | None:
        """Return the digits on the paper of a corrected cell; None if it was not corrected."""
        return corrected_digits(sheet, place)

    def keep_corrections(self, corrections: Corrections) -> int:
        """Store the corrections of this sheet; return how many are new."""
        sheet, _ = self.checked()
        return corrections.add(sheet_corrections(sheet, self.scans, self.picture, self.truth_of))

    def picture(self, index: int) -> Picture:
        """Return a page as it was read."""
        return load_picture(self.content(index), self.scans[index].page)

    def content(self, index: int) -> bytes:
        """Return the bytes of a page's file."""
        content = self.scans[index].content
        if content or self.store is None:
            return content
        return self.store.content(self.id, index)


def resume(store: SheetStore, sheet: str) -> SheetSession:
    """Return the session of a saved sheet.

    Raises
    ------
    SheetsError
        There is no such sheet, or it cannot be read.
    """
    saved = store.load(sheet)
    steps = list(saved.steps)
    return SheetSession(store, sheet, list(saved.scans), steps, replay(steps))
