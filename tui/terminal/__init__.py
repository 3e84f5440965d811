"""The terminal: its capabilities, ASCII fallback, signals, hangup, stray output and logs."""
