"""Options of `train` for what goes beyond the notebook: the rate's schedule, and bending the images."""

from __future__ import annotations

from typing import Annotated

import typer

from mnist_tui.engine.training.schedule import SCHEDULES
from mnist_tui.tui.cli.options import named

Schedule = Annotated[
    str,
    typer.Option(
        metavar="NAME",
        help=f"How the learning rate goes over the run: {', '.join(SCHEDULES)}.",
        autocompletion=named(SCHEDULES),
    ),
]
WeightDecay = Annotated[float, typer.Option(metavar="X", help="How fast adamw shrinks the weights; the others don't.")]
Scale = Annotated[
    float, typer.Option(metavar="X", help="Training images are stretched by up to this share along each axis …")
]
Shear = Annotated[float, typer.Option(metavar="DEG", help="… slanted by up to so much …")]
Elastic = Annotated[
    float, typer.Option(metavar="PX", help="… and deformed like rubber: standard deviation of the displacement.")
]
Fade = Annotated[
    float,
    typer.Option(metavar="X", help="From epoch to epoch all of that weakens; by the last this share of it is gone."),
]
