"""Tiles of crops; pressing a crop removes it."""

from collections.abc import Sequence
from dataclasses import dataclass

from digits.ui.component import component
from digits.ui.handwriting_service import Tile


@dataclass(frozen=True, slots=True)
class TileEvents:
    """The user's actions since the last run."""

    removed: str | None = None  # id of a crop
    expanded: str | None = None  # label of a tile of which all crops are shown


def digit_tiles(tiles: Sequence[Tile], *, key: str) -> TileEvents:
    """Show tiles, and return what was pressed in them."""
    result = component("tiles", '<div class="tiles"></div>')(
        key=key,
        data={
            "tiles": [
                {
                    "label": tile.label,
                    "n": tile.n,
                    "crops": [
                        {"id": crop.id, "url": crop.address, "truth": crop.truth, "read": crop.read}
                        for crop in tile.crops
                    ],
                }
                for tile in tiles
            ]
        },
        on_removed_change=lambda: None,
        on_expanded_change=lambda: None,
    )
    return TileEvents(result.removed, result.expanded)
