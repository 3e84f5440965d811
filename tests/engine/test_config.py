"""The configuration: what it refuses, in which words, and its way to JSON and back."""

import itertools
import json
import math
from dataclasses import fields, replace

import pytest

from mnist_tui.engine.config import MAX_PARAMETERS, SETTINGS, RunConfig
from mnist_tui.engine.data.catalog import DATASET_NAMES
from mnist_tui.engine.errors import ConfigError
from mnist_tui.engine.recipes import RECIPES
from mnist_tui.engine.settings import Choice, Number, Sizes, Whole, brief
from mnist_tui.engine.training.optimizers import OPTIMIZERS
from mnist_tui.engine.training.schedule import SCHEDULES

DEVICES = ("auto", "cpu", "cuda", "mps")


def problems_of(**values):
    with pytest.raises(ConfigError) as caught:
        RunConfig(**values)
    return caught.value.problems


# By field: values just outside what is allowed and values of another type, and what the message must tell.
NOT_NUMBERS = ("3", None, math.nan, math.inf, -math.inf, True, [1])
REFUSED = {
    "recipe": (("foo", "", None, 3, ["notebook"]), tuple(RECIPES)),
    "dataset": (("foo", "MNIST", "", None), DATASET_NAMES),
    "optimizer": (("foo", "Adam", "", None), OPTIMIZERS),
    "device": (("foo", "gpu", "", None), DEVICES),
    "schedule": (("foo", "onecycle", "", None), SCHEDULES),
    "epochs": ((0, -1, 100_001, 1.0, 2.5, *NOT_NUMBERS), ("from 1 to 100,000",)),
    "batch_size": ((0, -64, 60_001, 64.0, *NOT_NUMBERS), ("from 1 to 60,000",)),
    "seed": ((-1, 2**63, 1.0, *NOT_NUMBERS), ("from 0 to 9,223,372,036,854,775,807",)),
    "threads": ((-1, 1025, 1.0, *NOT_NUMBERS), ("auto or a whole number from 1 to 1,024",)),
    "shift": ((-1, 15, 2.0, *NOT_NUMBERS), ("from 0 to 14",)),
    "lr": ((0, 0.0, -1e-3, 100.1, 1e300, *NOT_NUMBERS), ("above 0 and at most 100",)),
    "rotation": ((-0.1, 180.1, *NOT_NUMBERS), ("from 0 to 180",)),
    "valid_fraction": ((0, 0.0009, 0.91, 1, *NOT_NUMBERS), ("from 0.001 to 0.9",)),
    "weight_decay": ((-0.1, 1.1, *NOT_NUMBERS), ("from 0 to 1",)),
    "scale": ((-0.1, 1.1, *NOT_NUMBERS), ("from 0 to 1",)),
    "shear": ((-0.1, 45.1, *NOT_NUMBERS), ("from 0 to 45",)),
    "elastic": ((-0.1, 5.1, *NOT_NUMBERS), ("from 0 to 5",)),
    "fade": ((-0.1, 1.1, *NOT_NUMBERS), ("from 0 to 1",)),
}
ALLOWED = {
    "recipe": tuple(RECIPES),
    "dataset": DATASET_NAMES,
    "optimizer": OPTIMIZERS,
    "device": DEVICES,
    "epochs": (1, 100_000),
    "batch_size": (1, 60_000),
    "seed": (0, 2**63 - 1),
    "threads": (0, 1024),
    "shift": (0, 14),
    "lr": (1e-12, 1, 100, 100.0),
    "rotation": (0, 0.0, 180, 180.0),
    "valid_fraction": (0.001, 0.9),
    "schedule": SCHEDULES,
    "weight_decay": (0, 0.0, 1, 1.0),
    "scale": (0, 0.0, 1, 1.0),
    "shear": (0, 0.0, 45, 45.0),
    "elastic": (0, 0.0, 5, 5.0),
    "fade": (0, 0.0, 1, 1.0),
    "hidden": ((), (1,), (100,) * 20, (50_000,)),
}


class TestRefused:
    @pytest.mark.parametrize(
        ("field", "value", "told"), [(f, v, told) for f, (values, told) in REFUSED.items() for v in values]
    )
    def test_names_the_option_and_what_is_allowed(self, field, value, told):
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
        # Nothing that the notebook does not have.
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

    def test_unknown_recipe_is_told_with_the_other_problems(self):
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


class TestJson:
    @pytest.mark.parametrize(
        "config",
        [
            RunConfig(),
            RunConfig(hidden=()),
            RunConfig(
                dataset="kmnist",
                epochs=7,
                batch_size=100,
                hidden=(300, 200, 100),
                optimizer="sgd",
                lr=0.1 + 0.2,
                rotation=12.5,
                shift=0,
                valid_fraction=1 / 3,
                seed=2**63 - 1,
                device="cpu",
                threads=3,
            ),
        ],
    )
    def test_round_trip_through_text(self, config):
        assert RunConfig.from_json(json.loads(json.dumps(config.to_json()))) == config

    def test_holds_every_field(self):
        assert list(RunConfig().to_json()) == [f.name for f in fields(RunConfig)]

    def test_unknown_names_are_left_out_and_missing_ones_are_the_defaults(self):
        assert RunConfig.from_json({"epochs": 3, "momentum": 0.9, "": None}) == RunConfig(epochs=3)

    @pytest.mark.parametrize("values", [{"epochs": "3"}, {"hidden": "250,100"}, {"hidden": [[1]]}, {"lr": None}])
    def test_values_of_another_type_are_refused(self, values):
        with pytest.raises(ConfigError) as caught:
            RunConfig.from_json(values)
        assert set(caught.value.problems) == set(values)


class TestText:
    @pytest.mark.parametrize(("field", "value"), [(f, v) for f, values in ALLOWED.items() for v in values])
    def test_is_read_as_it_was_written(self, field, value):
        setting = SETTINGS[field]
        assert setting.parse(setting.kind.text(value)) == value

    @pytest.mark.parametrize(
        ("value", "text"), [(5.0, "5"), (1e-3, "0.001"), (0.1 + 0.2, "0.30000000000000004"), (1e-12, "1e-12")]
    )
    def test_of_a_number_is_short_and_exact(self, value, text):
        assert SETTINGS["lr"].kind.text(value) == text

    @pytest.mark.parametrize(
        ("text", "sizes"),
        [
            ("250,100", (250, 100)),
            ("64", (64,)),
            (" 300 , 200,100 ", (300, 200, 100)),
            ("none", ()),
            (" None ", ()),
            ("0", (0,)),  # of the right kind, but out of range
        ],
    )
    def test_of_layers(self, text, sizes):
        assert SETTINGS["hidden"].parse(text) == sizes

    @pytest.mark.parametrize(
        ("field", "texts"),
        [
            ("hidden", ("", "250,", ",", "250 100", "2.5", "a", "250;100", "1e3", "9" * 5000)),
            ("epochs", ("", "ten", "1.5", "1e3", "none", "9" * 5000)),
            ("threads", ("", "0", "many")),
            ("lr", ("", "fast", "0,1", "x" * 5000)),
        ],
    )
    def test_of_another_kind_is_refused(self, field, texts):
        for text in texts:
            with pytest.raises(ConfigError) as caught:
                SETTINGS[field].parse(text)
            message = caught.value.problems[field]
            assert message.startswith(f"{SETTINGS[field].option} {SETTINGS[field].kind.rule}, not ")
            assert len(message) < 160

    def test_message(self):
        with pytest.raises(ConfigError, match=r"^--epochs must be a whole number from 1 to 100,000, not 'ten'$"):
            SETTINGS["epochs"].parse("ten")

    @pytest.mark.parametrize("field", REFUSED)
    def test_brief(self, field):
        (message,) = problems_of(**{field: None}).values()
        assert brief(message) == SETTINGS[field].kind.rule
        assert message == f"{SETTINGS[field].option} {brief(message)}, not None"


class TestTable:
    @pytest.mark.parametrize("name", SETTINGS)
    def test_every_setting_keeps_to_what_it_declares(self, name):
        kind = SETTINGS[name].kind
        match kind:
            case Whole(low=low, high=high):
                allowed, refused = (
                    (low, high),
                    (low - 1 if not kind.placeholder else -1, high + 1, float(low), *NOT_NUMBERS),
                )
            case Number(low=low, high=high, above=above):
                allowed = (math.nextafter(low, math.inf) if above else low, high)
                refused = (
                    low if above else math.nextafter(low, -math.inf),
                    math.nextafter(high, math.inf),
                    *NOT_NUMBERS,
                )
            case Choice(choices=choices):
                allowed, refused = choices, ("", choices[0].upper(), None, 3)
            case Sizes(high=high, layers=layers):
                allowed, refused = ((), (1,), (10,) * layers), ((0,), (high + 1,), (1,) * (layers + 1), [1], None, "1")
        for value in allowed:
            assert getattr(RunConfig(**{name: value}), name) == value
        for value in refused:
            assert set(problems_of(**{name: value})) == {name}

    def test_choices_are_what_is_implemented(self):
        assert SETTINGS["schedule"].kind.choices == tuple(SCHEDULES)
        assert SETTINGS["optimizer"].kind.choices == tuple(OPTIMIZERS)
        assert SETTINGS["dataset"].kind.choices == DATASET_NAMES
        assert SETTINGS["recipe"].kind.choices == tuple(RECIPES)

    def test_groups_stand_together(self):
        groups = [group for group, _ in itertools.groupby(SETTINGS.values(), key=lambda setting: setting.group)]
        assert len(groups) == len(set(groups))

    def test_what_may_change_on_resume(self):
        assert [name for name, setting in SETTINGS.items() if setting.on_resume] == ["epochs", "device", "threads"]
