"""Training and understanding a multilayer perceptron, without any screen."""

__version__ = "0.1.0"
