"""An epoch's batches: every image once, in a new order, augmented again, and normalised as by torchvision."""

import math
from dataclasses import replace

import numpy as np
import pytest
import torch
from PIL import Image
from torchvision import transforms

from mnist_tui.engine.config import RunConfig
from mnist_tui.engine.training.batches import TrainingBatches, normalise, seed_for
from tests.helpers import noise_dataset

STILL = RunConfig(batch_size=32, rotation=0.0, shift=0, hidden=())
"""No augmentation, so that an image can be told from its pixels."""


def batches_of(config, count=230, mean=0.4, std=0.2):
    images = torch.tensor(noise_dataset(count).images)
    # An image's number as its label, which no product code looks at.
    return TrainingBatches(images, torch.arange(count), mean, std, config)


def order_of(batches, epoch):
    return torch.cat([y for _, y in batches.epoch(epoch)])


def pixels_of(batches, epoch):
    return torch.cat([x for x, _ in batches.epoch(epoch)])


class TestNormalise:
    @pytest.mark.parametrize(("mean", "std"), [(0.1306604762738429, 0.30810780385646264), (0.5, 0.5), (0.0, 1.0)])
    def test_equal_to_torchvision(self, mean, std):
        grey = np.arange(256, dtype=np.uint8)
        images = np.stack([grey, grey[::-1], np.roll(grey, 77), np.full(256, 255)]).reshape(4, 16, 16).astype(np.uint8)
        reference = transforms.Compose([transforms.ToTensor(), transforms.Normalize([mean], [std])])
        expected = torch.stack([reference(Image.fromarray(image)).flatten() for image in images])
        result = normalise(torch.tensor(images), mean, std)
        assert result.dtype == torch.float32
        assert result.shape == (4, 256)
        torch.testing.assert_close(result, expected, rtol=0, atol=1e-6)

    @pytest.mark.parametrize("dtype", [torch.uint8, torch.float32])
    def test_the_given_images_are_unchanged(self, dtype):
        images = torch.tensor(noise_dataset(3).images).to(dtype)
        before = images.clone()
        normalise(images, 0.5, 0.5)
        assert torch.equal(images, before)


class TestEpoch:
    @pytest.mark.parametrize("batch_size", [1, 7, 32, 64, 229, 230, 231, 600])
    def test_every_image_exactly_once(self, batch_size):
        batches = batches_of(replace(STILL, batch_size=batch_size))
        assert torch.equal(order_of(batches, 1).sort().values, torch.arange(230))

    def test_every_image_exactly_once_over_several_chunks(self):
        # More images than are augmented at once, and no multiple of the batch.
        batches = batches_of(replace(STILL, batch_size=100), count=1350)
        assert torch.equal(order_of(batches, 1).sort().values, torch.arange(1350))

    def test_label_belongs_to_its_image(self):
        images = torch.tensor(noise_dataset(1350).images)
        for x, y in batches_of(STILL, count=1350).epoch(1):
            torch.testing.assert_close(x, normalise(images[y], 0.4, 0.2), rtol=0, atol=0)

    def test_order_is_new_every_epoch(self):
        batches = batches_of(STILL)
        orders = [order_of(batches, epoch) for epoch in (1, 2, 3)]
        for a, b in ((0, 1), (0, 2), (1, 2)):
            # Two random orders agree at one position on average.
            assert (orders[a] == orders[b]).sum() < 10
        assert (orders[0] == torch.arange(230)).sum() < 10

    def test_an_epoch_does_not_depend_on_earlier_ones(self):
        batches = batches_of(RunConfig(batch_size=32))
        first = pixels_of(batches, 5)
        pixels_of(batches, 6)
        assert torch.equal(pixels_of(batches, 5), first)
        assert torch.equal(pixels_of(batches_of(RunConfig(batch_size=32)), 5), first)

    def test_torchs_random_state_is_not_used(self):
        batches = batches_of(RunConfig(batch_size=32))
        torch.manual_seed(1)
        first = pixels_of(batches, 1)
        torch.manual_seed(2)
        state = torch.random.get_rng_state()
        assert torch.equal(pixels_of(batches, 1), first)
        assert torch.equal(torch.random.get_rng_state(), state)

    def test_seed_decides(self):
        assert not torch.equal(order_of(batches_of(STILL), 1), order_of(batches_of(replace(STILL, seed=5)), 1))

    def test_an_image_is_augmented_differently_in_every_epoch(self):
        batches = batches_of(RunConfig(batch_size=32))
        by_image = []
        for epoch in (1, 2):
            order = order_of(batches, epoch)
            by_image.append(pixels_of(batches, epoch)[order.argsort()])
        differing = (by_image[0] != by_image[1]).any(dim=1)
        assert differing.sum() > 220

    @pytest.mark.parametrize("batch_size", [32, 100, 511, 513])
    def test_images_are_augmented_differently_within_an_epoch(self, batch_size):
        # The same image everywhere: what differs is the augmentation, across the chunks' borders too. By up to 5° there
        # are only some hundred different pictures, by up to 180° nearly all differ.
        count = 1100
        image = torch.tensor(noise_dataset(1).images)
        config = RunConfig(batch_size=batch_size, rotation=180.0)
        batches = TrainingBatches(image.repeat(count, 1, 1), torch.zeros(count, dtype=torch.int64), 0.4, 0.2, config)
        assert len(np.unique(pixels_of(batches, 1).numpy(), axis=0)) > 0.9 * count


class TestSizes:
    @pytest.mark.parametrize("batch_size", [1, 32, 46, 100, 229, 230, 231, 60_000])
    def test_are_the_batches_that_come(self, batch_size):
        batches = batches_of(replace(STILL, batch_size=batch_size))
        sizes = [len(y) for _, y in batches.epoch(1)]
        assert batches.sizes().tolist() == sizes
        assert len(batches) == len(sizes) == math.ceil(230 / batch_size)

    def test_last_batch_is_short(self):
        assert batches_of(STILL).sizes().tolist() == [32] * 7 + [6]

    def test_notebooks(self):
        images = torch.zeros(54_000, 1, 1, dtype=torch.uint8)
        sizes = TrainingBatches(images, torch.zeros(54_000), 0.1, 0.3, RunConfig()).sizes()
        assert len(sizes) == 844
        assert sizes.tolist() == [64] * 843 + [48]


class TestSeeds:
    def test_differ_by_epoch_and_by_seed(self):
        seeds = {seed_for(seed, epoch) for seed in range(40) for epoch in range(40)}
        assert len(seeds) == 1600

    @pytest.mark.parametrize("seed", [0, 1234, 2**63 - 1])
    def test_torch_takes_them(self, seed):
        value = seed_for(seed, 100_000)
        assert 0 <= value < 2**63
        assert torch.Generator().manual_seed(value).initial_seed() == value
