"""Mistakes view."""
