"""Where the files of a data set are: in their place, or near it, under names that other programs give them.

A file is taken from another place or under another name only where its content proves what it is: reading verifies
header, size and checksum of every file.
"""

from __future__ import annotations

import functools
import hashlib
import itertools
import os
import re
from collections.abc import Iterable, Iterator
from pathlib import Path

from mnist_tui.engine.data.catalog import CATALOG, DatasetInfo, SourceFile
from mnist_tui.engine.data.files import is_there, printable, visible_fault

_MAX_ENTRIES = 1_000
"""Maximum number of names that are looked at in a folder."""
_MAX_DEPTH = 3
_ENDINGS = re.compile(r"( ?\(\d+\)|\.gz|\.idx|\.bin|\.dat)+$")
"""Endings that programs add: to a second download, to a compressed file, to a file of unknown type."""
_OTHER_FORM = re.compile(r"mnist.*\.(npz|csv|pkl|pkl\.gz|parquet|mat|arff|pt|zip|tar|tar\.gz|tgz|7z|rar)$")


def raw_folder(info: DatasetInfo, folder: Path) -> Path:
    """Return the folder in which the data set's four files belong, under the data folder."""
    return folder / info.folder / "raw"


def locate(info: DatasetInfo, folder: Path, source: SourceFile) -> Path | None:
    """Return the path of a file of the data set under the data folder `folder`; None if it is missing.

    Its place is preferred, then near ones that belong to the data set. In the data folder itself, where the equally
    named file of another data set may be, only a file with the published checksum is taken.
    """
    raw = raw_folder(info, folder)
    if path := locate_in(raw, source):
        return path
    for place in _near_places(info, folder):
        if path := locate_in(place, source):
            return path
    for place in (folder, folder / "raw"):
        path = locate_in(place, source)
        if path is not None and not visible_fault(path, source) and _is_published(path, source):
            return path
    return None


def locate_in(place: Path, source: SourceFile) -> Path | None:
    """Return the path of `source` in one folder: the uncompressed file, else the `.gz`, else one of a similar name."""
    paths = [path for path in (place / source.name, place / f"{source.name}.gz") if is_there(path)]
    for path in paths:
        if not os.path.isdir(path):
            return path
    near = _near_files(place, source)
    return near[0] if near else paths[0] if paths else None


def missing_files(info: DatasetInfo, folder: Path) -> list[SourceFile]:
    """Return the files of the data set that can't be found under the data folder."""
    return [source for source in info.files if locate(info, folder, source) is None]


def file_names(info: DatasetInfo, sources: Iterable[SourceFile]) -> str:
    """Return the names of some files of the data set, for a message."""
    names = [source.name for source in sources]
    if len(names) == len(info.files):
        return "the four files"
    return " and ".join(filter(None, (", ".join(names[:-1]), names[-1])))


def misplaced(info: DatasetInfo, folder: Path) -> str:
    """Return what to do with files under the data folder that may be missing ones; empty if there are none."""
    raw = printable(raw_folder(info, folder))
    other = ""
    for path in itertools.islice(_walk(folder, info, _MAX_DEPTH), _MAX_ENTRIES):
        for source in missing_files(info, folder) if _may_be(path.name, info.files) else ():
            if _is_near_name(path.name, source):
                return f"move {printable(path)} and the files that belong to it into {raw}"
        if not other and _OTHER_FORM.search(path.name.lower()):
            other = (
                f"put {file_names(info, missing_files(info, folder))} into {raw}: "
                f"{printable(path)} is not in the IDX format that is read"
            )
    return other


def _near_places(info: DatasetInfo, folder: Path) -> Iterator[Path]:
    """Yield the folders near the right one whose names say that they belong to the data set."""
    tops = [folder / info.folder, *_similar_folders(folder, info.folder)]
    absolute = Path(os.path.abspath(folder))
    if _is_similar(absolute.name, info.folder):  # the data set's own folder was given as the data folder
        tops.append(folder)
    elif absolute.name == "raw" and _is_similar(absolute.parent.name, info.folder):
        yield folder
    for top in dict.fromkeys(tops):
        yield from (top / "raw", top, top / "raw" / "raw")
        for inner in _similar_folders(top, info.folder):
            yield from (inner / "raw", inner)


def _near_files(place: Path, source: SourceFile) -> list[Path]:
    """Return the files in a folder, and in folders with the file's name, whose names resemble that of `source`.

    Those that may be right come first.
    """
    found: list[Path] = []
    for name, is_folder in _names(place):
        if not _is_near_name(name, source):
            continue
        if not is_folder:
            found.append(place / name)
            continue
        inside = _names(place / name)
        found += [place / name / file for file, nested in inside if not nested and _is_near_name(file, source)]
    return sorted(found, key=lambda path: (visible_fault(path, source) is not None, path.name))


def _is_near_name(name: str, source: SourceFile) -> bool:
    """Return whether a name is that of `source` apart from punctuation, case, endings and omitted parts.

    `train-images.idx3-ubyte`, `train_images.gz` and `train-images-idx3-ubyte (1).gz` are; hidden files are not.
    """
    lower = name.lower()
    if lower.startswith(".") or not ("images" in lower or "labels" in lower):
        return False
    found = _letters(_ENDINGS.sub("", lower))
    for full in (source.name, source.name.replace("t10k", "test", 1)):
        required = full.rsplit("-", 2)[0]
        if _letters(full).startswith(found) and found.startswith(_letters(required)):
            return True
    return False


def _may_be(name: str, sources: Iterable[SourceFile]) -> bool:
    return any(_is_near_name(name, source) for source in sources)


def _is_similar(name: str, folder: str) -> bool:
    return _letters(name) == _letters(folder)


def _letters(name: str) -> str:
    """Return the letters and digits of a name in lower case."""
    return re.sub(r"[^a-z0-9]", "", name.lower())


def _walk(folder: Path, info: DatasetInfo, depth: int) -> Iterator[Path]:
    """Yield the files under a folder, without those in folders of other data sets."""
    others = [other.folder for other in CATALOG.values() if other.folder != info.folder]
    names = _names(folder)
    yield from (folder / name for name, is_folder in names if not is_folder)
    for name, is_folder in names if depth else ():
        if is_folder and not any(_is_similar(name, other) for other in others):
            yield from _walk(folder / name, info, depth - 1)


def _similar_folders(folder: Path, name: str) -> list[Path]:
    return [folder / found for found, is_folder in _names(folder) if is_folder and _is_similar(found, name)]


def _names(folder: Path) -> list[tuple[str, bool]]:
    """Return the names in a folder, sorted, each with whether it is a folder; none if it can't be read."""
    try:
        with os.scandir(folder) as entries:
            return sorted((entry.name, entry.is_dir()) for entry in itertools.islice(entries, _MAX_ENTRIES))
    except (OSError, ValueError):
        return []


def _is_published(path: Path, source: SourceFile) -> bool:
    """Return whether the content of a file has a published checksum."""
    try:
        status = path.stat()
        return _checksum(path, status.st_size, status.st_mtime_ns) in (source.gz_md5, source.raw_md5)
    except OSError:
        return False


@functools.lru_cache(maxsize=16)
def _checksum(path: Path, size: int, changed: int) -> str:
    """Return the checksum of a file; size and time of its last change are part of the cache's key."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, lambda: hashlib.md5(usedforsecurity=False)).hexdigest()
