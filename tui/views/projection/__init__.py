"""The Projection view."""
