"""The terminal: what it can show, signals, stray output, logs."""
