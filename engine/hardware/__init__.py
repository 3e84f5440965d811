"""Devices, and how torch is imported."""
