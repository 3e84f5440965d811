"""The configuration of a run, and the table of its settings."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from mnist_tui.engine.recipes import RECIPES
from mnist_tui.engine.settings import Choice, Configuration, Number, Sizes, Whole, setting, settings_of

PIXELS = 28 * 28
CLASSES = 10
MAX_EPOCHS = 100_000
MAX_PARAMETERS = 50_000_000
"""50 million parameters are 200 MB of weights in every epoch's checkpoint."""

DATA = "Recipe and data"
NETWORK = "Network and training"
OPTIMIZATION = "Optimization"
AUGMENTATION = "Augmentation"
EXECUTION = "Execution"


@dataclass(frozen=True, slots=True)
class RunConfig(Configuration):
    """Everything that determines a run's numbers; the defaults are the recipe `notebook`.

    A field is declared once, with all that its check, the command, the form and the documentation need.
    """

    recipe: str = setting(
        "notebook",
        Choice(*RECIPES),
        DATA,
        "Recipe",
        "Settings to start from; the other options override them.",
        in_recipes=False,
    )
    dataset: str = setting(
        "auto",
        Choice("auto", "mnist", "fashion-mnist", "kmnist", "qmnist", "digits"),
        DATA,
        "Data set",
        "Data set; auto is MNIST, or digits if MNIST is not available.",
        in_recipes=False,
    )
    valid_fraction: float = setting(
        0.1,
        Number(0.001, 0.9),
        DATA,
        "Validation share",
        "Share of the training images set aside for validation.",
        in_form=False,
    )
    epochs: int = setting(
        10, Whole(1, MAX_EPOCHS), NETWORK, "Epochs", "Passes over the training images, in total.", on_resume=True
    )
    batch_size: int = setting(
        64, Whole(1, 60_000), NETWORK, "Batch size", "Images per training step.", note="images per step"
    )
    hidden: tuple[int, ...] = setting(
        (250, 100),
        Sizes(100_000, layers=20),
        NETWORK,
        "Hidden layers",
        "Sizes of the hidden layers, from input to output.",
        note="sizes, or none",
    )
    optimizer: str = setting(
        "adam",
        Choice("adam", "adamw", "sgd", "rmsprop"),
        OPTIMIZATION,
        "Optimizer",
        "Optimizer; sgd has Nesterov momentum 0.9.",
    )
    lr: float = setting(
        1e-3, Number(0, 100, above=True), OPTIMIZATION, "Peak learning rate", "Peak learning rate.", note="> 0"
    )
    schedule: str = setting(
        "constant",
        Choice("constant", "one-cycle", "cosine"),
        OPTIMIZATION,
        "Schedule",
        "Learning-rate schedule; one-cycle warms up over the first tenth of the steps and anneals to almost 0, "
        "cosine only anneals.",
        note="learning rate",
    )
    weight_decay: float = setting(
        0.01,
        Number(0, 1),
        OPTIMIZATION,
        "Weight decay",
        "Weight decay of adamw.",
        note="adamw only",
        needs=("optimizer", "adamw"),
    )
    rotation: float = setting(
        5.0,
        Number(0, 180, unit="°"),
        AUGMENTATION,
        "Rotation ±°",
        "Maximum random rotation of the training images, in either direction.",
    )
    shift: int = setting(
        2, Whole(0, 14, unit="px"), AUGMENTATION, "Translation ±px", "Maximum random translation along each axis."
    )
    scale: float = setting(
        0.0,
        Number(0, 1),
        AUGMENTATION,
        "Scaling ±",
        "Maximum random scaling along each axis: 0.1 scales by a factor from 1/1.1 to 1.1.",
        note="0.1 is 10 %",
    )
    shear: float = setting(
        0.0, Number(0, 45, unit="°"), AUGMENTATION, "Shear ±°", "Maximum random shear, in either direction."
    )
    elastic: float = setting(
        0.0,
        Number(0, 5, unit="px"),
        AUGMENTATION,
        "Elastic distortion",
        "Elastic distortion: standard deviation of each pixel's displacement along each axis.",
    )
    fade: float = setting(
        0.0,
        Number(0, 1),
        AUGMENTATION,
        "Augmentation fade",
        "Share of augmentation removed by the last epoch.",
        note="share removed",
    )
    seed: int = setting(
        1234,
        Whole(0, 2**63 - 1),
        EXECUTION,
        "Random seed",
        "Random seed; on the CPU, the same seed on the same machine reproduces a run bit for bit.",
        note="for all draws",
        in_recipes=False,
    )
    device: str = setting(
        "auto",
        Choice("auto", "cpu", "cuda", "mps"),
        EXECUTION,
        "Device",
        "Device; auto is the fastest one.",
        in_recipes=False,
        on_resume=True,
    )
    threads: int = setting(
        0,
        Whole(1, 1024, zero="auto"),
        EXECUTION,
        "CPU threads",
        "CPU threads; auto measures once which number is fastest, and leaves a core for the screen.",
        note="empty: auto",
        in_recipes=False,
        on_resume=True,
    )

    def _conflicts(self) -> Iterator[tuple[str, str, object]]:
        if self.parameters > MAX_PARAMETERS:
            yield "hidden", f"must make at most {MAX_PARAMETERS:,} parameters", self.parameters

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
        """Whether the augmentation needs interpolation: more than the notebook's rotation and random crop."""
        return self.scale > 0 or self.shear > 0 or self.elastic > 0

    @property
    def augmentation(self) -> str:
        """The augmentation in short, such as `±5° ±2 px ×1.1 shear 6°`."""
        stretch = f" ×{1 + self.scale:g}" if self.scale else ""
        shear = f" shear {self.shear:g}°" if self.shear else ""
        elastic = f" elastic {self.elastic:g} px" if self.elastic else ""
        return f"±{self.rotation:g}° ±{self.shift} px{stretch}{shear}{elastic}"

    def strength(self, epoch: int) -> float:
        """Return the strength of the augmentation in an epoch, counted from 1: from 1 down to 1 - `fade`."""
        return 1 - self.fade * (epoch - 1) / max(1, self.epochs - 1)

    @property
    def changed(self) -> list[str]:
        """Names of the settings that differ from the recipe's."""
        original = type(self).from_recipe(self.recipe)
        names = (name for name, about in settings_of(type(self)).items() if about.in_recipes)
        return [name for name in names if self.uses(name) and getattr(self, name) != getattr(original, name)]

    @classmethod
    def from_recipe(cls, recipe: str, **overrides: Any) -> RunConfig:
        """Return the recipe's configuration with `overrides` applied.

        Raises `ConfigError` for an unknown recipe and for values out of range.
        """
        values = RECIPES[recipe].values if recipe in RECIPES else {}
        return cls(**{"recipe": recipe, **values, **overrides})


SETTINGS = settings_of(RunConfig)
"""What `RunConfig` declares of each field, by the field's name."""
