"""Faults of IDX files."""

from functools import partial

import pytest

from mnist_tui.engine.data.idx import read_images, read_labels
from mnist_tui.engine.errors import DataError


def fault_of(folder, source, classes=10):
    """The error's text for a file, which must be one line that names the path."""
    read = read_images if source.kind == "images" else partial(read_labels, classes=classes)
    with pytest.raises(DataError) as caught:
        read(folder, source)
    text = str(caught.value)
    assert text.startswith(str(folder / source.name))
    assert "\n" not in text
    return text
