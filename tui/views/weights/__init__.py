"""Weights view."""
