"""Analyses of trained networks, one module each: numpy arrays in, a frozen dataclass out, no user interface."""
