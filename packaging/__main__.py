"""`python -m mnist_tui` is the `mnist-tui` command."""

from mnist_tui import main

main()
