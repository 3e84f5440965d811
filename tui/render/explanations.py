"""What each view shows, and what its numbers mean; for the help and for views that are empty."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Explanation:
    """Texts about a view."""

    about: str
    """Two or three sentences: what the view shows."""
    terms: tuple[tuple[str, str], ...] = ()
    """Numbers and marks on the screen, with their meaning in two or three sentences."""


_ACCURACY = (
    "accuracy",
    "Share of the images whose most probable class is the true one. It counts images, so that one of 10,000 is 0.01 %.",
)
_LOSS = (
    "loss",
    "Mean cross-entropy in nats: the negative logarithm of the probability that the true class got. 0 is perfect; "
    "guessing among ten classes gives 2.303. A confident mistake costs much, an unsure one little.",
)
_PARTIAL = (
    "…",
    "A partial epoch: it was stopped early, so that its loss and accuracy say less. It is the best one only if no "
    "epoch is complete.",
)
_SEEDS = (
    "over 21 seeds",
    "Mean and standard deviation of the test accuracy with the notebook's settings on MNIST (README, Results): what "
    "another seed changes. Not measured for other settings.",
)
_BEST = (
    "★",
    "The complete epoch with the lowest validation loss. Its weights are evaluated on the test images at the end, and "
    "are shown by every view that does not follow a training.",
)
_INTERVAL = (
    "95 % CI",
    "Wilson interval: the accuracies that are plausible for this network on other images of the same kind. It grows "
    "with fewer images. It does not say what another seed of the training would give.",
)
_TEST = (
    "test",
    "Accuracy on the test images with the weights of the best epoch. It is measured once, at the end, because these "
    "images must not influence the training.",
)
_CONFIDENCE = (
    "confidence",
    "The probability that the network gives to the class it predicts. A high one beside a wrong class means that "
    "the image looks like that class to the network, or that its label is wrong.",
)
_NEAREST = (
    "nearest, distance",
    "The training images with the smallest Euclidean distance in the activations of the last hidden layer. They show "
    "what the network holds to be alike; without a hidden layer, pixels are compared.",
)

EXPLANATIONS = {
    "setup": Explanation(
        "The settings of the next training. Start it as it is to repeat the teaching notebook, or choose another "
        "recipe; every setting of a recipe can be changed. The panel on the right shows the network and what it will "
        "train on.",
        (
            (
                "newest run",
                "The run in training, or else the one that was created last, with its accuracy on the test images. "
                "A run without a test result shows that of its best epoch on the validation images.",
            ),
            _BEST,
            (
                "parameters",
                "The number of weights and biases that the training adjusts. Each layer has inputs × units weights "
                "and one bias for each unit.",
            ),
            (
                "steps",
                "Updates of the parameters, one for each batch of images. An epoch is one pass over all training "
                "images.",
            ),
        ),
    ),
    "data": Explanation(
        "The images of the data set: as they are stored, and as the training sees them after the random rotation, "
        "shift and distortion. The network never sees the test images during training.",
        (
            (
                "strength",
                "Share of the ranges in the epoch shown, where the augmentation fades: the current epoch of the "
                "training, else the first. [ and ] select another one.",
            ),
            (
                "mean, std",
                "Mean and standard deviation of the pixels of the training file, from 0 for black to 1 for white. "
                "Images are shifted and scaled by them before the network sees them.",
            ),
            (
                "0 … 9",
                "Number of images of each class in the split. Classes of unequal size make the accuracy follow the "
                "larger ones.",
            ),
            (
                "#",
                "Index of the image in the data set's file, from 0. Training and validation images come from the "
                "same file.",
            ),
        ),
    ),
    "training": Explanation(
        "Loss and accuracy of the training while it runs: after each epoch on the validation images, which are not "
        "trained on, and along the batches on the training images. The training images are augmented and therefore "
        "harder, so their curve often lies below that of the validation images.",
        (
            _LOSS,
            _ACCURACY,
            _BEST,
            _PARTIAL,
            _TEST,
            _SEEDS,
            _INTERVAL,
            (
                "smoothing",
                "An exponential moving average of the batch curve, in which single batches no longer stand out. "
                "Numbers in tables are never smoothed.",
            ),
            (
                "images/s, left",
                "Training images in a second, and the time that the remaining epochs will take. It is estimated from "
                "the median duration of an epoch.",
            ),
        ),
    ),
    "confusion": Explanation(
        "How often each class was predicted for the images of each actual class: rows are actual classes, columns "
        "predicted ones, so that mistakes lie off the diagonal. Both have colours of their own, on separate scales, "
        "so that a few errors are visible beside a thousand hits. The pairs are the mistakes that are made most.",
        (
            (
                "■",
                "There are two colour scales, so that errors are visible beside many hits. The diagonal shows recall, "
                "from 0 to 100 %; the other cells show their share of the row, from 0 to that of the commonest error.",
            ),
            (
                "recall",
                "Of the images of a class, the share that was recognised (along a row). It is low where images of the "
                "class are taken for others.",
            ),
            (
                "precision",
                "Of the images predicted as a class, the share that belongs to it (along a column). It is low where "
                "images of others are taken for the class.",
            ),
            (
                "F1",
                "The harmonic mean of precision and recall. It is high only if both are.",
            ),
            _ACCURACY,
            _INTERVAL,
            (
                "pairs",
                "Number of images of the first class that were predicted as the second, and their share of the first "
                "one's images. Counted in both directions together, the share is that of both rows.",
            ),
        ),
    ),
    "mistakes": Explanation(
        "The misclassified images, those of highest confidence first. Each is shown with its true and its predicted "
        "class; opened, also with all probabilities, its history over the epochs and similar training images.",
        (
            _CONFIDENCE,
            (
                "loss",
                "Cross-entropy of this image, in nats: the negative logarithm of the probability of its true class. "
                "It is 0 for certainty, and high if the true class got a low probability.",
            ),
            (
                "margin",
                "Confidence minus the probability of the second most probable class. Near 0 the network wavers "
                "between two classes.",
            ),
            _NEAREST,
            (
                "pred, conf",
                "The predicted class and its probability after each epoch; ✓ and ✗ say whether it was right. A class "
                "that changes late was learned late, or not for good.",
            ),
        ),
    ),
    "projection": Explanation(
        "What the network makes of the images before it decides: each point is an image, and its position is that of "
        "the activations of a layer, reduced to two dimensions. PCA keeps the directions of largest variance; t-SNE "
        "keeps neighbours together, and distances between its clusters mean nothing.",
        (
            (
                "k-NN accuracy",
                "Share of the points whose class is that of most of their five nearest neighbours. In the plane it "
                "says how well the picture separates the classes; in the full space, how well the layer does.",
            ),
            (
                "all … points",
                "The points that the numbers are computed from. Beyond 5,000 they are a random sample of as many.",
            ),
            (
                "silhouette",
                "How much nearer a point is to its own class than to the next one, on average: from −1 to 1. Near 0 "
                "the classes overlap in the plane; below 0 points lie among another class.",
            ),
            (
                "trustworthiness",
                "Whether points that are neighbours in the plane are neighbours in the layer, too. It is 1 if all "
                "are; lower values mean that the plane puts points together that are far apart.",
            ),
            (
                "Procrustes R²",
                "How well the plane of one layer, moved, scaled, rotated and if necessary mirrored, fits that of the "
                "other. 100 % means equal shapes; the angle below it is that of the rotation.",
            ),
            (
                "variance",
                "PCA: share of the layer's variance along each axis. If the two together are far below 100 %, the "
                "plane shows only a part of what distinguishes the images.",
            ),
            (
                "KL",
                "t-SNE: the Kullback-Leibler divergence that it minimises, a measure of how badly neighbourhoods are "
                "kept. Lower is better, but it is comparable only for the same points.",
            ),
        ),
    ),
    "imagine": Explanation(
        "Images that the network is most certain of, for each class: the best of many images of noise, an image "
        "improved by gradient ascent, and one that is kept smooth meanwhile. They show what the network looks for, "
        "which is often not what a person would draw.",
        (
            (
                "probability",
                "What the network gives to the class for this image. It says how certain the network is, not how much "
                "the image looks like a digit.",
            ),
            (
                "images, steps",
                "How many images of noise were tried, or how many steps the ascent made. More of them lead to a "
                "higher probability.",
            ),
            (
                "nearest, distance",
                "The training image with the most similar activations in the last hidden layer, and the Euclidean "
                "distance of these. A large distance means that no training image looked like it to the network.",
            ),
        ),
    ),
    "weights": Explanation(
        "The weights of each hidden unit of the first layer as an image: pixels at the lower end of the colour scale "
        "inhibit the unit, those at the upper end excite it. Deeper layers are shown as matrices. A unit that has "
        "learned something has structure; one that has not looks like noise.",
        (
            (
                "norm",
                "Length of the unit's weight vector. Units with a small norm react little to any image.",
            ),
            (
                "I, structure",
                "Moran's I of the weights: whether neighbouring pixels have similar weights. It is near 0 for noise "
                "and near 1 for smooth strokes; an untrained unit has about 0.",
            ),
            (
                "active",
                "Share of the images for which the unit's activation is above 0. A unit that is never active "
                "contributes nothing; one that always is acts linearly.",
            ),
            (
                "activation",
                "What the unit outputs for an image: the weighted sum of the pixels plus the bias, or 0 if that is "
                "negative. The bars are its mean for each class, and the images are those with the highest one.",
            ),
            (
                "bias",
                "A constant that is added to the weighted sum. A negative one lets the unit react only to images that "
                "fit its weights well.",
            ),
            (
                "outgoing",
                "The weights with which the next layer uses the unit. Positive ones vote for a class or a unit, "
                "negative ones against it.",
            ),
        ),
    ),
    "runs": Explanation(
        "All stored runs, the last one first, with the curves of the run under the cursor. Open one to see it in "
        "every view, resume it, or mark several to compare them.",
        (
            _BEST,
            _PARTIAL,
            _TEST,
            _SEEDS,
            (
                "valid",
                "Accuracy of the best epoch on the validation images, which are held back from the training images. "
                "The best epoch was chosen by these images, so that the test result is the fairer one.",
            ),
            (
                "died",
                "The process ended abruptly, without a last line in the log. The run can be resumed from its last "
                "saved state.",
            ),
        ),
    ),
    "compare": Explanation(
        "The validation curves of the marked runs over one another. On MNIST with the notebook's settings, another "
        "seed changes the test accuracy with a standard deviation of 0.13 points (21 seeds; README, Results).",
        (_LOSS, _ACCURACY, _TEST),
    ),
}
"""By the mode of the view."""
