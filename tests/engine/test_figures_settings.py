"""Settings of figures: read from and written as a command's arguments."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from mnist_tui.engine.analysis.pca import aligned, orientation, oriented, pca
from mnist_tui.engine.errors import ConfigError
from mnist_tui.engine.figures.export import parse_size
from mnist_tui.engine.figures.registry import KINDS, select_views
from mnist_tui.engine.figures.settings import Settings, arguments, parse
from mnist_tui.engine.runs.folder import RunFolder
from tests.engine.figures_helpers import ONE_RUN, made

pytestmark = pytest.mark.usefixtures("few_noise_images")


class TestSettings:
    def test_settings_become_arguments_and_are_parsed_back(self) -> None:
        """Fails where a setting gets lost between the screen and the command."""
        settings = Settings(
            log=True, smooth=0.6, last=10, first=26, count=9, draw=3, percent=True, both=True, which="all",
            sort="margin", reverse=True, filter="true:3 conf>0.9", index=947, points=1000, classes=(0, 3),
            window=(-1.5, -2.0, 3.25, 4.0), wrong=True, axes=(-2, 1), digits=(3, 5), order="norm", unit=7, layer=1,
            each=True,
        )  # fmt: skip
        for view, kind in KINDS.items():
            words = arguments(settings, [name for name in kind.options if name != "compared"])
            from mnist_tui.engine.figures.settings import OPTIONS

            named = {option.flag: name for name, option in OPTIONS.items()}
            values, rest = {}, list(words)
            while rest:
                name = named[rest.pop(0)]
                values[name] = rest.pop(0) if OPTIONS[name].metavar else True
            understood = parse(values)
            for name in kind.options:
                if name != "compared":
                    assert getattr(understood, name) == getattr(settings, name), (view, name)
        assert arguments(Settings(), OPTIONS) == []

    @pytest.mark.parametrize(
        ("name", "value"),
        [
            ("smooth", "1"), ("smooth", "nan"), ("smooth", "x"), ("count", "0"), ("first", "0"), ("first", "-1"),
            ("index", "1.5"), ("classes", "10"), ("classes", ""), ("classes", "a"), ("axes", "1,1"), ("axes", "3,1"),
            ("window", "1,2,3"), ("window", "3,0,1,1"), ("window", "nan,0,1,1"), ("which", "bad"), ("sort", ""),
            ("order", "x"), ("layer", "99"), ("points", "1"), ("digits", "3,"), ("unit", "²"),
        ],
    )  # fmt: skip
    def test_wrong_settings_are_named(self, name: str, value: str) -> None:
        with pytest.raises(ConfigError, match=f"--{name}"):
            parse({name: value})

    def test_a_setting_that_no_view_has_is_refused(self) -> None:
        with pytest.raises(ConfigError, match="--unit applies only to weights"):
            select_views(("confusion",), {"unit"})
        with pytest.raises(ConfigError, match=r"the view must be one of curves, .*, not 'bogus'"):
            select_views(("curves", "bogus"), set())
        assert select_views((), set()) == ONE_RUN

    @pytest.mark.parametrize("size", ["1x5", "7", "x", "7x", "nanx3", "7x50"])
    def test_wrong_sizes(self, size: str) -> None:
        with pytest.raises(ConfigError, match="--size"):
            parse_size(size)

    def test_settings_that_the_subject_does_not_have(self, run: RunFolder, tmp_path: Path) -> None:
        for view, settings, words in (
            ("weights", Settings(layer=3), "--layer 3"),
            ("weights", Settings(unit=16), "0 to 15"),
            ("image", Settings(index=99_999), "--index 99999"),
            ("mistakes", Settings(filter="tru:3"), "--filter"),
        ):
            with pytest.raises(ConfigError, match=words):
                made(run, tmp_path, view, settings)
        assert list(tmp_path.iterdir()) == []


def test_an_orientation_is_named_so_that_it_can_be_reproduced() -> None:
    """Fails where the picture on the screen, turned like the epoch before, comes out mirrored."""
    random = np.random.default_rng(5)
    x = random.normal(size=(60, 5)) * [3, 2.9, 1, 1, 1]
    plain = pca(x)
    for signs in ((1, 1), (-1, 1), (1, -1), (-1, -1)):
        for order in ((0, 1), (1, 0)):
            turned = aligned(plain, plain.points[:, order] * signs)
            again = oriented(plain, orientation(turned, plain))
            np.testing.assert_array_equal(again.points, turned.points)
            np.testing.assert_array_equal(again.explained_variance_ratio, turned.explained_variance_ratio)
