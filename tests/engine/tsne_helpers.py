"""What the tests of t-SNE share."""

from sklearn.datasets import load_digits

DIGITS, LABELS = load_digits(return_X_y=True)
