"""The augmentation, pixel for pixel against torchvision's transforms of one PIL image at a time."""

import numpy as np
import pytest
import torch
from PIL import Image
from scipy import stats
from torchvision.transforms import InterpolationMode
from torchvision.transforms import functional as vision

from mnist_tui.engine.augment.preview import augmented
from mnist_tui.engine.augment.rotate_crop import add_border, crop_matrices, draw, rotate_and_crop, rotation_matrices
from mnist_tui.engine.config import RunConfig
from mnist_tui.engine.data.catalog import CATALOG
from mnist_tui.engine.data.idx import read_images


def one_by_one(images, angles, offsets, shift):
    """torchvision's `rotate` (nearest, fill 0) and then its `pad` and `crop`, image by image."""
    results = []
    for image, angle, (top, left) in zip(images, angles, offsets, strict=True):
        turned = vision.rotate(Image.fromarray(image), float(angle), InterpolationMode.NEAREST, fill=0)
        padded = vision.pad(turned, shift, fill=0)
        results.append(np.array(vision.crop(padded, int(top), int(left), *image.shape)))
    return np.stack(results)


def ours(images, angles, offsets, shift):
    offsets = torch.tensor(offsets)
    matrices = crop_matrices(
        rotation_matrices(torch.tensor(angles, dtype=torch.float64), images.shape[1]), offsets, shift
    )
    return rotate_and_crop(add_border(torch.tensor(images)), matrices, offsets, shift).numpy()


def noise(count, size=28, seed=0):
    # Without zeros, so that what is filled and padded can be told from the image.
    return np.random.default_rng(seed).integers(1, 256, (count, size, size), np.uint8)


def generator(seed=0):
    return torch.Generator().manual_seed(seed)


class TestEqualToTorchvision:
    @pytest.mark.parametrize(("rotation", "shift"), [(5.0, 2), (45.0, 4), (180.0, 14), (15.0, 0), (0.5, 1)])
    def test_random_angles_and_offsets(self, rotation, shift):
        images = noise(400, seed=int(rotation))
        random = np.random.default_rng(shift)
        angles = random.uniform(-rotation, rotation, 400)
        offsets = random.integers(0, 2 * shift + 1, (400, 2))
        np.testing.assert_array_equal(ours(images, angles, offsets, shift), one_by_one(images, angles, offsets, shift))

    def test_every_offset(self):
        offsets = np.stack(np.meshgrid(range(5), range(5), indexing="ij"), axis=-1).reshape(-1, 2)
        images, angles = noise(25), np.linspace(-5, 5, 25)
        np.testing.assert_array_equal(ours(images, angles, offsets, 2), one_by_one(images, angles, offsets, 2))

    def test_special_angles(self):
        # Pillow takes another way for quarter turns; at 0 and at the tiniest angles nothing may move.
        angles = np.array([0.0, -0.0, 90.0, -90.0, 180.0, -180.0, 270.0, 360.0, 1e-9, -1e-9, 45.0, -45.0, 30.0])
        images, offsets = noise(len(angles)), np.full((len(angles), 2), 2)
        result = ours(images, angles, offsets, 2)
        np.testing.assert_array_equal(result, one_by_one(images, angles, offsets, 2))
        np.testing.assert_array_equal(result[0], images[0])
        np.testing.assert_array_equal(result[2], np.rot90(images[2]))

    @pytest.mark.parametrize("size", [8, 20, 27, 32])
    def test_other_sizes(self, size):
        random = np.random.default_rng(size)
        images, angles = noise(100, size), random.uniform(-30, 30, 100)
        offsets = random.integers(0, 7, (100, 2))
        np.testing.assert_array_equal(ours(images, angles, offsets, 3), one_by_one(images, angles, offsets, 3))

    def test_real_images(self, mnist_folder):
        images = read_images(mnist_folder / "MNIST" / "raw", CATALOG["mnist"].train_images)[:100]
        random = np.random.default_rng(0)
        angles, offsets = random.uniform(-5, 5, 100), random.integers(0, 5, (100, 2))
        np.testing.assert_array_equal(ours(images, angles, offsets, 2), one_by_one(images, angles, offsets, 2))

    def test_nothing_to_do_changes_nothing(self):
        images = noise(10)
        np.testing.assert_array_equal(ours(images, np.zeros(10), np.zeros((10, 2), int), 0), images)

    def test_counter_clockwise(self):
        # A bright pixel on the right goes up, as in torchvision.
        image = np.zeros((1, 28, 28), np.uint8)
        image[0, 14, 25] = 255
        turned = ours(image, np.array([20.0]), np.array([[0, 0]]), 0)[0]
        row, _ = np.unravel_index(turned.argmax(), turned.shape)
        assert turned.max() == 255
        assert row < 13

    def test_the_given_images_are_unchanged(self):
        # And the drawn values, too.
        framed, offsets = add_border(torch.tensor(noise(5))), torch.zeros(5, 2, dtype=torch.int64)
        turns = rotation_matrices(torch.full((5,), 5.0, dtype=torch.float64), 28)
        given = (framed, turns, crop_matrices(turns, offsets, 2))
        before = [tensor.clone() for tensor in given]
        rotate_and_crop(framed, given[2], offsets, 2)
        assert all(torch.equal(tensor, copy) for tensor, copy in zip(given, before, strict=True))


class TestDraw:
    def test_angles_are_uniform(self):
        angles, _ = draw(20_000, 5.0, 2, generator())
        assert angles.dtype == torch.float64
        assert angles.abs().max() <= 5.0
        # The test's own chance of failing is fixed by the seed; a normal or one-sided distribution gives p ≈ 0.
        assert stats.kstest(angles.numpy(), stats.uniform(-5.0, 10.0).cdf).pvalue > 0.01

    @pytest.mark.parametrize("shift", [1, 2, 5])
    def test_offsets_are_uniform(self, shift):
        _, offsets = draw(20_000, 5.0, shift, generator(shift))
        assert offsets.shape == (20_000, 2)
        places = 2 * shift + 1
        joint = np.bincount((offsets[:, 0] * places + offsets[:, 1]).numpy(), minlength=places**2)
        assert len(joint) == places**2
        # All places of the cut are equally frequent, so rows and columns are drawn independently too.
        assert stats.chisquare(joint).pvalue > 0.01

    def test_angle_and_offset_are_independent(self):
        angles, offsets = draw(20_000, 5.0, 2, generator(3))
        for column in offsets.T:
            assert stats.spearmanr(angles, column).pvalue > 0.01

    def test_every_image_gets_its_own(self):
        angles, offsets = draw(1000, 5.0, 2, generator())
        assert len(np.unique(angles.numpy())) == 1000
        assert len(np.unique(offsets.numpy(), axis=0)) == 25

    def test_seed_decides(self):
        once, again, other = (draw(50, 5.0, 2, generator(seed)) for seed in (1, 1, 2))
        assert torch.equal(once[0], again[0])
        assert torch.equal(once[1], again[1])
        assert not torch.equal(once[0], other[0])
        assert not torch.equal(once[1], other[1])

    def test_continues_from_the_state_of_the_generator(self):
        source = generator()
        assert not torch.equal(draw(50, 5.0, 2, source)[0], draw(50, 5.0, 2, source)[0])

    def test_no_rotation_and_no_shift(self):
        angles, offsets = draw(100, 0.0, 0, generator())
        assert not angles.any()
        assert not offsets.any()


class TestSamples:
    def test_is_the_trainings_transform(self):
        images = noise(25)
        source = generator(7)
        angles, offsets = (part.numpy() for part in draw(25, 5.0, 2, source))
        result = augmented(images, RunConfig(), seed=7)
        np.testing.assert_array_equal(result, one_by_one(images, angles, offsets, 2))
        assert result.dtype == np.uint8

    def test_seed_decides(self):
        images = noise(25)
        np.testing.assert_array_equal(augmented(images, RunConfig(), 1), augmented(images, RunConfig(), 1))
        assert (augmented(images, RunConfig(), 1) != augmented(images, RunConfig(), 2)).any(axis=(1, 2)).sum() > 20
