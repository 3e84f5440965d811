"""Projection view."""
