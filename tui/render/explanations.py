"""What each view shows, and what its numbers mean; for the help and for views that are empty."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Explanation:
    """Texts about a view."""

    about: str
    """Two or three sentences: what the view shows."""
    terms: tuple[tuple[str, str], ...] = ()
    """Numbers and marks on the screen, with their meaning."""


_BEST = (
    "★",
    "the complete epoch with the lowest validation loss, whose weights are evaluated on the test images at the end",
)
_PARTIAL = (
    "…",
    "a partial epoch: stopped early, its loss and accuracy say less; it is the best one only if it is the first",
)
_SEEDS = (
    "over 21 seeds",
    "mean and standard deviation of the test accuracy with the notebook's settings on MNIST (README, Results): what "
    "another seed changes; not measured for other settings",
)
_INTERVAL = (
    "95 % CI",
    "Wilson interval: the accuracies that are plausible for this network on other images of the same kind; it counts "
    "the number of images, not the seed of the training",
)
_CONFIDENCE = ("confidence", "the probability that the network gives to the class it predicts")

EXPLANATIONS = {
    "setup": Explanation(
        "The settings of the next training. Start it as it is to repeat the teaching notebook, or choose another "
        "recipe; every setting of a recipe can be changed. The panel on the right shows the network and what it will "
        "train on."
    ),
    "data": Explanation(
        "The images of the data set: as they are stored, and as the training sees them after the random rotation, "
        "shift and distortion. The network never sees the test images during training.",
        (
            (
                "strength",
                "share of the ranges in the epoch shown, where the augmentation fades: the current epoch of the "
                "training, else the first; [ and ] select another one",
            ),
        ),
    ),
    "training": Explanation(
        "Loss and accuracy of the training while it runs: after each epoch on the validation images, which are not "
        "trained on, and along the batches on the training images. The training images are augmented and therefore "
        "harder, so their curve often lies below that of the validation images.",
        (
            ("loss", "mean cross-entropy, in nats: the negative logarithm of the probability of the true class"),
            ("accuracy", "share of the images whose most probable class is the true one"),
            _BEST,
            _PARTIAL,
            _SEEDS,
            ("smoothing", "an exponential moving average of the batch curve; numbers in tables are never smoothed"),
        ),
    ),
    "confusion": Explanation(
        "How often each class was predicted for the images of each actual class: rows are actual classes, columns "
        "predicted ones, so that mistakes lie off the diagonal. Both have colours of their own, on separate scales, "
        "so that a few errors are visible beside a thousand hits. The pairs are the mistakes that are made most.",
        (
            ("diagonal", "colour: recall, from 0 to 100 %"),
            ("errors", "colour: share of the row, from 0 to that of the most frequent error"),
            ("recall", "of the images of a class, the share that was recognised (along a row)"),
            ("precision", "of the images predicted as a class, the share that belongs to it (along a column)"),
            ("F1", "harmonic mean of precision and recall"),
            _INTERVAL,
        ),
    ),
    "mistakes": Explanation(
        "The misclassified images, those of highest confidence first. Each is shown with its true and its predicted "
        "class; opened, also with all probabilities, its history over the epochs and similar training images.",
        (
            _CONFIDENCE,
            ("loss", "cross-entropy of this image: high if its true class got a low probability"),
            ("margin", "confidence minus the probability of the second most probable class"),
            ("nearest", "training images with the most similar activations in the last hidden layer"),
        ),
    ),
    "projection": Explanation(
        "What the network makes of the images before it decides: each point is an image, and its position is that of "
        "the activations of a layer, reduced to two dimensions. PCA keeps the directions of largest variance; t-SNE "
        "keeps neighbours together, and distances between its clusters mean nothing.",
        (
            ("k-NN accuracy", "share of points whose class is that of most of their nearest neighbours"),
            ("all … points", "points that the numbers are computed from: at most 5,000, beyond that a random sample"),
            ("silhouette", "from −1 to 1: how much nearer a point is to its own class than to the next one"),
            ("trustworthiness", "up to 1: whether neighbours in the plane are neighbours in the layer, too"),
            ("Procrustes R²", "how well a rotation and scaling of one layer's plane fits that of the other"),
            ("variance", "PCA: share of the layer's variance along each axis"),
            ("KL", "t-SNE: the quantity that it minimises; lower is better, comparable for the same points only"),
        ),
    ),
    "imagine": Explanation(
        "Images that the network is most certain of, for each class: the best of many images of noise, an image "
        "improved by gradient ascent, and one that is kept smooth meanwhile. They show what the network looks for, "
        "which is often not what a person would draw.",
        (
            ("probability", "what the network gives to the class for this image"),
            ("nearest", "the training image with the most similar activations in the last hidden layer"),
        ),
    ),
    "weights": Explanation(
        "The weights of each hidden unit of the first layer as an image: blue pixels inhibit the unit, red ones "
        "excite it. Deeper layers are shown as matrices. A unit that has learned something has structure; one that "
        "has not looks like noise.",
        (
            ("norm", "length of the unit's weight vector"),
            (
                "I, structure",
                "Moran's I of the weights: near 0 for noise, near 1 if neighbouring pixels have similar weights",
            ),
            ("active", "share of the images for which the unit's activation is above 0"),
        ),
    ),
    "runs": Explanation(
        "All stored runs, the last one first, with the curves of the run under the cursor. Open one to see it in "
        "every view, resume it, or mark several to compare them.",
        (
            _BEST,
            _PARTIAL,
            ("test", "accuracy on the test images with the weights of the best epoch, measured once at the end"),
            _SEEDS,
            ("died", "the process ended abruptly; the run can be resumed"),
        ),
    ),
    "compare": Explanation(
        "The validation curves of the marked runs over one another. On MNIST with the notebook's settings, another "
        "seed changes the test accuracy with a standard deviation of 0.13 points (21 seeds; README, Results)."
    ),
}
"""By the mode of the view."""
