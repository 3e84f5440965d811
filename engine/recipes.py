"""The recipes: named sets of values for the fields of a configuration."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Recipe:
    """Values by field name; a field that is not named keeps its default."""

    name: str
    title: str
    explanation: str
    values: Mapping[str, Any]


RECIPES: dict[str, Recipe] = {
    recipe.name: recipe
    for recipe in (
        Recipe(
            "notebook",
            "The notebook",
            "As in the teaching notebook. About 98.1 % on the MNIST test set.",
            {},
        ),
        Recipe(
            "fast",
            "Fast training",
            "Strong augmentation that fades. About 98.5 % on the MNIST test set, in seconds.",
            {
                "epochs": 3,
                "batch_size": 128,
                "lr": 3e-3,
                "schedule": "one-cycle",
                "rotation": 10.0,
                "shift": 1,
                "scale": 0.1,
                "shear": 6.0,
                "elastic": 1.6,
                "fade": 0.9,
            },
        ),
        Recipe(
            "best",
            "Best accuracy",
            "Long training, strong augmentation that fades. About 99.5 % on the MNIST test set, in four minutes on one "
            "CPU core.",
            {
                "epochs": 200,
                "batch_size": 256,
                "optimizer": "adamw",
                "lr": 3e-3,
                "schedule": "one-cycle",
                "weight_decay": 0.05,
                "rotation": 15.0,
                "scale": 0.2,
                "shear": 10.0,
                "elastic": 2.0,
                "fade": 0.6,
            },
        ),
    )
}
