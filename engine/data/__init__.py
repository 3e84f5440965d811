"""Finds, downloads, verifies and reads the data sets; needs numpy only.

The entry point is `loading.load`, which yields progress events and returns a `dataset.Dataset`. `folder.survey` lists
quickly which data sets are present. This file imports nothing, so that the catalog can be read without importing numpy.
"""
