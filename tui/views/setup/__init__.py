"""New run view."""
