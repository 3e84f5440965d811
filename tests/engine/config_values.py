"""Values that each setting allows and refuses."""

import math

import pytest

from mnist_tui.engine.config import RunConfig
from mnist_tui.engine.data.catalog import DATASET_NAMES
from mnist_tui.engine.errors import ConfigError
from mnist_tui.engine.recipes import RECIPES
from mnist_tui.engine.training.optimizers import OPTIMIZERS
from mnist_tui.engine.training.schedule import SCHEDULES

DEVICES = ("auto", "cpu", "cuda", "mps")


def problems_of(**values):
    with pytest.raises(ConfigError) as caught:
        RunConfig(**values)
    return caught.value.problems


# By field: values just outside what is allowed and values of another type, and what the message must tell.
NOT_NUMBERS = ("3", None, math.nan, math.inf, -math.inf, True, [1])

REFUSED = {
    "recipe": (("foo", "", None, 3, ["notebook"]), tuple(RECIPES)),
    "dataset": (("foo", "MNIST", "", None), DATASET_NAMES),
    "optimizer": (("foo", "Adam", "", None), OPTIMIZERS),
    "device": (("foo", "gpu", "", None), DEVICES),
    "schedule": (("foo", "onecycle", "", None), SCHEDULES),
    "epochs": ((0, -1, 100_001, 1.0, 2.5, *NOT_NUMBERS), ("from 1 to 100,000",)),
    "batch_size": ((0, -64, 60_001, 64.0, *NOT_NUMBERS), ("from 1 to 60,000",)),
    "seed": ((-1, 2**63, 1.0, *NOT_NUMBERS), ("from 0 to 9,223,372,036,854,775,807",)),
    "threads": ((-1, 1025, 1.0, *NOT_NUMBERS), ("auto or a whole number from 1 to 1,024",)),
    "shift": ((-1, 15, 2.0, *NOT_NUMBERS), ("from 0 to 14",)),
    "lr": ((0, 0.0, -1e-3, 100.1, 1e300, *NOT_NUMBERS), ("above 0 and at most 100",)),
    "rotation": ((-0.1, 180.1, *NOT_NUMBERS), ("from 0 to 180",)),
    "valid_fraction": ((0, 0.0009, 0.91, 1, *NOT_NUMBERS), ("from 0.001 to 0.9",)),
    "weight_decay": ((-0.1, 1.1, *NOT_NUMBERS), ("from 0 to 1",)),
    "scale": ((-0.1, 1.1, *NOT_NUMBERS), ("from 0 to 1",)),
    "shear": ((-0.1, 45.1, *NOT_NUMBERS), ("from 0 to 45",)),
    "elastic": ((-0.1, 5.1, *NOT_NUMBERS), ("from 0 to 5",)),
    "fade": ((-0.1, 1.1, *NOT_NUMBERS), ("from 0 to 1",)),
}

ALLOWED = {
    "recipe": tuple(RECIPES),
    "dataset": DATASET_NAMES,
    "optimizer": OPTIMIZERS,
    "device": DEVICES,
    "epochs": (1, 100_000),
    "batch_size": (1, 60_000),
    "seed": (0, 2**63 - 1),
    "threads": (0, 1024),
    "shift": (0, 14),
    "lr": (1e-12, 1, 100, 100.0),
    "rotation": (0, 0.0, 180, 180.0),
    "valid_fraction": (0.001, 0.9),
    "schedule": SCHEDULES,
    "weight_decay": (0, 0.0, 1, 1.0),
    "scale": (0, 0.0, 1, 1.0),
    "shear": (0, 0.0, 45, 45.0),
    "elastic": (0, 0.0, 5, 5.0),
    "fade": (0, 0.0, 1, 1.0),
    "hidden": ((), (1,), (100,) * 20, (50_000,)),
}
