"""A short form of `make torture`: a few kills, each resumed, and a result equal to the uninterrupted run's."""

import os
import subprocess
import sys

import pytest

from tests.helpers import HANG, ROOT


@pytest.mark.skipif(not hasattr(os, "fork"), reason="needs fork")
def test_kills_at_random_moments_and_at_steps_of_writing():
    # In a process of its own: forking one that has computed with torch's threads is not safe.
    arguments = ["-m", "tests.torture", "--kills", "6", "--writes", "9", "--epochs", "6", "--seed", "3"]
    outcome = subprocess.run(
        [sys.executable, *arguments], cwd=ROOT, capture_output=True, text=True, timeout=HANG, check=False
    )
    assert outcome.returncode == 0, outcome.stdout + outcome.stderr
    assert "everything was readable and equal" in outcome.stdout
    assert "| 6 kills at random moments | |" in outcome.stdout
