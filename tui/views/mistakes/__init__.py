"""The Mistakes view."""
