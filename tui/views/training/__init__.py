"""Training view."""
