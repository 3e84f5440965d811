"""The view of a new run."""
