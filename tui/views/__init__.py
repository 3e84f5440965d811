"""Views of the console, one module or package each."""
