"""The configuration as JSON and as text, and the table of settings."""

import itertools
import json
import math
from dataclasses import fields, replace

import pytest

from mnist_tui.engine.config import SETTINGS, RunConfig
from mnist_tui.engine.data.catalog import DATASET_NAMES
from mnist_tui.engine.errors import ConfigError
from mnist_tui.engine.recipes import RECIPES
from mnist_tui.engine.settings import Choice, Number, Sizes, Whole, brief
from mnist_tui.engine.training.optimizers import OPTIMIZERS
from mnist_tui.engine.training.schedule import SCHEDULES
from tests.engine.config_values import ALLOWED, NOT_NUMBERS, REFUSED, problems_of


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

    def test_a_setting_without_effect_is_not_recorded_as_if_it_had_one(self):
        config = RunConfig(optimizer="adamw", weight_decay=0.3)
        assert config.to_json()["weight_decay"] == 0.3
        for optimizer in ("adam", "sgd", "rmsprop"):
            values = replace(config, optimizer=optimizer).to_json()
            assert values["weight_decay"] is None
            assert RunConfig.from_json(values) == RunConfig(optimizer=optimizer)

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
    def test_every_setting_matches_its_declaration(self, name):
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

    def test_groups_are_contiguous(self):
        groups = [group for group, _ in itertools.groupby(SETTINGS.values(), key=lambda setting: setting.group)]
        assert len(groups) == len(set(groups))

    def test_what_may_change_on_resume(self):
        assert [name for name, setting in SETTINGS.items() if setting.on_resume] == ["epochs", "device", "threads"]
