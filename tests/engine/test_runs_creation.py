"""Runs are ordered by the time of their creation."""

import json
import os

import pytest

from mnist_tui.engine.runs.folder import find_run, stored_runs


def make(runs, name, created=None):
    folder = runs / name
    folder.mkdir(parents=True)
    (folder / "events.jsonl").touch()
    if created is not None:
        (folder / "config.json").write_text(json.dumps({"format": 1, "created": created, "config": {}}))
    return folder


def names(runs):
    return [run.path.name for run in stored_runs(runs)]


def test_the_time_counts_and_not_the_local_time_in_the_name(tmp_path):
    """Two time zones, or the hour that is repeated at the end of summer time."""
    make(tmp_path, "20261025-023000-summer", 1_792_888_200.0)
    make(tmp_path, "20261025-021000-winter", 1_792_890_600.0)
    make(tmp_path, "renamed", 1_792_880_000.0)
    assert names(tmp_path) == ["20261025-021000-winter", "20261025-023000-summer", "renamed"]
    assert find_run(tmp_path, "latest").path.name == "20261025-021000-winter"


@pytest.mark.parametrize("created", [None, "soon", float("nan"), [], 10**400])
def test_the_name_counts_where_the_time_is_not_known(tmp_path, created):
    make(tmp_path, "20261024-120000-first", created)
    make(tmp_path, "20261025-120000-second", created)
    make(tmp_path, "imported-9", created)
    make(tmp_path, "imported-12", created)
    assert names(tmp_path) == ["20261025-120000-second", "20261024-120000-first", "imported-12", "imported-9"]


def test_a_changed_time_counts_at_once(tmp_path):
    make(tmp_path, "a", 100.0)
    make(tmp_path, "b", 200.0)
    assert names(tmp_path) == ["b", "a"]
    (tmp_path / "a" / "config.json").write_text('{"created": 300}')
    os.utime(tmp_path / "a" / "config.json", ns=(1, 1))
    assert names(tmp_path) == ["a", "b"]
