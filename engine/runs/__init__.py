"""Run folders: everything that is stored of a run, and how to write, read, follow and control it."""
