"""The configuration: what it refuses, in which words, and its recipes."""

import itertools
from dataclasses import replace

import pytest

from mnist_tui.engine.config import MAX_PARAMETERS, SETTINGS, RunConfig
from mnist_tui.engine.errors import ConfigError
from mnist_tui.engine.recipes import RECIPES
from tests.engine.config_values import ALLOWED, REFUSED, problems_of


class TestRefused:
    @pytest.mark.parametrize(
        ("field", "value", "told"), [(f, v, told) for f, (values, told) in REFUSED.items() for v in values]
    )
    def test_the_message_names_the_option_and_its_range(self, field, value, told):
        problems = problems_of(**{field: value})
        assert set(problems) == {field}
        message = problems[field]
        assert message.startswith("--" + field.replace("_", "-"))
        assert message.endswith(f", not {value!r}")
        for words in told:
            assert words in message

    @pytest.mark.parametrize(
        ("hidden", "told"),
        [
            ((0,), "from 1 to 100,000, not 0"),
            ((250, -5), "from 1 to 100,000, not -5"),
            ((100_001,), "from 1 to 100,000, not 100001"),
            ((10,) * 21, "at most 20 layers, not 21"),
            ((2.5,), "layer sizes"),
            ((True,), "layer sizes"),
            (("250",), "layer sizes"),
            ([250, 100], "layer sizes"),
            ("250,100", "layer sizes"),
            (250, "layer sizes"),
            (None, "layer sizes"),
        ],
    )
    def test_hidden(self, hidden, told):
        problems = problems_of(hidden=hidden)
        assert set(problems) == {"hidden"}
        assert told in problems["hidden"]
        assert problems["hidden"].startswith("--hidden ")

    def test_hidden_layers_that_are_too_many_parameters_together(self):
        # Each size is allowed by itself.
        sizes = (784, 7000, 7000, 10)
        count = sum(a * b + b for a, b in itertools.pairwise(sizes))
        assert count > MAX_PARAMETERS
        message = problems_of(hidden=(7000, 7000))["hidden"]
        assert message == f"--hidden must make at most 50,000,000 parameters, not {count}"

    def test_all_problems_at_once(self):
        bad = {field: values[0] for field, (values, _) in REFUSED.items()} | {"hidden": (0,)}
        with pytest.raises(ConfigError) as caught:
            RunConfig(**bad)
        assert set(caught.value.problems) == set(bad)
        for message in caught.value.problems.values():
            assert message in str(caught.value)
        assert "\n" not in str(caught.value)
        assert caught.value.exit_code == 2

    @pytest.mark.parametrize("field", ["lr", "rotation", "valid_fraction"])
    def test_a_whole_number_beyond_any_float(self, field):
        # math.isfinite can't take it; a config.json may hold it.
        assert field in problems_of(**{field: 10**400})

    def test_copies_are_checked_too(self):
        with pytest.raises(ConfigError):
            replace(RunConfig(), epochs=0)


class TestAllowed:
    @pytest.mark.parametrize(("field", "value"), [(f, v) for f, values in ALLOWED.items() for v in values])
    def test_the_ends_of_the_range(self, field, value):
        assert getattr(RunConfig(**{field: value}), field) == value

    def test_the_same_fields_are_covered(self):
        assert set(ALLOWED) == {*REFUSED, "hidden"} <= set(SETTINGS)

    def test_cannot_be_changed(self):
        with pytest.raises(AttributeError):
            RunConfig().epochs = 3


class TestNotebook:
    def test_defaults_are_the_notebooks(self):
        config = RunConfig()
        assert (config.epochs, config.batch_size, config.hidden) == (10, 64, (250, 100))
        assert (config.optimizer, config.lr, config.seed) == ("adam", 1e-3, 1234)
        assert (config.rotation, config.shift, config.valid_fraction) == (5.0, 2, 0.1)
        # Nothing beyond the notebook's settings.
        assert config.schedule == "constant"
        assert not config.bends
        assert config.fade == 0.0

    def test_parameters(self):
        assert RunConfig().layer_sizes == (784, 250, 100, 10)
        assert RunConfig().parameters == 784 * 250 + 250 + 250 * 100 + 100 + 100 * 10 + 10 == 222_360

    def test_parameters_of_other_layers(self):
        assert RunConfig(hidden=()).parameters == 784 * 10 + 10
        assert RunConfig(hidden=(7, 5, 3)).parameters == 785 * 7 + 8 * 5 + 6 * 3 + 4 * 10

    def test_recipe(self):
        assert RunConfig.from_recipe("notebook") == RunConfig()
        assert RunConfig.from_recipe("notebook", epochs=3, lr=0.1) == RunConfig(epochs=3, lr=0.1)

    def test_an_unknown_recipe_is_reported_with_the_other_problems(self):
        with pytest.raises(ConfigError) as caught:
            RunConfig.from_recipe("foo", epochs=0)
        assert set(caught.value.problems) == {"recipe", "epochs"}


class TestRecipes:
    @pytest.mark.parametrize("name", RECIPES)
    def test_is_valid_and_unchanged(self, name):
        recipe, config = RECIPES[name], RunConfig.from_recipe(name)
        assert config.recipe == recipe.name == name
        assert config.changed == []
        assert all(SETTINGS[name].in_recipes for name in recipe.values)
        for field, value in recipe.values.items():
            assert getattr(config, field) == value != getattr(RunConfig(), field)

    @pytest.mark.parametrize("name", RECIPES)
    def test_is_the_same_network(self, name):
        assert RunConfig.from_recipe(name).layer_sizes == (784, 250, 100, 10)

    def test_changed_names_what_was_overridden(self):
        config = RunConfig.from_recipe("notebook", lr=0.5, epochs=3, batch_size=64, seed=9, threads=2, dataset="digits")
        assert config.changed == ["epochs", "lr"]


class TestAugmentation:
    def test_notebooks(self):
        assert RunConfig().augmentation == "±5° ±2 px"

    def test_all_of_it(self):
        config = RunConfig(rotation=12.5, shift=0, scale=0.25, shear=10.0, elastic=1.5)
        assert config.augmentation == "±12.5° ±0 px ×1.25 shear 10° elastic 1.5 px"


class TestStrength:
    def test_without_fading_it_stays(self):
        assert {RunConfig().strength(epoch) for epoch in range(1, 11)} == {1.0}

    def test_fades_evenly(self):
        config = RunConfig(epochs=5, fade=0.6)
        assert [config.strength(epoch) for epoch in range(1, 6)] == pytest.approx([1, 0.85, 0.7, 0.55, 0.4])

    def test_fades_to_nothing(self):
        assert RunConfig(epochs=7, fade=1.0).strength(7) == 0.0

    def test_a_single_epoch_is_the_first(self):
        assert RunConfig(epochs=1, fade=1.0).strength(1) == 1.0
