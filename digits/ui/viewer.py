"""The picture viewer: a picture with a box on each thing found in it, to zoom, choose and answer.

It is one component, for any page. A page gives it a picture and boxes, and gets back what the
person did. In the browser, viewers and other components of one `group` follow each other's
selection without a way through Python: each announces ``digits-select`` on the document, an event
with ``{group, id, from, open}``, and ``digits-answer`` with ``{group, id, text}``.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

from digits.types import Box
from digits.ui.acts import UserAnswer, new_answers
from digits.ui.component import component
from digits.ui.media import picture_address

# "check" and "unread" are what N goes through; "quiet" is a thin line.
BoxState = Literal["sure", "check", "unread", "confirmed", "wrong", "quiet"]
Corners = tuple[
    tuple[int, int], ...
]  # px (x, y), four: top left, top right, bottom right, bottom left

MODULES = ("acts", "viewer_geometry", "viewer_corners", "viewer_popover", "viewer_gestures")
STYLES = ("progress",)

_HTML = """
<div class="viewer" data-testid="viewer">
<div class="frame"><div class="stage">
<img alt="" draggable="false"><div class="boxes" role="group" aria-label="What was found"></div>
<svg aria-hidden="true"><polygon></polygon></svg>
<button type="button" class="corner" aria-label="Top left corner of the paper" hidden></button>
<button type="button" class="corner" aria-label="Top right corner of the paper" hidden></button>
<button type="button" class="corner" aria-label="Bottom right corner of the paper" hidden></button>
<button type="button" class="corner" aria-label="Bottom left corner of the paper" hidden></button>
<div class="rubber" hidden></div>
<div class="busy progress" role="status" hidden><span></span></div>
</div></div>
<div class="tools" role="toolbar" aria-label="Picture">
<button type="button" data-tool="out" aria-label="Zoom out">−</button>
<button type="button" data-tool="in" aria-label="Zoom in">+</button>
<button type="button" data-tool="fit">Fit</button>
<button type="button" data-tool="region" aria-pressed="false">Read only here</button>
<button type="button" data-tool="whole"></button>
<button type="button" data-tool="crop"></button>
<span class="gap"></span>
<button type="button" data-tool="next">Next to check<kbd>N</kbd></button>
</div></div>
"""


@dataclass(frozen=True, slots=True)
class ShownPicture:
    """A picture as the browser shows it."""

    id: str  # another one for another picture
    jpeg: bytes  # of any size
    width: int  # px; boxes and corners are measured in a picture of this size
    height: int  # px
    alt: str  # what it shows, for those who do not see it


@dataclass(frozen=True, slots=True)
class ShownBox:
    """A box on the picture."""

    id: str  # comes back with what is done to it
    box: Box  # px of the shown picture
    label: str = ""  # what was read there; the popover's field holds it
    state: BoxState = "sure"
    readings: tuple[str, ...] = ()  # the likeliest ones, as buttons of the popover
    reason: str = ""  # why it is to be checked
    name: str = ""  # of the place, such as "Row 3, Task 1", before the label when read aloud
    tone: str = ""  # a CSS colour in place of the state's
    note: str = ""  # stands below the box


@dataclass(frozen=True, slots=True)
class ViewerOptions:
    """What a viewer offers, and how it looks."""

    popover: bool = True  # a selected box opens a popover with crop, readings and field
    region: bool = False  # a rectangle can be drawn
    region_label: str = "Read only here"  # of the button that begins it
    whole: str = ""  # label of the button that leaves a region or the found paper; none if empty
    crop: str = ""  # label of the button about the paper's corners; none if empty
    corners: Corners | None = None  # of the paper, to be dragged
    busy: str = ""  # what is being done; a progress line, and after a second these words
    group: str = ""  # components that share one follow each other's selection
    tell_selected: bool = False  # a selection comes to Python as well
    selected: str = ""  # id of the box to show now; takes effect when it changes
    tallest: str = "68vh"  # CSS height that the picture does not exceed on a desktop


@dataclass(frozen=True, slots=True)
class ViewerEvents:
    """What a person did since the last run."""

    answers: tuple[UserAnswer, ...] = ()
    region: Box | None = None  # px of the shown picture
    corners: Corners | None = None  # px of the shown picture
    whole: bool = False  # the button of this name was pressed
    crop: str = ""  # label of the button of this name that was pressed
    selected: str | None = None  # with `tell_selected`


PLAIN = ViewerOptions()


def picture_viewer(
    picture: ShownPicture,
    boxes: Sequence[ShownBox],
    *,
    epoch: str,
    key: str,
    options: ViewerOptions = PLAIN,
) -> ViewerEvents:
    """Show a picture with boxes, and return what was done to them.

    Parameters
    ----------
    picture : in the browser; its pixels are sent again only when its id changes
    boxes : in reading order, in which N goes through those to check
    epoch : the id of the reading that the boxes come from; answers about another one are dropped
    key : tells the viewers of a page apart

    Returns
    -------
    ViewerEvents
        Each answer once, without events of other epochs.
    """
    mount = component("viewer", _HTML, modules=MODULES, styles=STYLES)
    address = picture_address(picture.jpeg, key)
    result = mount(
        key=key,
        data={
            "epoch": epoch,
            "picture": {
                "id": picture.id,
                "url": address,
                "width": picture.width,
                "height": picture.height,
                "alt": picture.alt,
            },
            "boxes": [_plain(box) for box in boxes],
            "corners": options.corners,
            "popover": options.popover,
            "region": options.region,
            "regionLabel": options.region_label,
            "whole": options.whole,
            "crop": options.crop,
            "busy": options.busy,
            "group": options.group,
            "tellSelected": options.tell_selected,
            "selected": options.selected,
            "tallest": options.tallest,
        },
        on_answers_change=lambda: None,
        on_region_change=lambda: None,
        on_corners_change=lambda: None,
        on_whole_change=lambda: None,
        on_crop_change=lambda: None,
        on_selected_change=lambda: None,
    )
    return _events(result, epoch, key)


def _events(result: Any, epoch: str, key: str) -> ViewerEvents:  # noqa: ANN401  # Streamlit's own
    """Return what is new of what the browser sent, and of this epoch."""
    region, corners = _of(result.region, epoch), _of(result.corners, epoch)
    selected, crop = _of(result.selected, epoch), _of(result.crop, epoch)
    return ViewerEvents(
        answers=new_answers(result.answers, epoch, key),
        region=None if region is None else Box(*(int(side) for side in region["box"])),
        corners=None if corners is None else tuple((int(x), int(y)) for x, y in corners["corners"]),
        whole=_of(result.whole, epoch) is not None,
        crop="" if crop is None else str(crop["label"]),
        selected=None if selected is None else selected["id"],
    )


def _of(sent: Any, epoch: str) -> Any:  # noqa: ANN401  # what a browser sent
    """Return what was sent if it is about this epoch."""
    return sent if sent and sent["epoch"] == epoch else None


def _plain(box: ShownBox) -> dict[str, Any]:
    sides = box.box
    return {
        "id": box.id,
        "box": [sides.x, sides.y, sides.width, sides.height],
        "label": box.label,
        "state": box.state,
        "readings": list(box.readings),
        "reason": box.reason,
        "name": box.name,
        "tone": box.tone,
        "note": box.note,
    }
