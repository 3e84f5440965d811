"""The CPU quota of containers and batch systems, from files as the kernel writes them."""

import os

import pytest

from mnist_tui.engine.hardware import cgroups, devices
from mnist_tui.engine.hardware.cgroups import cpu_quota


@pytest.fixture
def quota(tmp_path):
    """Return the quota of a process with these groups and these files under `/sys/fs/cgroup`."""

    def read(groups, files):
        membership = tmp_path / "cgroup"
        membership.write_text(groups)
        for name, content in files.items():
            path = tmp_path / "fs" / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(content)
        return cpu_quota(membership, tmp_path / "fs")

    return read


V1 = "7:memory:/docker/ab\n4:cpu,cpuacct:/docker/ab\n1:name=systemd:/docker/ab\n"


class TestVersion2:
    def test_of_the_group(self, quota):
        assert quota("0::/job/step\n", {"job/step/cpu.max": "150000 100000\n"}) == 1.5

    def test_without_a_limit(self, quota):
        assert quota("0::/job\n", {"job/cpu.max": "max 100000\n"}) is None

    def test_the_smallest_of_the_ancestors_counts(self, quota):
        files = {"a/cpu.max": "200000 100000\n", "a/b/cpu.max": "max 100000\n", "a/b/c/cpu.max": "800000 100000\n"}
        assert quota("0::/a/b/c\n", files) == 2

    def test_a_container_sees_its_own_group_as_the_root(self, quota):
        assert quota("0::/\n", {"cpu.max": "50000 100000\n"}) == 0.5

    def test_a_container_that_sees_the_path_of_the_host(self, quota):
        assert quota("0::/system.slice/docker-ab.scope\n", {"cpu.max": "300000 100000\n"}) == 3

    def test_a_group_outside_the_namespace(self, quota):
        assert quota("0::/../other\n", {"cpu.max": "300000 100000\n"}) == 3


class TestVersion1:
    @pytest.mark.parametrize("mount", ["cpu,cpuacct", "cpu"])
    @pytest.mark.parametrize("group", ["docker/ab/", ""])
    def test_of_the_group(self, quota, mount, group):
        files = {
            f"{mount}/{group}cpu.cfs_quota_us": "250000\n",
            f"{mount}/{group}cpu.cfs_period_us": "100000\n",
            "memory/docker/ab/cpu.cfs_quota_us": "1000\n",  # of another hierarchy
            "memory/docker/ab/cpu.cfs_period_us": "100000\n",
        }
        assert quota(V1, files) == 2.5

    def test_without_a_limit(self, quota):
        files = {"cpu/docker/ab/cpu.cfs_quota_us": "-1\n", "cpu/docker/ab/cpu.cfs_period_us": "100000\n"}
        assert quota(V1, files) is None

    def test_the_smallest_of_the_ancestors_counts(self, quota):
        files = {
            "cpu/docker/ab/cpu.cfs_quota_us": "400000\n",
            "cpu/docker/ab/cpu.cfs_period_us": "100000\n",
            "cpu/docker/cpu.cfs_quota_us": "100000\n",
            "cpu/docker/cpu.cfs_period_us": "50000\n",
        }
        assert quota(V1, files) == 2


@pytest.mark.parametrize("content", ["", "junk", "max", "1 2 3", "100000 0", "0 100000", "-5 100000", "1e5 100000"])
def test_a_file_that_can_not_be_understood_limits_nothing(quota, content):
    assert quota("0::/\n", {"cpu.max": content}) is None


@pytest.mark.parametrize("groups", ["", "junk\n", "0::\n", "::\n", "0::/a\0b\n"])
def test_groups_that_can_not_be_understood(quota, groups):
    assert quota(groups, {}) is None


def test_without_the_file(tmp_path):
    assert cpu_quota(tmp_path / "none", tmp_path) is None


@pytest.mark.skipif(not hasattr(os, "sched_getaffinity"), reason="no affinity here")
@pytest.mark.parametrize(
    ("content", "cores"), [("50000 100000", 1), ("150000 100000", 2), ("800000 100000", 4), ("max 100000", 4)]
)
def test_cores_are_those_of_the_affinity_and_of_the_quota(monkeypatch, tmp_path, content, cores):
    (tmp_path / "cgroup").write_text("0::/\n")
    (tmp_path / "cpu.max").write_text(content)
    monkeypatch.setattr(cgroups, "MEMBERSHIP", tmp_path / "cgroup")
    monkeypatch.setattr(cgroups, "ROOT", tmp_path)
    monkeypatch.setattr(os, "sched_getaffinity", lambda _: {0, 1, 4, 5})
    assert devices.available_cores() == cores
