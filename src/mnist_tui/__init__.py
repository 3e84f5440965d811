"""Train a first neural network on MNIST in the terminal, live, and find out what it learned.

Importing this package imports nothing else and changes nothing in the process. `mnist_tui.engine` trains and analyses,
`mnist_tui.tui` is the command line and the console.
"""
