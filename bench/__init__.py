"""Measurements, not tests: speed beside a notebook-style loop, and accuracy over seeds."""
