"""Which transform a configuration selects, how it fades, and that the training's batches use it."""

from dataclasses import replace

import numpy as np
import pytest
import torch

from mnist_tui.engine.augment.choose import RotateAndCrop, make_transform
from mnist_tui.engine.augment.preview import augmented
from mnist_tui.engine.augment.warp import Warp
from mnist_tui.engine.config import RunConfig
from mnist_tui.engine.training.batches import TrainingBatches, normalise
from tests.helpers import noise_dataset

BENT = RunConfig(batch_size=32, hidden=(), rotation=10.0, shift=1, scale=0.1, shear=5.0, elastic=0.5)


def generator(seed=0):
    return torch.Generator().manual_seed(seed)


def pixels_of(config, epoch, count=230):
    """An epoch's pixels, ordered by image; normalised by 0 and 1/255, so that they are as the transform gave them."""
    images = torch.tensor(noise_dataset(count).images)
    batches = TrainingBatches(images, torch.arange(count), 0.0, 1 / 255, config)
    x, y = (torch.cat(part) for part in zip(*batches.epoch(epoch), strict=True))
    return x[y.argsort()].view(count, 28, 28)


@pytest.mark.parametrize("field", ["scale", "shear", "elastic"])
def test_each_setting_distorts(field):
    config = replace(RunConfig(rotation=0.0, shift=0), **{field: 0.5})
    assert isinstance(make_transform(config, 28), Warp)
    images = noise_dataset(20).images
    changed = (augmented(images, config, 1) != images).any(axis=(1, 2))
    assert changed.all()


def test_without_them_it_is_the_notebooks():
    assert isinstance(make_transform(RunConfig(), 28), RotateAndCrop)


class TestFading:
    def test_rotation_and_crop_fade(self):
        # The padding stays, so that a weak shift cuts around the middle.
        transform = RotateAndCrop(28, 8.0, 4)
        matrices, offsets = transform.draw(3000, generator(), 0.5)
        angles = np.degrees(np.arcsin(matrices[:, 3].numpy() / 65536))
        assert np.abs(angles).max() == pytest.approx(4.0, abs=0.05)
        assert np.unique(offsets.numpy()).tolist() == [2, 3, 4, 5, 6]

    @pytest.mark.parametrize("config", [RunConfig(shift=3), BENT], ids=["turn and crop", "bend"])
    def test_at_strength_0_images_stay(self, config):
        images = torch.tensor(noise_dataset(50).images)
        transform = make_transform(config, 28)
        result = transform.apply(transform.prepare(images), *transform.draw(50, generator(), 0.0))
        torch.testing.assert_close(result.float(), images.float(), rtol=0, atol=0.01)

    def test_over_the_epochs(self):
        config = replace(BENT, epochs=3, fade=1.0)
        stored = torch.tensor(noise_dataset(230).images).float()
        away = [(pixels_of(config, epoch) - stored).abs().mean().item() for epoch in (1, 2, 3)]
        assert away[0] > away[1] > away[2]
        assert away[2] < 0.01
        # Without fading the last epoch is as strong as the first.
        assert (pixels_of(replace(config, fade=0.0), 3) - stored).abs().mean() > away[1]


class TestBatches:
    def test_are_what_the_transform_gives(self):
        # Drawn for the whole epoch, applied in chunks: the result may not depend on where a chunk ends.
        small, large = (pixels_of(replace(BENT, batch_size=size), 1, 1100) for size in (10, 1100))
        torch.testing.assert_close(small, large, rtol=0, atol=0.01)

    def test_same_epoch_same_pixels(self):
        assert torch.equal(pixels_of(BENT, 4), pixels_of(BENT, 4))
        assert not torch.equal(pixels_of(BENT, 4), pixels_of(BENT, 5))
        assert not torch.equal(pixels_of(BENT, 4), pixels_of(replace(BENT, seed=7), 4))

    def test_broken_values_are_normalised_too(self):
        images = torch.tensor(noise_dataset(5).images)
        torch.testing.assert_close(
            normalise(images.float() + 0.25, 0.1, 0.3), normalise(images, 0.1, 0.3) + 0.25 / 76.5
        )


@pytest.mark.parametrize("epoch", [1, 2, 5])
def test_samples_have_the_strength_of_their_epoch(epoch):
    images, config = noise_dataset(30).images, replace(BENT, fade=0.8, epochs=5)
    transform, strength = make_transform(BENT, 28), 1 - 0.8 * (epoch - 1) / 4
    expected = transform.apply(transform.prepare(torch.tensor(images)), *transform.draw(30, generator(9), strength))
    result = augmented(images, config, 9, epoch)
    assert result.dtype == np.uint8
    assert np.abs(result - expected.numpy()).max() <= 0.5
