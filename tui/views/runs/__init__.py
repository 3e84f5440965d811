"""Runs view."""
