"""What the tests of axes and charts share."""

import numpy as np

from mnist_tui.tui.render.axes import (
    Line,
    Plot,
)

PLAIN, LOG, PERCENT = Plot(), Plot(log=True), Plot(percent=True)


def line(ys, xs=None, **options):
    xs = range(len(ys)) if xs is None else xs
    return Line("a line", np.array(xs, float), np.array(ys, float), "red", **options)
