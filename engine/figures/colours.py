"""Colours for figures, distinguishable with colour vision deficiencies."""

from __future__ import annotations

# A pair with the same hues, because no ten colours contrast with dark and with light backgrounds and with each other.
# Each has a contrast of at least 3:1 to the background of every theme of the console. Found by maximizing the smallest
# CIEDE2000 difference between any two classes, with normal vision and with simulated red, green and blue deficiencies
# (Machado 2009): it is at least 13.7. Classes that are often confused, such as 4 and 9, differ most.
CLASSES = (
    "#771199", "#550044", "#1100ff", "#008888", "#ee2288", "#8866ee", "#004400", "#668800", "#994444", "#332222",
)  # fmt: skip
"""Colours of the classes, and of compared runs, on white and in light themes."""
CLASSES_ON_DARK = (
    "#cc22ff", "#eeaabb", "#bbbbff", "#009977", "#ff4477", "#9988bb", "#ccffbb", "#33ee00", "#ff0000", "#ffeeff",
)  # fmt: skip
"""The same in dark themes: purple, pink, lavender, teal, rose, mauve, pale green, green, red, white."""
TRAIN, VALID, FINE = "#1766b3", "#c26a00", "#b3bfce"
"""Colours of training, validation and the batch curve within the epochs."""
INK, FAINT, GRID = "#1c232c", "#5b6b80", "#d9dee5"
DASHES = ("-", "--", ":", "-.")
"""Line styles, used when there are more runs than colours."""
