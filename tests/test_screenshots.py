"""The pictures of the README can still be made: they take minutes, so that the tests make none."""

from __future__ import annotations

import time

from screenshots.make import CLOCKED


def test_the_clock_of_the_pictures_finds_those_of_the_modules() -> None:
    assert all(module.time is time for module in CLOCKED)
