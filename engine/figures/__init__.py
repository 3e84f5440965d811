"""Figures of the views for papers and slides; the only package that imports matplotlib."""
