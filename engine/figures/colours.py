"""Colours on paper that colour-blind readers tell apart."""

from __future__ import annotations

# Found by a search for the largest distance of the closest two (CIELAB), as seen without and with a red, green or blue
# deficiency (Machado 2009), with contrast to a light ground.
CLASSES = (
    "#dd8800", "#0000ff", "#aa2200", "#3399dd", "#552299", "#aa8866", "#9955ff", "#663333", "#8899aa", "#114466",
)  # fmt: skip
TRAIN, VALID, FINE = "#1766b3", "#c26a00", "#b3bfce"
"""Training, validation and the fine line within the epochs."""
INK, FAINT, GRID = "#1c232c", "#5b6b80", "#d9dee5"
# Okabe and Ito's, the yellow left out: it can't be seen on white.
RUNS = ("#0072b2", "#d55e00", "#009e73", "#cc79a7", "#56b4e9", "#e69f00", "#000000")
DASHES = ("-", "--", ":", "-.")
"""Line styles, for more runs than there are colours."""
