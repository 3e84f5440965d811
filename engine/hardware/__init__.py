"""Devices, CPU threads, and how torch is imported."""
