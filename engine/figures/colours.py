"""Colours for figures, distinguishable with colour vision deficiencies."""

from __future__ import annotations

# Found by maximizing the smallest CIELAB distance between any two of them, with normal vision and with simulated red,
# green and blue deficiencies (Machado 2009), with sufficient contrast to a light background.
CLASSES = (
    "#dd8800", "#0000ff", "#aa2200", "#3399dd", "#552299", "#aa8866", "#9955ff", "#663333", "#8899aa", "#114466",
)  # fmt: skip
TRAIN, VALID, FINE = "#1766b3", "#c26a00", "#b3bfce"
"""Colours of training, validation and the batch curve within the epochs."""
INK, FAINT, GRID = "#1c232c", "#5b6b80", "#d9dee5"
# The palette of Okabe and Ito without yellow, which is invisible on white.
RUNS = ("#0072b2", "#d55e00", "#009e73", "#cc79a7", "#56b4e9", "#e69f00", "#000000")
DASHES = ("-", "--", ":", "-.")
"""Line styles, used when there are more runs than colours."""
