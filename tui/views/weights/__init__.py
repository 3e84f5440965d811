"""The Weights view."""
