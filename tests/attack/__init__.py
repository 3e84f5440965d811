"""A hostile or unlucky world: `python -m tests.attack` prints what mnist-tui makes of it."""
