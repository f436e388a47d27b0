"""What a person can do with their own digits: look, remove, teach, undo, export, import."""

import base64
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

from digits.corrections.archive import Imported, export_zip, import_zip
from digits.corrections.from_reading import thumbnail_png
from digits.corrections.store import Correction, Corrections, Wanted
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
UNCONFIRMED = Wanted(explicit=False)
SHOWN = 12  # crops of a tile, unless all are wanted
THUMBNAIL = 96  # px high, twice what is shown: screens are fine


@dataclass(frozen=True, slots=True)
class Crop:
    """A piece of a picture that a person said the truth of."""

    id: str  # of the correction
    address: str  # a data URI
    truth: str
    read: str  # what was read before


@dataclass(frozen=True, slots=True)
class Tile:
    """The crops of one digit, the newest first."""

    label: str  # 0 to 9, `NOT_A_DIGIT` or `NUMBERS`
    crops: tuple[Crop, ...]
    n: int  # of all crops, those that are not shown too


@dataclass(frozen=True, slots=True)
class HandwritingService:
    """A person's digits, and what a model was taught by them."""

    store: Corrections
    model: str | None = None  # None: the default one

    def tiles(self, whole: str = "") -> tuple[Tile, ...]:
        """Return ten tiles, and one for other content and one for numbers where there are any.

        Parameters
        ----------
        whole : label of the tile of which all crops are wanted
        """
        found: dict[str, list[Correction]] = {str(digit): [] for digit in range(10)}
        for correction in self.store.all(Wanted(explicit=True)):
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
        """Remove a crop, with a number its digits too; return what `restore` brings back."""
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
        """Bring back what was removed."""
        self.store.restore(ids)

    def removed(self) -> tuple[str, ...]:
        """Return the ids of what was removed and can be restored."""
        return tuple(one.id for one in self.store.all(Wanted(removed=True)))

    def n_unconfirmed(self) -> int:
        """Return how much earlier versions stored, perhaps without anybody's act."""
        return self.store.count(UNCONFIRMED)

    def remove_unconfirmed(self) -> tuple[str, ...]:
        """Remove what nobody may have said; return what `restore` brings back."""
        ids = tuple(one.id for one in self.store.all(UNCONFIRMED))
        self.store.remove(ids)
        return ids

    def teach(self) -> LearningResult:
        """Learn from the digits, and test it; nothing is used yet."""
        classifier = shipped_reader(self.model).classifier
        return learn(gather(self.store), classifier, current_reference_set(self.model))

    def use(self, result: LearningResult) -> None:
        """Use what was learned from now on."""
        accept(result, learned_folder(self.model))

    def versions(self) -> list[Version]:
        """Return what was learned, the newest first."""
        return list_versions(learned_folder(self.model))

    def in_use(self) -> Version | None:
        """Return what is in use; None for the network as it was shipped.

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
        current_reader(self.model)  # it fits the network
        return version

    def undo(self) -> None:
        """Use what was in use before: the version that is older, or the network as shipped."""
        older = self.versions()
        try:
            current = self.in_use()
        except ModelError:  # of what is damaged only the name is known
            pass
        else:
            older = [one for one in older if current is not None and one.made < current.made]
        self.choose(older[0].name if older else None)

    def choose(self, name: str | None) -> None:
        """Use a version, or None: the network as it was shipped."""
        set_current(learned_folder(self.model), name)

    def export(self) -> bytes:
        """Return all crops with their truths as a ZIP."""
        return export_zip(self.store.all(Wanted(explicit=True)))

    def import_(self, content: bytes) -> tuple[Imported, int]:
        """Store what a ZIP holds; return it, and how much of it is new."""
        found = import_zip(content, current_reader(None))
        return found, self.store.add(found.corrections)

    def delete_removed(self) -> int:
        """Delete for good what was removed; return how many crops that are."""
        return self.store.remove_all(Wanted(removed=True))

    def delete_all(self) -> int:
        """Delete everything for good; return how many crops that are."""
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
