"""What a run is made of: `RunConfig`, checked when it is made."""

from __future__ import annotations

import itertools
from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from typing import Any

from mnist_tui.engine.data.catalog import DATASET_NAMES
from mnist_tui.engine.errors import ConfigError
from mnist_tui.engine.recipes import RECIPES
from mnist_tui.engine.training.schedule import SCHEDULES

PIXELS = 28 * 28
CLASSES = 10

OPTIMIZERS = ("adam", "adamw", "sgd", "rmsprop")
DEVICES = ("auto", "cpu", "cuda", "mps")
MAX_EPOCHS = 100_000
NO_RECIPES_MATTER = ("recipe", "dataset", "seed", "device", "threads")
"""Fields that no recipe names: they stay as they are when another recipe is chosen."""
MAX_PARAMETERS = 50_000_000
"""More is refused: 50 million parameters are 200 MB of weights for every epoch's checkpoint."""


@dataclass(frozen=True, slots=True)
class RunConfig:
    """Everything that decides a run's numbers; the defaults are the recipe `notebook`.

    Raises `ConfigError` naming every field that is out of range, with the range.
    """

    recipe: str = "notebook"
    dataset: str = "auto"
    epochs: int = 10
    batch_size: int = 64
    hidden: tuple[int, ...] = (250, 100)
    """Sizes of the hidden layers, from the input to the output; empty for a linear classifier."""
    optimizer: str = "adam"
    lr: float = 1e-3
    """Learning rate, the highest one of its schedule."""
    schedule: str = "constant"
    """How the learning rate goes over the whole training: see `engine.training.schedule`."""
    weight_decay: float = 0.01
    """By this share times the learning rate `adamw` shrinks the weights in every step; the others do not."""
    rotation: float = 5.0
    """Training images are turned by a uniform angle in (-rotation, +rotation) degrees."""
    shift: int = 2
    """… and padded by this many pixels on each side, then cropped at random to 28×28."""
    scale: float = 0.0
    """Above 0, stretched or squeezed by up to this share along each axis …"""
    shear: float = 0.0
    """… slanted by up to this many degrees …"""
    elastic: float = 0.0
    """… and deformed like rubber: each pixel's displacement along each axis has this standard deviation, in pixels.

    With any of these three above 0, turn and shift too are interpolated (`engine.augment.warp`), not the notebook's
    steps of whole pixels.
    """
    fade: float = 0.0
    """Turn, shift and bend weaken evenly from epoch to epoch; by the last this share of them is gone."""
    valid_fraction: float = 0.1
    """Share of the training images that is set aside for validation."""
    seed: int = 1234
    device: str = "auto"
    threads: int = 0
    """CPU threads of torch; 0 lets the engine choose."""

    def __post_init__(self) -> None:
        problems = self._problems()
        if problems:
            raise ConfigError(problems)

    def _problems(self) -> dict[str, str]:
        found: dict[str, str] = {}

        def choice(name: str, allowed: tuple[str, ...]) -> None:
            value = getattr(self, name)
            if value not in allowed:
                found[name] = f"{_option(name)} {value!r} is not known: choose one of {', '.join(allowed)}"

        def whole(name: str, low: int, high: int) -> None:
            value = getattr(self, name)
            if not _is_whole(value) or not low <= value <= high:
                found[name] = f"{_option(name)} must be a whole number from {low:,} to {high:,}, not {value!r}"

        def number(name: str, low: float, high: float, *, above: bool = False) -> None:
            value = getattr(self, name)
            numeric = isinstance(value, int | float) and not isinstance(value, bool)
            # Comparing works for whole numbers too that are beyond any float, and is false for NaN.
            if not numeric or not low <= value <= high or (above and value == low):
                bound = f"above {low:g} and at most {high:g}" if above else f"from {low:g} to {high:g}"
                found[name] = f"{_option(name)} must be a number {bound}, not {value!r}"

        choice("recipe", tuple(RECIPES))
        choice("dataset", DATASET_NAMES)
        choice("optimizer", OPTIMIZERS)
        choice("device", DEVICES)
        whole("epochs", 1, MAX_EPOCHS)
        whole("batch_size", 1, 60_000)
        whole("seed", 0, 2**63 - 1)
        whole("threads", 0, 1024)
        whole("shift", 0, 14)
        number("lr", 0.0, 100.0, above=True)
        choice("schedule", SCHEDULES)
        number("weight_decay", 0.0, 1.0)
        number("rotation", 0.0, 180.0)
        number("scale", 0.0, 1.0)
        number("shear", 0.0, 45.0)
        number("elastic", 0.0, 5.0)
        number("fade", 0.0, 1.0)
        number("valid_fraction", 0.001, 0.9)
        if not isinstance(self.hidden, tuple) or not all(_is_whole(size) for size in self.hidden):
            found["hidden"] = "--hidden must be whole numbers with commas between, such as 250,100"
        elif len(self.hidden) > 20:
            found["hidden"] = f"--hidden allows at most 20 layers, not {len(self.hidden)}"
        elif not all(1 <= size <= 100_000 for size in self.hidden):
            wrong = next(size for size in self.hidden if not 1 <= size <= 100_000)
            found["hidden"] = f"--hidden sizes must be from 1 to 100,000, not {wrong}"
        elif self.parameters > MAX_PARAMETERS:
            found["hidden"] = f"--hidden makes {self.parameters:,} parameters; at most {MAX_PARAMETERS:,} are allowed"
        return found

    @property
    def layer_sizes(self) -> tuple[int, ...]:
        """Sizes of all layers, the input's 784 and the output's 10 included."""
        return (PIXELS, *self.hidden, CLASSES)

    @property
    def parameters(self) -> int:
        """Trainable parameters: weights and biases of every layer."""
        sizes = self.layer_sizes
        return sum(size * following + following for size, following in itertools.pairwise(sizes))

    @property
    def bends(self) -> bool:
        """Whether the training images are bent, which goes beyond the notebook's turn and crop."""
        return self.scale > 0 or self.shear > 0 or self.elastic > 0

    @property
    def augmentation(self) -> str:
        """What is done to the training images: `±5° ±2 px`, and behind that what goes beyond the notebook."""
        stretch = f" ×{1 + self.scale:g}" if self.scale else ""
        shear = f" shear {self.shear:g}°" if self.shear else ""
        elastic = f" elastic {self.elastic:g} px" if self.elastic else ""
        return f"±{self.rotation:g}° ±{self.shift} px{stretch}{shear}{elastic}"

    def strength(self, epoch: int) -> float:
        """How strong the transform of the training images is in an epoch, 1 the first: from 1 to 1 - `fade`."""
        return 1 - self.fade * (epoch - 1) / max(1, self.epochs - 1)

    @property
    def changed(self) -> list[str]:
        """Names of the settings that differ from the recipe's."""
        original = RunConfig.from_recipe(self.recipe)
        names = (f.name for f in fields(self) if f.name not in NO_RECIPES_MATTER)
        return [name for name in names if getattr(self, name) != getattr(original, name)]

    def to_json(self) -> dict[str, Any]:
        """The configuration as JSON values, `hidden` as a list."""
        return asdict(self) | {"hidden": list(self.hidden)}

    @classmethod
    def from_json(cls, values: Mapping[str, Any]) -> RunConfig:
        """The configuration in what `to_json` gave; names that are not known are left out.

        Raises `ConfigError` where a value is out of range or of another type.
        """
        if not isinstance(values, Mapping):
            raise ConfigError({"config": "a configuration must be an object with names and values"})
        known = {f.name: values[f.name] for f in fields(cls) if f.name in values}
        if isinstance(known.get("hidden"), list):
            known["hidden"] = tuple(known["hidden"])
        return cls(**known)

    @classmethod
    def from_recipe(cls, recipe: str, **overrides: Any) -> RunConfig:
        """The recipe's values with `overrides` over them.

        Raises `ConfigError` for a recipe that is not known and for values out of range.
        """
        values = RECIPES[recipe].values if recipe in RECIPES else {}
        return cls(**{"recipe": recipe, **values, **overrides})


def parse_hidden(text: str) -> tuple[int, ...]:
    """`"250,100"` as `(250, 100)`; `"none"` as `()`, a linear classifier.

    Raises `ConfigError` where the text is something else.
    """
    if text.strip().lower() == "none":
        return ()
    try:
        return tuple(int(part) for part in text.split(","))
    except ValueError:
        shown = text if len(text) <= 40 else text[:39] + "…"
        problem = f"--hidden must be whole numbers with commas between, such as 250,100, not {shown!r}"
        raise ConfigError({"hidden": problem}) from None


def _is_whole(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)


def _option(field: str) -> str:
    """The command line's name of a field, which messages use so that they can be acted on."""
    return "--" + field.replace("_", "-")
