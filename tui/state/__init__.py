"""The objects that the app owns: its training, its exports, the chosen epoch."""
