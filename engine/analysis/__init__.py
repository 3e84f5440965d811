"""Questions about what a network learned, one file each: numpy arrays in, a frozen dataclass out, no screen."""
