"""Warped images, against torchvision's affine transform, scipy's interpolation and the field's closed form."""

import math

import numpy as np
import pytest
import torch
from scipy import ndimage, stats
from torchvision.transforms import InterpolationMode
from torchvision.transforms import functional as vision

from mnist_tui.engine.augment.warp import SMOOTHNESS, Warp
from mnist_tui.engine.data.catalog import CATALOG
from mnist_tui.engine.data.idx import read_images

SIZE = 28


def noise(count, size=SIZE, seed=0):
    return torch.tensor(np.random.default_rng(seed).integers(1, 256, (count, size, size), np.uint8))


def generator(seed=0):
    return torch.Generator().manual_seed(seed)


def affine_only(rotation=0.0, shift=0.0, scale=0.0, shear=0.0, size=SIZE):
    return Warp(size, rotation, shift, scale, shear, 0.0)


def matrices(warp, count=2000, seed=0, **options):
    """Of each image, the 2×2 matrix of the look-up and its shift in pixels."""
    bends = warp.draw(count, generator(seed), **options)[0].numpy()
    assert bends.shape == (count, 2, 3)
    return bends[:, :, :2], bends[:, :, 2]


class TestApply:
    @pytest.mark.parametrize("size", [8, 27, 28])
    def test_is_scipys_bilinear_interpolation(self, size):
        warp = Warp(size, 40.0, 3.0, 0.3, 20.0, 2.0)
        images, (bends,) = noise(20, size), warp.draw(20, generator())
        centre = (size - 1) / 2
        places = torch.einsum("ncm,mp->ncp", bends.double(), warp._maps.double()).numpy() * centre + centre
        for image, (x, y), bent in zip(images.numpy(), places, warp.apply(images, bends).numpy(), strict=True):
            expected = ndimage.map_coordinates(image.astype(float), [y, x], order=1, mode="grid-constant", cval=0)
            np.testing.assert_allclose(bent.ravel(), expected, atol=0.01)

    def test_nothing_to_do_changes_nothing(self):
        images = noise(10)
        for warp in (affine_only(), Warp(SIZE, 30.0, 2.0, 0.5, 20.0, 3.0)):
            bent = warp.apply(images, *warp.draw(10, generator(), strength=0.0))
            torch.testing.assert_close(bent, images.float(), rtol=0, atol=0.01)

    @pytest.mark.parametrize("angle", [-30.0, 5.0, 90.0])
    def test_rotates_and_shifts_as_torchvision(self, angle):
        turn, look_at = math.radians(angle), (-1.0, 2.0)
        cos, sin = math.cos(turn), math.sin(turn)
        bends = torch.tensor([[cos, -sin, look_at[0]], [sin, cos, look_at[1]]]).repeat(4, 1, 1)
        # Pixels look left and down of themselves, so the image goes right and up; torchvision turns before it moves.
        images = noise(4)
        moved = [-(cos * look_at[0] + sin * look_at[1]), -(-sin * look_at[0] + cos * look_at[1])]
        expected = vision.affine(images.float(), -angle, moved, 1.0, [0.0], InterpolationMode.BILINEAR)
        torch.testing.assert_close(affine_only().apply(images, bends), expected, rtol=0, atol=0.05)

    def test_the_given_images_are_unchanged(self):
        images = noise(5)
        before = images.clone()
        warp = Warp(SIZE, 10.0, 2.0, 0.1, 10.0, 1.0)
        warp.apply(images, *warp.draw(5, generator()))
        assert torch.equal(images, before)

    def test_real_digits_keep_their_class(self, mnist_folder):
        # A gentle bend moves ink but neither makes nor loses it.
        images = torch.tensor(read_images(mnist_folder / "MNIST" / "raw", CATALOG["mnist"].train_images)[:200])
        warp = Warp(SIZE, 5.0, 1.0, 0.0, 0.0, 0.5)
        bent = warp.apply(images, *warp.draw(200, generator()))
        ink = bent.sum(dim=(1, 2)) / images.sum(dim=(1, 2))
        assert ink.median() == pytest.approx(1.0, abs=0.02)
        assert (ink - 1).abs().max() < 0.35
        assert (bent - images.float()).abs().mean() > 3


class TestDraw:
    def test_rotations_are_uniform(self):
        turns, shifts = matrices(affine_only(rotation=10.0))
        np.testing.assert_allclose(turns @ turns.transpose(0, 2, 1), np.tile(np.eye(2), (2000, 1, 1)), atol=1e-5)
        angles = np.degrees(np.arctan2(turns[:, 1, 0], turns[:, 0, 0]))
        assert stats.kstest(angles, stats.uniform(-10, 20).cdf).pvalue > 0.01
        assert not shifts.any()

    def test_shifts_are_uniform_and_independent(self):
        _, shifts = matrices(affine_only(shift=2.0))
        for axis in shifts.T:
            assert stats.kstest(axis, stats.uniform(-2, 4).cdf).pvalue > 0.01
        assert stats.spearmanr(*shifts.T).pvalue > 0.01

    def test_stretches_as_often_as_it_squeezes(self):
        turns, _ = matrices(affine_only(scale=0.25))
        assert not turns[:, 0, 1].any()
        assert not turns[:, 1, 0].any()
        factors = np.log(turns[:, [0, 1], [0, 1]]) / math.log(1.25)
        for axis in factors.T:
            assert stats.kstest(axis, stats.uniform(-1, 2).cdf).pvalue > 0.01
        assert stats.spearmanr(*factors.T).pvalue > 0.01

    def test_shears_are_uniform(self):
        turns, _ = matrices(affine_only(shear=20.0))
        np.testing.assert_allclose(turns[:, [0, 1], [0, 1]], 1.0)
        assert not turns[:, 1, 0].any()
        slants = np.degrees(np.arctan(turns[:, 0, 1]))
        assert stats.kstest(slants, stats.uniform(-20, 40).cdf).pvalue > 0.01

    def test_strength_weakens_everything(self):
        full, weak = (matrices(affine_only(10.0, 2.0, 0.2, 10.0), strength=s) for s in (1.0, 0.25))
        away = [np.abs(turns - np.eye(2)).mean() for turns in (full[0], weak[0])]
        assert away[1] / away[0] == pytest.approx(0.25, abs=0.01)
        np.testing.assert_allclose(weak[1], full[1] / 4, rtol=1e-5)

    def test_seed_decides(self):
        warp = Warp(SIZE, 10.0, 2.0, 0.1, 10.0, 1.0)
        once, again, other = (warp.draw(50, generator(seed))[0] for seed in (1, 1, 2))
        assert torch.equal(once, again)
        assert not (once == other).any()


class TestElastic:
    def fields(self, elastic, count=4000):
        """Displacements in pixels along x and along y: (count, 2, S, S)."""
        warp = Warp(SIZE, 0.0, 0.0, 0.0, 0.0, elastic)
        bends = warp.draw(count, generator())[0].numpy()
        np.testing.assert_array_equal(bends[:, :, -3:], np.tile(np.eye(2, 3, dtype=np.float32), (count, 1, 1)))
        return (bends[:, :, :-3] @ warp._maps[:-3].numpy() * (SIZE - 1) / 2).reshape(count, 2, SIZE, SIZE)

    def test_strength_is_the_standard_deviation_in_pixels(self):
        fields = self.fields(1.5)
        assert fields.std(axis=0).mean() == pytest.approx(1.5, rel=0.02)
        np.testing.assert_allclose(fields.std(axis=0), 1.5, rtol=0.12)
        assert np.abs(fields.mean(axis=0)).max() < 0.1

    def test_is_smooth_as_noise_under_a_gaussian(self):
        # How far apart pixels still move together, from noise that scipy smooths on a plane large enough.
        white = np.random.default_rng(0).standard_normal((600, 600))
        smooth = ndimage.gaussian_filter(white, SMOOTHNESS, mode="wrap")
        fields = self.fields(1.0)
        for lag in (1, 3, 6, 10):
            ours = np.mean(fields[:, :, 14, 8] * fields[:, :, 14, 8 + lag]) / np.mean(fields[:, :, 14, 8] ** 2)
            scipys = np.mean(smooth * np.roll(smooth, lag, axis=1)) / smooth.var()
            assert ours == pytest.approx(scipys, abs=0.06)
            assert scipys == pytest.approx(math.exp(-(lag**2) / (4 * SMOOTHNESS**2)), abs=0.06)

    def test_both_directions_are_independent(self):
        fields = self.fields(1.0)
        assert np.corrcoef(fields[:, 0, 14, 14], fields[:, 1, 14, 14])[0, 1] == pytest.approx(0, abs=0.05)
