"""Events as lines of JSON: the documented names, the round trip, and lines from other programs."""

import dataclasses
import json
import math

import pytest

from mnist_tui.engine import events
from mnist_tui.engine.events import (
    Epoch,
    Notice,
    Phase,
    Progress,
    RunFinished,
    RunStarted,
    Test,
    from_json,
    to_json,
)

STARTED = RunStarted(
    run="20260101-120000-a",
    config={"epochs": 10, "hidden": [250, 100], "lr": 0.001},
    dataset="mnist",
    device="a processor, 1 thread",
    parameters=222_360,
    train_examples=54_000,
    valid_examples=6_000,
    test_examples=10_000,
    mean=0.1306604762738429,
    std=0.30810780385646264,
    time=1_767_268_800.25,
    note="“digits” stands in for MNIST",
)
PROGRESS = Progress(
    epoch=3,
    batch=40,
    batches=844,
    loss=0.1 + 0.2,
    acc=1 / 3,
    examples_per_second=54_321.5,
    losses=[0.5, 0.25],
    accs=[0.875, 1.0],
    group=14,
    memory=1 << 30,
)
EPOCH = Epoch(3, 0.139, 0.9569, 0.117, 0.963, 1.2, best=True, complete=False)
EVERY = [
    STARTED,
    Phase("download", "train-images-idx3-ubyte.gz", done=1024, total=9_912_422, rate=1e6),
    Phase("train"),
    PROGRESS,
    EPOCH,
    Test(epoch=10, loss=0.052, acc=0.9837, correct=9837, total=10_000),
    RunFinished("20260101-120000-a", "failed", 12.5, "the loss was not finite", stored=False),
    Notice("the disk is full"),
]


def with_field(event, name, value):
    """The event's record with one field changed, as a line."""
    return json.dumps(json.loads(to_json(event)) | {name: value})


class TestRoundTrip:
    @pytest.mark.parametrize("event", EVERY, ids=lambda event: event.event)
    def test_equal_again(self, event):
        line = to_json(event)
        assert "\n" not in line
        assert from_json(line) == event
        assert json.loads(line)["event"] == event.event

    def test_every_kind_is_covered_here(self):
        kinds = {kind for kind in vars(events).values() if dataclasses.is_dataclass(kind)}
        assert {type(event) for event in EVERY} == kinds

    @pytest.mark.parametrize("status", ["completed", "stopped", "failed"])
    def test_statuses(self, status):
        assert from_json(to_json(RunFinished("a", status, 1.0))).status == status

    @pytest.mark.parametrize("text", ["a\nb", "\u2028", "“ñ” 😀", 'quote " and \\', "\x1b[31m", ""])
    def test_any_text(self, text):
        line = to_json(Phase("load", text))
        assert "\n" not in line
        assert from_json(line) == Phase("load", text)


class TestContract:
    """The names that scripts rely on."""

    @pytest.mark.parametrize(
        ("event", "names"),
        [
            (STARTED, "run config device parameters train_examples valid_examples test_examples mean std"),
            (Phase("train"), "name"),
            (PROGRESS, "epoch batch batches loss acc examples_per_second"),
            (EPOCH, "epoch train_loss train_acc valid_loss valid_acc seconds best"),
            (EVERY[5], "epoch loss acc correct total"),
            (EVERY[6], "run status seconds"),
        ],
        ids=lambda value: getattr(value, "event", ""),
    )
    def test_fields(self, event, names):
        record = json.loads(to_json(event))
        assert set(names.split()) <= set(record)
        for name in names.split():
            assert record[name] == getattr(event, name)

    def test_kinds(self):
        kinds = [json.loads(to_json(event))["event"] for event in EVERY]
        assert kinds == ["run_started", "phase", "phase", "progress", "epoch", "test", "run_finished", "notice"]


class TestNotFinite:
    @pytest.mark.parametrize("value", [math.nan, math.inf, -math.inf])
    def test_written_as_null_and_read_as_nan(self, value):
        epoch = dataclasses.replace(EPOCH, train_loss=value)
        line = to_json(epoch)
        assert json.loads(line, parse_constant=pytest.fail)["train_loss"] is None
        again = from_json(line)
        assert math.isnan(again.train_loss)
        assert dataclasses.replace(again, train_loss=0.139) == dataclasses.replace(epoch, train_loss=0.139)

    def test_in_lists_and_in_the_configuration(self):
        progress = dataclasses.replace(PROGRESS, losses=[0.5, math.nan], accs=[math.inf, 1.0])
        record = json.loads(to_json(progress), parse_constant=pytest.fail)
        assert record["losses"] == [0.5, None]
        assert record["accs"] == [None, 1.0]
        again = from_json(to_json(progress))
        assert again.losses[0] == 0.5
        assert math.isnan(again.losses[1])
        started = dataclasses.replace(STARTED, config={"nested": {"lr": [math.nan]}})
        assert json.loads(to_json(started), parse_constant=pytest.fail)["config"] == {"nested": {"lr": [None]}}


class TestForeignLines:
    def test_torn_at_every_place(self):
        for event in EVERY:
            line = to_json(event)
            for end in range(len(line)):
                assert from_json(line[:end]) is None, line[:end]

    @pytest.mark.parametrize(
        "line",
        [
            "",
            " ",
            "null",
            "true",
            "3",
            '"epoch"',
            "[]",
            "{}",
            '["event"]',
            '{"event": null}',
            '{"event": ["epoch"]}',
            '{"event": {}}',
            '{"event": "epochs"}',
            '{"event": "__init__"}',
            '{"event": "epoch"}',
            '{"event": "epoch", "epoch": 1}',
            "epoch 1 of 10",
            "\x00\x00\x00\x00",
            "\ufffd\ufffd",
            to_json(EPOCH) + to_json(EPOCH),
            to_json(EPOCH) + "x",
        ],
    )
    def test_no_event(self, line):
        assert from_json(line) is None

    @pytest.mark.parametrize("start", ["[", '{"a":', '{"event": "phase", "name": ['])
    def test_deep_nesting(self, start):
        assert from_json(start + "[" * 100_000) is None
        assert from_json(start * 100_000) is None

    def test_deep_nesting_inside_a_known_field(self):
        depth = 100_000
        line = '{"event": "run_started", "config": ' + '{"a":' * depth + "1" + "}" * depth + "}"
        assert from_json(line) is None

    @pytest.mark.parametrize(
        ("event", "name", "value"),
        [
            (EPOCH, "epoch", "3"),
            (EPOCH, "epoch", 3.0),
            (EPOCH, "epoch", True),
            (EPOCH, "epoch", None),
            (EPOCH, "train_loss", "0.1"),
            (EPOCH, "train_loss", True),
            (EPOCH, "train_loss", [0.1]),
            (EPOCH, "best", 1),
            (EPOCH, "best", "true"),
            (EPOCH, "best", None),
            (PROGRESS, "losses", 0.5),
            (PROGRESS, "losses", ["0.5"]),
            (PROGRESS, "losses", [[0.5]]),
            (PROGRESS, "losses", None),
            (PROGRESS, "losses", {"0": 0.5}),
            (STARTED, "run", 3),
            (STARTED, "run", None),
            (STARTED, "config", []),
            (STARTED, "config", None),
            (STARTED, "config", "{}"),
            (EVERY[6], "status", "finished"),
            (EVERY[6], "status", ""),
            (EVERY[6], "status", None),
            (EVERY[6], "status", ["failed"]),
        ],
    )
    def test_values_of_another_type(self, event, name, value):
        assert from_json(with_field(event, name, value)) is None

    def test_a_number_beyond_any_float(self):
        line = to_json(EPOCH).replace("0.139", "1" + "0" * 400)
        assert from_json(line) is None

    @pytest.mark.parametrize("number", [2**63, -(2**63) - 1, 10**30])
    def test_a_whole_number_beyond_64_bits(self, number):
        assert from_json(with_field(EPOCH, "epoch", number)) is None
        assert from_json(with_field(PROGRESS, "batch", number)) is None

    def test_a_whole_number_is_a_number_too(self):
        again = from_json(with_field(EPOCH, "train_loss", 2))
        assert again.train_loss == 2.0
        assert isinstance(again.train_loss, float)

    def test_fields_of_a_newer_version_are_left_out(self):
        assert from_json(with_field(EPOCH, "gradient_norm", [1, 2])) == EPOCH

    def test_fields_that_an_older_version_lacked(self):
        record = json.loads(to_json(EPOCH))
        del record["complete"]
        assert from_json(json.dumps(record)).complete is True
        del record["valid_loss"]
        assert from_json(json.dumps(record)) is None
