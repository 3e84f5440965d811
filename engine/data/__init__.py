"""Finds, downloads, verifies and reads the data sets, with numpy alone.

`loading.load` is the way in: it yields what it is doing and returns a `dataset.Dataset`. `folder.survey` says at a
glance what is there. Nothing is imported here, so that the catalog can be read before numpy is.
"""
