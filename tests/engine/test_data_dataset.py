"""Statistics, split and the bundled digits, against numpy, torch, scikit-learn and the real data."""

from dataclasses import replace

import numpy as np
import pytest

from mnist_tui.engine.data.catalog import CATALOG, DIGITS
from mnist_tui.engine.data.dataset import make_dataset, pixel_statistics
from mnist_tui.engine.data.digits import enlarge, load_digits_dataset
from mnist_tui.engine.data.idx import read_images
from tests.engine.mirror import tiny_data


def dataset_of(count, classes=10):
    images = np.zeros((count, 28, 28), np.uint8)
    labels = (np.arange(count) % classes).astype(np.uint8)
    return make_dataset("x", "X", tuple(map(str, range(classes))), images, labels, images.copy(), labels.copy())


class TestStatistics:
    def test_mnist(self, mnist_folder):
        # The notebook's own numbers, which torch computed in single precision.
        images = read_images(mnist_folder / "MNIST" / "raw", CATALOG["mnist"].train_images)
        mean, std = pixel_statistics(images)
        assert mean == pytest.approx(0.13066048920154572, abs=1e-7)
        assert std == pytest.approx(0.30810779333114624, abs=1e-7)

    @pytest.mark.parametrize("count", [1, 999, 1000, 1001, 2500])
    def test_equal_to_numpy(self, count):
        # The counts lie around the chunks' borders.
        images = np.random.default_rng(count).integers(0, 256, (count, 28, 28), np.uint8)
        scaled = images.astype(np.float64) / 255
        assert pixel_statistics(images) == pytest.approx((scaled.mean(), scaled.std()), rel=1e-12)

    def test_half_black_half_white(self):
        images = np.zeros((2, 28, 28), np.uint8)
        images[1] = 255
        assert pixel_statistics(images) == (0.5, 0.5)

    def test_training_images_only(self):
        data = tiny_data()
        white = np.full((5, 28, 28), 255, np.uint8)
        labels = np.zeros(5, np.uint8)
        dataset = make_dataset("x", "X", tuple("0123456789"), data.images, data.labels, white, labels)
        assert dataset.mean == pytest.approx((data.images / 255).mean(), rel=1e-12)


class TestSplit:
    @pytest.mark.parametrize("count", [10, 1797, 60_000])
    def test_disjoint_complete_and_sorted(self, count):
        train, valid = dataset_of(count).split(1234)
        assert len(valid) == round(count * 0.1)
        assert train.dtype == valid.dtype == np.int64
        np.testing.assert_array_equal(np.sort(np.concatenate([train, valid])), np.arange(count))
        assert (np.diff(train) > 0).all()
        assert (np.diff(valid) > 0).all()

    def test_seed_decides(self):
        dataset = dataset_of(1000)
        once, again, other = dataset.split(1), dataset.split(1), dataset.split(2)
        np.testing.assert_array_equal(once[1], again[1])
        assert not np.array_equal(once[1], other[1])

    def test_is_numpys_permutation(self):
        _, valid = dataset_of(1000).split(7)
        np.testing.assert_array_equal(valid, np.sort(np.random.default_rng(7).permutation(1000)[:100]))

    def test_every_class_is_drawn_from(self):
        # A split by position instead of by chance would take a block of neighbours.
        _, valid = dataset_of(60_000).split(1234)
        tenths = np.bincount(valid // 6000, minlength=10)
        assert tenths.min() > 450
        assert tenths.max() < 750

    @pytest.mark.parametrize(("count", "fraction", "expected"), [(10, 0.001, 1), (2, 0.9, 1), (10, 0.25, 2)])
    def test_both_parts_are_not_empty(self, count, fraction, expected):
        train, valid = dataset_of(count).split(0, fraction)
        assert (len(train), len(valid)) == (count - expected, expected)


class TestDataset:
    def test_arrays_are_read_only(self):
        dataset = dataset_of(20)
        for array in (dataset.images, dataset.labels, dataset.test_images, dataset.test_labels):
            with pytest.raises(ValueError, match="read-only"):
                array[0] = 1

    def test_digest_depends_on_every_image_and_label(self):
        dataset = dataset_of(23)
        assert dataset.digest == dataset_of(23).digest
        for name in ("images", "labels", "test_images", "test_labels"):
            changed = getattr(dataset, name).copy()
            changed.flat[-1] += 1
            assert replace(dataset, **{name: changed}).digest != dataset.digest, name

    def test_class_counts(self):
        dataset = dataset_of(23)
        np.testing.assert_array_equal(dataset.class_counts(dataset.labels), [3, 3, 3, 2, 2, 2, 2, 2, 2, 2])
        # An absent class still has a count.
        np.testing.assert_array_equal(dataset.class_counts(dataset.labels[:2]), [1, 1] + [0] * 8)


class TestDigits:
    def test_labels_and_parts_are_scikit_learns(self):
        from sklearn.datasets import load_digits

        dataset = load_digits_dataset()
        reference = load_digits()
        labels = np.concatenate([dataset.labels, dataset.test_labels])
        np.testing.assert_array_equal(labels, reference.target)
        assert dataset.images.shape == (1500, 28, 28)
        assert dataset.test_images.shape == (297, 28, 28)
        assert dataset.images.dtype == dataset.labels.dtype == np.uint8
        assert (len(dataset.labels), len(dataset.test_labels)) == (DIGITS.train_items, DIGITS.test_items)

    def test_images_are_torchs_interpolation(self):
        import torch
        from sklearn.datasets import load_digits

        dataset = load_digits_dataset()
        small = torch.from_numpy(load_digits().images)[:, None]
        box = torch.nn.functional.interpolate(small, size=(20, 20), mode="bilinear", align_corners=False)
        expected = torch.nn.functional.pad(box * 255 / 16, (4, 4, 4, 4))[:, 0].numpy()
        images = np.concatenate([dataset.images, dataset.test_images])
        # Rounded to the nearest grey value; where it is exactly between two, either will do.
        assert np.abs(images - expected).max() <= 0.5 + 1e-9

    def test_full_range_and_empty_margin(self):
        images = load_digits_dataset().images
        assert (images.min(), images.max()) == (0, 255)
        margin = images.copy()
        margin[:, 4:24, 4:24] = 0
        assert not margin.any()

    def test_a_corner_stays_in_its_corner(self):
        # A picture that is turned over or swapped with its mirror image has its bright corner elsewhere.
        small = np.zeros((1, 8, 8))
        small[0, 0, 7] = 16
        large = enlarge(small)[0]
        assert large[4, 23] == 255
        assert large[14:].max() == large[:, :14].max() == 0

    def test_always_the_same(self):
        np.testing.assert_array_equal(load_digits_dataset().images, load_digits_dataset().images)

    def test_statistics_and_note(self):
        dataset = load_digits_dataset("stands in")
        scaled = dataset.images.astype(np.float64) / 255
        assert (dataset.mean, dataset.std) == pytest.approx((scaled.mean(), scaled.std()), rel=1e-12)
        assert dataset.note == "stands in"
        assert load_digits_dataset().note == ""
