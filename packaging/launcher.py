"""What an installed wheel starts: `tui` and `engine` lie inside this package, so their folder goes on the path."""

import sys
from pathlib import Path


def main() -> None:
    """Run the `mnist-tui` command."""
    sys.path.insert(0, str(Path(__file__).parent))
    from tui.cli import main as command

    command()
