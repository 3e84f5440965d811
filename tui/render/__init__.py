"""Pure functions that render arrays and numbers as terminal cells and text."""
