"""Colours for figures, distinguishable with colour vision deficiencies."""

from __future__ import annotations

# A pair with the same hues, because no ten colours contrast with dark and with light backgrounds and with each other.
# Each has a contrast of at least 3:1 to the background of every theme of the console. Found by maximizing the smallest
# CIEDE2000 difference between any two classes, with normal vision and with simulated red, green and blue deficiencies
# (Machado 2009): it is at least 15 with normal vision and 12 with the deficiencies. Classes that are often confused,
# such as 4 and 9, differ most.
CLASSES = (
    "#bb5599", "#332222", "#ff0000", "#004455", "#773399", "#555544", "#668855", "#1111ff", "#5577ee", "#881100",
)  # fmt: skip
"""Colours of the classes, and of compared runs, on white and in light themes."""
CLASSES_ON_DARK = (
    "#ee4477", "#ffeedd", "#ff9977", "#66eeff", "#aa66aa", "#99aaaa", "#bbff00", "#88aaff", "#9966ff", "#ff0000",
)  # fmt: skip
"""The same in dark themes: rose, white (black on white), orange, cyan, purple, grey, green, blue, violet, red."""
TRAIN, VALID, FINE = "#1766b3", "#c26a00", "#b3bfce"
"""Colours of training, validation and the batch curve within the epochs."""
INK, FAINT, GRID = "#1c232c", "#5b6b80", "#d9dee5"
DASHES = ("-", "--", ":", "-.")
"""Line styles, used when there are more runs than colours."""
