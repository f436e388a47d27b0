"""Training recipes: all settings that decide how each network is trained; needs no TensorFlow."""

import dataclasses
from dataclasses import dataclass

GENTLE_EPOCHS = 0.2  # share of all epochs, the last ones, where a recipe ends gently


@dataclass(frozen=True, slots=True)
class Recipe:
    """How a digit network is trained."""

    network: str  # "dense", "wide" or "cnn"
    epochs: int
    seed: int = 0
    augmented: bool = False  # distort digits anew in each epoch
    gentle: bool = False  # end with epochs in which few digits are distorted strongly
    drawn: float = 0.0  # share of digits drawn in forms that MNIST does not have
    handwriting: float = 0.0  # share of digits by writers of other data sets, where they are given
    disturbed: float = 0.0  # share of distorted digits on grey, grainy or crossed paper
    peak: float = 1e-3  # highest learning rate
    decay: float = 0.0  # weight decay (Loshchilov & Hutter 2019); with a cosine schedule
    batch: int = 128  # digits
    rejection_epochs: int = 0  # of the reject head, "not a digit"; 0 for none

    @property
    def gentle_epochs(self) -> int:
        """How many of the epochs, the last ones, distort most digits gently."""
        return round(GENTLE_EPOCHS * self.epochs) if self.gentle else 0

    @property
    def extendable(self) -> bool:
        """Whether more epochs may follow: nothing in an epoch depends on how many there are."""
        return not (self.augmented or self.decay)


@dataclass(frozen=True, slots=True)
class LineRecipe:
    """How the line network is trained."""

    network: str = "line"
    epochs: int = 60
    lines: int = 40_960  # composed anew in each epoch
    seed: int = 0
    peak: float = 2e-3  # highest learning rate
    decay: float = 1e-2  # weight decay
    batch: int = 128  # lines
    workers: int = 1  # processes that compose
    momentum: float = 0.999  # of the running average of the weights that is exported

    @property
    def extendable(self) -> bool:
        """Whether more epochs may follow: the learning rate falls to zero with the last one."""
        return False


@dataclass(frozen=True, slots=True)
class PageRecipe:
    """How the page network is trained."""

    network: str = "page"
    epochs: int = 160
    crops: int = 1024  # in each epoch
    seed: int = 0
    peak: float = 2.5e-3  # highest learning rate
    decay: float = 1e-3  # weight decay
    batch: int = 8  # crops
    workers: int = 1  # processes that compose
    loaders: int = 1  # threads that make batches of what is composed
    reuse: float = 3.0  # times that a crop is seen on average

    @property
    def extendable(self) -> bool:
        """Whether more epochs may follow: the learning rate falls with the last one."""
        return False


AnyRecipe = Recipe | LineRecipe | PageRecipe

QUICK = {
    "dense": Recipe("dense", epochs=10),
    "wide": Recipe("wide", epochs=12, augmented=True, peak=2e-3, decay=1e-4),
    "cnn": Recipe(
        "cnn",
        epochs=15,
        augmented=True,
        gentle=True,
        drawn=0.12,
        handwriting=0.4,
        disturbed=0.35,
        peak=2e-3,
        decay=1e-2,
        rejection_epochs=6,
    ),
}
# The dense network stays as requested; more epochs help the others (docs/decisions.md).
BEST = {
    **QUICK,
    "wide": dataclasses.replace(QUICK["wide"], epochs=40),
    "cnn": dataclasses.replace(QUICK["cnn"], epochs=22),
}
# A minute, for a demonstration: undistorted digits and no reject head.
SWIFT = {**QUICK, "cnn": Recipe("cnn", epochs=2, peak=4e-3, decay=1e-2)}
RECIPES = {"swift": SWIFT, "quick": QUICK, "best": BEST}  # of the digit networks
# Networks that see more than one digit. Their recipe "best" is for a graphics processor and many
# processor cores, which compose.
OTHERS: dict[str, dict[str, LineRecipe | PageRecipe]] = {
    "line": {"quick": LineRecipe(), "best": LineRecipe(epochs=120, workers=15)},
    "page": {
        "quick": PageRecipe(),
        "best": PageRecipe(epochs=120, crops=8192, batch=32, workers=14, loaders=3),
    },
}


# Seconds that an epoch took on two idle CPU cores.
SECONDS = {"dense": 3.0, "wide": 14.0, "cnn": 42.0, "line": 900.0, "page": 68.0}


def expected_seconds(recipe: AnyRecipe) -> float:
    """Return about how long a training takes on two idle CPU cores."""
    epochs = recipe.epochs
    if isinstance(recipe, Recipe):
        epochs += recipe.rejection_epochs
    return epochs * SECONDS[recipe.network]


def duration(seconds: float) -> str:
    """Return a time for people, rounded.

    Examples
    --------
    >>> duration(18.0), duration(100.0), duration(950.0), duration(54_000.0)
    ('about 20 seconds', 'about 2 minutes', 'about 16 minutes', 'about 15 hours')
    """
    if seconds < 90:  # noqa: PLR2004  # a minute and a half
        return f"about {max(5, 5 * round(seconds / 5))} seconds"
    if seconds < 7200:  # noqa: PLR2004  # two hours
        return f"about {round(seconds / 60)} minutes"
    return f"about {round(seconds / 3600)} hours"
