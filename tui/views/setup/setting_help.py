"""Explanation of the focused setting, for the New run view."""

from __future__ import annotations

from rich.text import Text

from mnist_tui.engine.config import SETTINGS, RunConfig
from mnist_tui.engine.data.folder import Availability
from mnist_tui.tui.render.texts import bytes_label

START = "start"
"""Id of the button that starts the training."""
EFFECTS = {
    "recipe": "Selecting a recipe sets the training and the augmentation; data, seed and device stay as they are.",
    "epochs": "The time grows in proportion. The result is that of the epoch with the lowest validation loss.",
    "batch_size": "Larger: fewer and less noisy updates, so an epoch is faster. Smaller: more updates per epoch.",
    "hidden": "Larger layers fit finer differences and train more slowly; none is a linear classifier.",
    "optimizer": "adam, adamw and rmsprop adapt the step of each weight; sgd usually needs a higher learning rate.",
    "lr": "Too high: the loss jumps or grows. Too low: it falls slowly.",
    "schedule": "Small steps at the end usually lower the final loss.",
    "weight_decay": "Pulls weights towards 0, which counters overfitting.",
    "rotation": "More variation: less overfitting, but more epochs until the same accuracy.",
    "shift": "More variation: less overfitting, but more epochs until the same accuracy.",
    "scale": "More variation: less overfitting, but more epochs until the same accuracy.",
    "shear": "More variation: less overfitting, but more epochs until the same accuracy.",
    "elastic": "Imitates handwriting. More variation: less overfitting, but more epochs until the same accuracy.",
    "fade": "0 keeps the strength; 1 ends with the images as stored.",
    "seed": "Another seed draws other initial weights, another validation set and another order of the images.",
}
"""What a change of the setting leads to."""
OTHERS = {
    START: "Starts the training with these settings; every run is stored in the runs folder.",
    "data_dir": "Folder of the data sets; a missing data set is downloaded into it. Empty for the default folder.",
    "name": "Name added after the timestamp of the run's folder: letters, digits, . - _. Empty for the recipe's name.",
}
"""Explanations of the fields that are not settings."""


def setting_text(
    name: str,
    label: str,
    problem: str,
    config: RunConfig,
    availability: dict[str, Availability],
    colours: dict[str, str],
    *,
    is_editing: bool,
) -> Text:
    """Return what a field does, with its range, its effect and its keys.

    Args:
        label: of the field in the form.
        problem: what is wrong with its value, or empty.
        config: the form's last valid configuration.
    """
    text = Text()
    about = SETTINGS.get(name)
    text.append(label, f"bold {colours['primary']}")
    text.append(f"  {about.option}\n" if about else "\n", colours["secondary"])
    if problem:
        text.append(f"{problem}\n", colours["error"])
    text.append(f"{about.full_help if about else OTHERS[name]}\n")
    if name in EFFECTS:
        text.append(f"{EFFECTS[name]}\n")
    if name == "dataset":
        states = {"ready": "✓", "bundled": "✓", "missing": "↓", "damaged": "✕"}
        parts = (
            f"{states[found.state]} {found.name}" + (f" {bytes_label(found.bytes)}" if found.state == "missing" else "")
            for found in availability.values()
        )
        text.append("   ".join(parts) + "\n", colours["secondary"])
    elif about is not None and about.in_recipes:
        kind = about.kind
        value = kind.text(getattr(RunConfig.from_recipe(config.recipe), name))
        text.append(f"Recipe {config.recipe}: {value}\n", colours["secondary"])
    text.append(_keys(name, is_editing=is_editing), colours["accent"])
    return text


def _keys(name: str, *, is_editing: bool) -> str:
    if name == START:
        return "enter start   ← → recipe   ↑ ↓ settings"
    if name in SETTINGS and SETTINGS[name].kind.choices:
        return "← → choose   esc back to Start"
    return "enter or esc ends editing" if is_editing else "enter edit   esc back to Start"
