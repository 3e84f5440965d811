"""Thin widgets that several views share."""
