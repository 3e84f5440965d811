"""Pictures of the console, taken from the real app with a real run."""
