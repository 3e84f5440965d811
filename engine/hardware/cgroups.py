"""The CPU quota of this process's control groups, by which containers and batch systems limit CPU time."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path, PurePosixPath

MEMBERSHIP = Path("/proc/self/cgroup")
ROOT = Path("/sys/fs/cgroup")


def cpu_quota(membership: Path | None = None, root: Path | None = None) -> float | None:
    """Return the number of CPUs whose time this process may use; None if it is not limited.

    A limit applies to all groups below it, so the smallest of the group and its ancestors counts.

    Args:
        membership: The file that lists the process's groups, one `ID:CONTROLLERS:PATH` per line; `MEMBERSHIP` if None.
        root: The folder under which the hierarchies are mounted; `ROOT` if None.
    """
    root = root or ROOT
    try:
        lines = (membership or MEMBERSHIP).read_text(encoding="utf-8", errors="surrogateescape").splitlines()
    except OSError:  # not Linux
        return None
    quotas = []
    for line in lines:
        _, _, rest = line.partition(":")
        controllers, _, path = rest.partition(":")
        if not controllers:
            mounts = [root, root / "unified"]
        elif "cpu" in controllers.split(","):
            mounts = [root / controllers, root / "cpu", root / "cpu,cpuacct"]
        else:
            continue
        for mount in dict.fromkeys(mounts):
            quotas += [quota for group in _with_ancestors(mount, path) if (quota := _quota(group)) is not None]
    return min(quotas, default=None)


def _with_ancestors(mount: Path, path: str) -> Iterator[Path]:
    """Yield the folders from the group up to the mount; a container may not show the upper or the lower ones."""
    parts = [part for part in PurePosixPath(path).parts if part not in ("/", "..")]
    for length in range(len(parts), -1, -1):
        yield mount.joinpath(*parts[:length])


def _quota(group: Path) -> float | None:
    """Return the quota of one group, in CPUs: `cpu.max` of version 2, else the two files of version 1."""
    words = _words(group / "cpu.max") or _words(group / "cpu.cfs_quota_us") + _words(group / "cpu.cfs_period_us")
    try:
        quota, period = map(int, words)
    except ValueError:  # no such files, or "max"
        return None
    return quota / period if quota > 0 and period > 0 else None


def _words(file: Path) -> list[str]:
    try:
        return file.read_text(encoding="ascii", errors="replace").split()
    except (OSError, ValueError):  # a ValueError for a path with a NUL
        return []
