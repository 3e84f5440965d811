"""Texts of the Data view."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray
from rich.text import Text

from mnist_tui.engine.analysis.subject import Split
from mnist_tui.engine.data.dataset import Dataset

SPLITS: dict[Split, str] = {"train": "training", "valid": "validation", "test": "test"}


def facts_text(
    dataset: Dataset, indices: Mapping[Split, NDArray[np.int64]], split: Split, width: int, colours: dict[str, str]
) -> Text:
    """Return title, splits, statistics and the images of each class of `split`, in two lines of `width` columns."""
    dim, strong = colours["secondary"], f"bold {colours['foreground']}"
    text = Text(no_wrap=True, overflow="ellipsis")
    title = dataset.title.partition(" (")[0] if width < 80 else dataset.title
    text.append(title, f"bold {colours['accent']}")
    for each, name in SPLITS.items():
        text.append("  ")
        text.append(f"{name} {len(indices[each]):,}", f"{strong} reverse" if each == split else dim)
    wide, narrow = width >= 120, width < 80
    mean, std = f"{dataset.mean:.5f}", f"{dataset.std:.5f}"
    statistics = f"μ {mean[:6]} σ {std[:6]}" if narrow else f"mean {mean}  std {std}"
    text.append(f"   {statistics}\n" if wide else "\n", dim)
    labels = dataset.test_labels if split == "test" else dataset.labels
    counts = dataset.class_counts(labels[indices[split]])
    for i, (name, count) in enumerate(zip(dataset.classes, counts, strict=True)):
        if i == len(counts) // 2 and (not wide or max(map(len, dataset.classes)) > 4):
            text.append(f"{statistics}\n" if not wide else "\n", dim)
        text.append(f"{name} ", colours["accent"])
        text.append(f"{count:,}" + (" " if narrow else "  "), colours["foreground"])
    return text
