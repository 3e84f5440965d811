"""All faults together."""

from tests.tui import (
    test_faults_commands,
    test_faults_damaged_files,
    test_faults_disk,
    test_faults_hostile_files,
    test_faults_training,
)

MODULES = (
    test_faults_commands,
    test_faults_damaged_files,
    test_faults_disk,
    test_faults_hostile_files,
    test_faults_training,
)


def test_there_are_forty() -> None:
    assert len({case.name for module in MODULES for case in module.FAULTS}) >= 40
