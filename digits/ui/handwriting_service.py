"""Actions on a person's own digits: view, remove, learn, undo, export, import."""

import base64
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

from digits.corrections.archive import Imported, export_zip, import_zip
from digits.corrections.from_reading import thumbnail_png
from digits.corrections.store import Correction, CorrectionFilter, Corrections
from digits.errors import ModelError
from digits.personalization.learn import LearningResult, accept, gather, learn
from digits.personalization.versions import (
    Version,
    current_name,
    list_versions,
    load_version,
    set_current,
)
from digits.registry import current_reader, current_reference_set, learned_folder, shipped_reader

NOT_A_DIGIT, NUMBERS = "Not a digit", "Whole numbers"  # tiles besides the ten
UNCONFIRMED = CorrectionFilter(explicit=False)
SHOWN = 12  # crops of a tile, unless all are shown
THUMBNAIL = 96  # px high, twice the shown size for high-resolution screens


@dataclass(frozen=True, slots=True)
class Crop:
    """A crop with its true text."""

    id: str  # of the correction
    address: str  # a data URI
    truth: str
    read: str  # what was read before


@dataclass(frozen=True, slots=True)
class Tile:
    """The crops of one digit, the newest first."""

    label: str  # 0 to 9, `NOT_A_DIGIT` or `NUMBERS`
    crops: tuple[Crop, ...]
    n: int  # of all crops, shown or not


@dataclass(frozen=True, slots=True)
class HandwritingService:
    """A person's digits, and what a model learned from them."""

    store: Corrections
    model: str | None = None  # None: the default one

    def tiles(self, whole: str = "") -> tuple[Tile, ...]:
        """Return ten tiles, and one for other content and one for numbers where there are any.

        Parameters
        ----------
        whole : label of the tile of which all crops are returned
        """
        found: dict[str, list[Correction]] = {str(digit): [] for digit in range(10)}
        for correction in self.store.all(CorrectionFilter(explicit=True)):
            found.setdefault(_label(correction), []).append(correction)
        return tuple(
            Tile(
                label,
                tuple(_to_crop(one) for one in (all_ if label == whole else all_[:SHOWN])),
                len(all_),
            )
            for label, all_ in found.items()
        )

    def n_examples(self) -> int:
        """Return how many digits there are to learn from."""
        return len(gather(self.store))

    def remove(self, id_: str) -> tuple[str, ...]:
        """Remove a crop, with a number its digits too; return their ids for `restore`."""
        known = {one.id: one for one in self.store.all()}
        chosen = known.get(id_)
        if chosen is None:
            return ()
        ids = [id_]
        if chosen.digit is None:
            place = (chosen.reading, chosen.line)
            ids = [one.id for one in known.values() if (one.reading, one.line) == place]
        self.store.remove(ids)
        return tuple(ids)

    def restore(self, ids: Sequence[str]) -> None:
        """Restore what was removed."""
        self.store.restore(ids)

    def removed(self) -> tuple[str, ...]:
        """Return the ids of what was removed and can be restored."""
        return tuple(one.id for one in self.store.all(CorrectionFilter(removed=True)))

    def n_unconfirmed(self) -> int:
        """Return the number of corrections of earlier versions without a known act."""
        return self.store.count(UNCONFIRMED)

    def remove_unconfirmed(self) -> tuple[str, ...]:
        """Remove corrections without a known act; return their ids for `restore`."""
        ids = tuple(one.id for one in self.store.all(UNCONFIRMED))
        self.store.remove(ids)
        return ids

    def teach(self) -> LearningResult:
        """Learn from the digits and test the result, without using it yet."""
        classifier = shipped_reader(self.model).classifier
        return learn(gather(self.store), classifier, current_reference_set(self.model))

    def use(self, result: LearningResult) -> None:
        """Use what was learned from now on."""
        accept(result, learned_folder(self.model))

    def versions(self) -> list[Version]:
        """Return what was learned, the newest first."""
        return list_versions(learned_folder(self.model))

    def in_use(self) -> Version | None:
        """Return the active version; None for the shipped network.

        Raises
        ------
        ModelError
            It is missing or damaged.
        """
        folder = learned_folder(self.model)
        name = current_name(folder)
        if name is None:
            return None
        version = load_version(folder, name)[1]
        current_reader(self.model)  # checks that it fits the network
        return version

    def undo(self) -> None:
        """Activate the previous version, or the shipped network."""
        older = self.versions()
        try:
            current = self.in_use()
        except ModelError:  # of a damaged version only the name is known
            pass
        else:
            older = [one for one in older if current is not None and one.made < current.made]
        self.choose(older[0].name if older else None)

    def choose(self, name: str | None) -> None:
        """Activate a version; None for the shipped network."""
        set_current(learned_folder(self.model), name)

    def export(self) -> bytes:
        """Return all crops with their truths as a ZIP."""
        return export_zip(self.store.all(CorrectionFilter(explicit=True)))

    def import_(self, content: bytes) -> tuple[Imported, int]:
        """Store the corrections of a ZIP; return them, and the number of new ones."""
        found = import_zip(content, current_reader(None))
        return found, self.store.add(found.corrections)

    def delete_removed(self) -> int:
        """Delete removed crops permanently; return their number."""
        return self.store.remove_all(CorrectionFilter(removed=True))

    def delete_all(self) -> int:
        """Delete all crops permanently; return their number."""
        return self.store.remove_all()


def _label(correction: Correction) -> str:
    if correction.digit is None:
        return NUMBERS
    return correction.truth or NOT_A_DIGIT


def _to_crop(correction: Correction) -> Crop:
    truth = correction.written or correction.truth
    return Crop(correction.id, _address(correction.crop), truth, correction.read)


@lru_cache(maxsize=1024)
def _address(crop: bytes) -> str:
    """Return a crop's thumbnail as a data URI."""
    png = thumbnail_png(crop, THUMBNAIL)
    return "data:image/png;base64," + base64.b64encode(png).decode()
