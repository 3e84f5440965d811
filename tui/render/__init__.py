"""Arrays and numbers as terminal cells and words; pure functions."""
